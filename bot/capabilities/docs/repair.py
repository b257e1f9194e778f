"""What to write instead of a broken link, where exactly one answer is clear."""

import re
from collections.abc import Mapping
from posixpath import relpath
from typing import Final

from bot.capabilities.docs.findings import Document, Finding, MissingAnchor, MissingFile, Remark, Typo
from bot.capabilities.docs.links import anchor_key
from bot.capabilities.docs.tree import SOURCES, Tree, alike
from bot.domain.documents import DocLink, LinkKind

_PLAIN_ANCHOR: Final = re.compile(r"[\w.-]+")
_CLOSE_ANCHOR: Final = 0.85
_MANY: Final = 1_000


def remark(finding: Finding, document: Document, tree: Tree, renamed: Mapping[str, str]) -> Remark:
    """The finding with its fix, if there is one. `renamed` has the new paths of moved files."""
    match finding:
        case Typo():
            only = finding.corrections[0] if len(finding.corrections) == 1 else None
            return Remark(finding, finding.word, only, finding.column)
        case MissingFile():
            found = tree.moved(finding.target.path, renamed)
            new = _relinked(finding.link, document.path, found) if found else None
            return Remark(finding, finding.link.target, new, finding.link.column)
        case MissingAnchor():
            name = _nearest(finding.target.anchor, finding.names)
            new = finding.link.target.partition("#")[0] + "#" + name if name else None
            return Remark(finding, finding.link.target, new, finding.link.column)


def _relinked(link: DocLink, path: str, found: str) -> str:
    rest = re.split(r"[?#]", link.target, maxsplit=1)[0]
    tail = link.target[len(rest) :]
    if link.kind is LinkKind.DOCUMENT:
        found = next((found.removesuffix(ending) for ending in SOURCES if found.endswith(ending)), found)
    if rest.startswith("/"):
        return f"/{found}{tail}"
    folder = path.rpartition("/")[0]
    new = relpath(found, folder or ".")
    return ("./" if rest.startswith("./") and not new.startswith(".") else "") + new + tail


def _nearest(anchor: str, names: frozenset[str]) -> str | None:
    usable = sorted(name for name in names if _PLAIN_ANCHOR.fullmatch(name))[:_MANY]
    key = anchor_key(anchor, loose=True)
    same = [name for name in usable if key and anchor_key(name, loose=True) == key]
    close = same or [name for name in usable if alike(anchor.casefold(), name.casefold(), _CLOSE_ANCHOR)]
    return close[0] if len(close) == 1 else None
