"""Which relative links of changed lines point to nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from bot.capabilities.docs.findings import Document, MissingAnchor, MissingFile
from bot.capabilities.docs.tree import Tree
from bot.domain.documents import DocLink, LinkKind, Target, anchors, is_documentation, links, resolve

# Anchors that are not headings: lines of a file, text fragments, footnotes, what GitHub's own page has.
_OTHER: Final = re.compile(r"l\d+(?:c\d+)?(?:-l\d+(?:c\d+)?)?|:~:.*|(?:user-content-)?fn.*|top|readme|", re.IGNORECASE)
# What puts text into a document only when a site is built.
_INCLUDES: Final = re.compile(
    r"^[ \t]*(?:--8<--|::: ?[\w.]|:{3,}\{|`{3,}\{(?:include|eval-rst|auto)|\{%|\{\{|\{\{[<%]"
    r"|\.\. (?:include|auto\w+|[a-z]+:[\w-]+|click|argparse|program-output)::)",
    re.MULTILINE,
)
_PREFIX: Final = "user-content-"
# Some sites count headings of the same name with `_1`, GitHub with `-1`.
_REPEATED: Final = re.compile(r"_(\d+)$")


@dataclass(frozen=True, slots=True)
class Checker:
    """The tree at the head and the texts of known documents; `read` and `keys` are their anchors so far."""

    tree: Tree
    texts: Mapping[str, str]
    read: dict[str, frozenset[str]] = field(default_factory=dict)
    keys: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict)

    def broken(self, document: Document) -> Iterator[MissingFile | MissingAnchor]:
        """The broken links on the changed lines of a document, in order."""
        for link in links(document.text, document.path):
            target = resolve(document.path, link.target) if link.line in document.changed else None
            if target is None:
                continue
            if not self._may_exist(document.path, link, target):
                yield MissingFile(link.line, link, target)
            elif target.anchor and target.path in self.texts:
                names = self._names(target.path)
                if names and not self._is_named(target, names, document.path):
                    yield MissingAnchor(link.line, link, target, names)

    def _may_exist(self, path: str, link: DocLink, target: Target) -> bool:
        if target.path in self.texts or self.tree.has(target.path) or self.tree.has_source(target.path):
            return True
        if link.target.startswith("/") and (not _has_file_name(target.path) or self.tree.ends_with(target.path)):
            return True
        if link.kind is LinkKind.DOCUMENT:
            return self._built(target.path)
        return self._is_site_page(path) and (
            link.target.startswith("/") or self._built(target.path) or not _has_file_name(target.path)
        )

    def _built(self, path: str) -> bool:
        # A folder that the repository does not have is often made when the site is built.
        folder = path.rpartition("/")[0]
        return bool(folder) and folder not in self.tree.paths and self.tree.moved(path, {}) is None

    def _is_site_page(self, path: str) -> bool:
        # README.md, CONTRIBUTING.md and the like at the root are read on GitHub, whatever makes the site.
        return self.tree.generated and not ("/" not in path and PurePosixPath(path).stem.isupper())

    def _names(self, path: str) -> frozenset[str]:
        if path not in self.read:
            text = self.texts[path]
            partial = not is_documentation(path) or _INCLUDES.search(text)
            self.read[path] = frozenset() if partial else anchors(text, path)
        return self.read[path]

    def _is_named(self, target: Target, names: frozenset[str], path: str) -> bool:
        if _OTHER.fullmatch(target.anchor):
            return True
        loose = self._is_site_page(path)
        if (target.path, loose) not in self.keys:
            self.keys[target.path, loose] = frozenset(anchor_key(name, loose=loose) for name in names)
        return anchor_key(target.anchor, loose=loose) in self.keys[target.path, loose]


def anchor_key(anchor: str, *, loose: bool = False) -> str:
    """What two spellings of an anchor have in common; `loose` as sites have their own names for headings."""
    name = _REPEATED.sub(r"-\1", anchor.removeprefix(_PREFIX).replace("\ufe0f", "").casefold())
    if not loose:
        return name.strip("-")
    return re.sub(r"[^a-z0-9]", "", name) or re.sub(r"[\W_]", "", name)


def _has_file_name(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() not in ("", ".html", ".htm", ".xml", ".json")
