"""The block level of reStructuredText: what a reader sees, and the targets, labels and titles on the way."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bot.domain.documents.values import LinkKind

Title = str

# fmt: off
PROSE_DIRECTIVES: Final = frozenset({
    "admonition", "attention", "caution", "compound", "container", "danger", "deprecated",
    "deprecated-removed", "epigraph", "error", "figure", "highlights", "hint", "important", "note", "only",
    "pull-quote", "rubric", "seealso", "sidebar", "tip", "topic", "versionadded", "versionchanged",
    "versionremoved", "warning",
})
# fmt: on
LINK_DIRECTIVES: Final = {
    "image": LinkKind.IMAGE,
    "figure": LinkKind.IMAGE,
    "include": LinkKind.INCLUDE,
    "literalinclude": LinkKind.INCLUDE,
}

_DIRECTIVE: Final = re.compile(r"[ \t]*\.\. (?:\|[^|]{1,100}\| )?([A-Za-z][\w:.+-]{0,60})::(?:[ \t]+(.*))?$")
_TARGET: Final = re.compile(
    r"[ \t]*(?:\.\. _(?P<name>`[^`]{1,200}`|(?:\\:|[^:`]){1,200})?:|__)(?:[ \t]+(?P<to>\S.*)|[ \t]*)$"
)
_ADORNMENT: Final = re.compile(r"([!-/:-@\[-`{-~])\1*$")
_OPTION: Final = re.compile(r"[ \t]+:[A-Za-z][\w-]{0,40}:")


@dataclass(frozen=True, slots=True)
class Target:
    """A named target or a file that a directive shows. `line` and `column` are 0-based."""

    line: int
    column: int
    target: str
    name: str
    kind: LinkKind


@dataclass(slots=True)
class Shown:
    """`lines` has every line of the document, blank where nothing is for readers."""

    lines: list[str]
    targets: list[Target] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    titles: list[Title] = field(default_factory=list)


@dataclass(slots=True)
class _Cover:
    """Lines deeper than `indent` are hidden, directly below a directive the options, and doctests."""

    indent: int = -1
    options: int = -1
    doctest: bool = False


def shown(source: Iterable[str]) -> Shown:
    """The document without literal blocks, comments, code directives and markup of blocks."""
    page = Shown([])
    cover = _Cover()
    for number, line in enumerate(source):
        page.lines.append(_see(page, cover, number, line))
    _find_titles(page)
    return page


def _see(page: Shown, cover: _Cover, number: int, line: str) -> str:
    if not line.strip():
        cover.options = -1
        cover.doctest = False
        return ""
    indent = len(line) - len(line.lstrip())
    if cover.indent >= 0:
        if indent > cover.indent:
            return ""
        cover.indent = -1
    if cover.options >= 0 and indent > cover.options and _OPTION.match(line):
        return ""
    if line.lstrip().startswith((".. ", "__ ")) or line.strip() == "..":
        return _explicit(page, cover, number, line, indent)
    if cover.doctest or line.lstrip().startswith(">>> "):
        cover.doctest = True
        return ""
    if line.rstrip().endswith("::"):
        cover.indent = indent
    return line


def _explicit(page: Shown, cover: _Cover, number: int, line: str, indent: int) -> str:
    directive = _DIRECTIVE.match(line)
    if directive is not None:
        return _directive(page, cover, number, line, directive)
    target = _TARGET.match(line)
    cover.indent = indent
    if target is None:
        return ""
    name = (target["name"] or "").strip("`").replace("\\:", ":")
    if target["to"]:
        to = target["to"].strip()
        page.targets.append(Target(number, target.start("to"), to, name, LinkKind.LINK))
    elif name:
        page.labels.append(name)
    return ""


def _directive(page: Shown, cover: _Cover, number: int, line: str, found: re.Match[str]) -> str:
    name, argument = found[1].lower(), (found[2] or "").strip()
    indent = len(line) - len(line.lstrip())
    if name in LINK_DIRECTIVES and argument and not argument.startswith("<"):
        page.targets.append(Target(number, found.start(2), argument, "", LINK_DIRECTIVES[name]))
    if name not in PROSE_DIRECTIVES:
        cover.indent = indent
        return ""
    cover.options = indent
    if name in LINK_DIRECTIVES or not argument:
        return ""
    return " " * found.start(2) + line[found.start(2) :]


def _find_titles(page: Shown) -> None:
    for number in range(1, len(page.lines)):
        title, under = page.lines[number - 1], page.lines[number].rstrip()
        if not title.strip() or not _ADORNMENT.match(under) or _ADORNMENT.match(title.strip()):
            continue
        above = page.lines[number - 2].strip() if number > 1 else ""
        overlined = bool(above) and above == under.strip()
        alone = not above or overlined or not page.lines[number - 2]
        long_enough = len(under) >= min(len(title.rstrip()), 4)
        if alone and long_enough and (overlined or not title.startswith((" ", "\t"))):
            page.titles.append(title.strip())
