"""Values and limits that the readers of all formats share."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_TEXT: Final = 256_000
"""Longer documents (in characters) are not looked at."""

MAX_LINE: Final = 4_000
"""Longer lines are data, not prose."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]")


class LinkKind(StrEnum):
    """How a link is written; `document` names a page without its extension (reStructuredText's :doc:)."""

    LINK = "link"
    IMAGE = "image"
    INCLUDE = "include"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class DocLink:
    """A link, at its target's place; `column` is None where the target does not stand there literally."""

    line: int
    column: int | None
    target: str
    text: str
    kind: LinkKind = LinkKind.LINK


@dataclass(slots=True)
class Canvas:
    """Lines of blanks on which pieces of the source are copied at their own columns."""

    source: list[str]
    cells: dict[int, list[str]]

    def copy(self, line: int, start: int, end: int) -> None:
        """Show `source[line][start:end]` (0-based line)."""
        if len(self.source[line]) <= MAX_LINE:
            row = self.cells.setdefault(line, [" "] * len(self.source[line]))
            row[start:end] = self.source[line][start:end]

    def lines(self) -> dict[int, str]:
        """What is shown, by 1-based line; lines without a letter are left out."""
        shown = {line + 1: blank_noise("".join(row)) for line, row in sorted(self.cells.items())}
        return {line: text for line, text in shown.items() if any(map(str.isalpha, text))}


def source_lines(text: str) -> list[str]:
    """The lines as git counts them, without line ends; control characters become spaces, so columns stay."""
    return [_CONTROL.sub(" ", line.removesuffix("\r")) for line in text.split("\n")]


_NOISE: Final = re.compile(
    r"""
      \b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>]+       # addresses
    | \bwww\.[^\s<>]+
    | (?<!\S)[^\s@]{1,64}@[^\s@]{1,255}               # mail addresses, revisions, mentions
    | (?<!\S)[@$%\#~&][^\s]*                          # mentions, variables, numbers
    | (?<!\S)--?[A-Za-z][^\s]*                        # options
    | \{\{[^{}\n]*\}\} | \{%[^{}\n]*%\} | \{[^{}\n]*\} # templates, attributes
    | \$[^$\n]+\$                                     # formulas
    | (?<![^\s(\["'])[^\s()\[\]"']*[/\\][^\s()\[\]"']*[/\\.][^\s()\[\]"']*  # paths
    | (?<![\w.-])[\w-]+(?:\.[\w-]+)*\.[A-Za-z][A-Za-z0-9]{0,4}\b # file and module names
    """,
    re.VERBOSE,
)


def blank_noise(line: str) -> str:
    """The line without addresses, paths, options, variables and templates: words that no dictionary knows."""
    return _NOISE.sub(lambda found: " " * len(found[0]), line)
