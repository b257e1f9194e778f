"""What can be wrong on a line of documentation."""

from dataclasses import dataclass

from bot.domain.documents import DocLink, Target


@dataclass(frozen=True, slots=True)
class Document:
    """A changed document at the head. `lines` are without line ends; `changed` are 1-based."""

    path: str
    text: str
    lines: tuple[str, ...]
    changed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Typo:
    """A word at a 0-based column that is probably misspelled."""

    line: int
    column: int
    word: str
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A link to a path that the head does not have."""

    line: int
    link: DocLink
    target: Target


@dataclass(frozen=True, slots=True)
class MissingAnchor:
    """A link to a place that its document does not have. `names` are the document's anchors."""

    line: int
    link: DocLink
    target: Target
    names: frozenset[str]


Finding = Typo | MissingFile | MissingAnchor


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding and what to write instead of `old` at `column`; without `new` only a person knows."""

    finding: Finding
    old: str
    new: str | None = None
    column: int | None = None
