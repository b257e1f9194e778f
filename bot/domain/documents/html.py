"""The few things that matter of HTML inside Markdown. It is never parsed as a page: tags only."""

import re
from collections.abc import Iterator
from typing import Final

from bot.domain.documents.values import LinkKind

CODE_TAGS: Final = frozenset({"code", "kbd", "pre", "samp", "script", "style", "tt", "var"})

_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG: Final = re.compile(r"<[A-Za-z][^<>]{0,4000}>")
_ATTRIBUTE: Final = re.compile(
    r"""[\s"'](href|src|id|name)\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE
)
_NAME: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")


def tag(source: str) -> tuple[bool, str]:
    """Whether `source` is an opening tag, and its name in lower case; (False, "") for everything else."""
    found = _NAME.match(source)
    return (False, "") if found is None else (not found[1], found[2].lower())


def ids(source: str) -> Iterator[str]:
    """The values of `id` and `name` of every tag."""
    for name, value, _ in _attributes(source):
        if name in ("id", "name"):
            yield value


def targets(source: str) -> Iterator[tuple[int, str, LinkKind]]:
    """The position, the text as written and the kind of every `href` and `src`."""
    for name, value, start in _attributes(source):
        if name in ("href", "src"):
            yield start, value, LinkKind.LINK if name == "href" else LinkKind.IMAGE


def _attributes(source: str) -> Iterator[tuple[str, str, int]]:
    visible = _COMMENT.sub(lambda found: " " * len(found[0]), source)
    for found in _TAG.finditer(visible):
        for one in _ATTRIBUTE.finditer(found[0]):
            group = next(number for number in (2, 3, 4) if one[number] is not None)
            yield one[1].lower(), one[group], found.start() + one.start(group)
