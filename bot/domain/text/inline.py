"""Inline Markdown as a flat row of runs: text with its marks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import groupby
from typing import Final

from markdown_it.token import Token

from bot.domain.text.characters import clean, is_mark, one_line
from bot.domain.text.links import target
from bot.domain.text.model import RenderPolicy

SOFT: Final = "\n"
HARD: Final = "\r"
"""A hard line break inside a run; free for this, because input never keeps a carriage return."""


class Mark(Enum):
    """What a run can be, besides being linked or code."""

    STRONG = auto()
    EM = auto()
    STRIKE = auto()


_MARKS: Final = {"strong": Mark.STRONG, "em": Mark.EM, "s": Mark.STRIKE}


@dataclass(frozen=True, slots=True)
class Run:
    """Text that looks alike throughout. `href` is an allowed address; `code` is one line without breaks."""

    text: str
    marks: frozenset[Mark] = frozenset()
    href: str | None = None
    code: bool = False


def flatten(tokens: Sequence[Token], policy: RenderPolicy) -> tuple[Run, ...]:
    """The runs of parsed inline tokens. Images become their description, refused links their text."""
    runs: list[Run] = []
    marks: list[Mark] = []
    href: str | None = None
    for token in tokens:
        kind = token.type.rpartition("_")[0]
        if token.type == "link_open":
            href = target(str(token.attrGet("href") or ""), policy)  # guard: link-targets (11): without target
        elif token.type == "link_close":
            href = None
        elif kind in _MARKS and token.nesting == 1:
            marks.append(_MARKS[kind])
        elif kind in _MARKS and token.nesting == -1:
            marks.remove(_MARKS[kind])
        else:
            runs.append(Run(_text(token), frozenset(marks), href, token.type == "code_inline"))
    return merge(runs)


def merge(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Neighbours that look alike as one run; empty runs and marks without a base are gone."""
    merged = []
    for _, alike in groupby((run for run in runs if run.text), lambda run: (run.marks, run.href, run.code)):
        group = list(alike)
        text = text_of(group)
        while text and is_mark(text[0]):
            text = text[1:]
        if text:
            merged.append(replace(group[0], text=text))
    return tuple(merged)


def plain(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same runs without emphasis; links and code stay."""
    return merge(replace(run, marks=frozenset()) for run in runs)


def trimmed(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs without white space at both ends, so that an end is where it will be read."""
    kept = list(runs)
    while kept and not kept[0].text.strip():
        del kept[0]
    while kept and not kept[-1].text.strip():
        del kept[-1]
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip())
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return tuple(kept)


def text_of(runs: Iterable[Run]) -> str:
    """The visible text."""
    return "".join(run.text for run in runs)


def _text(token: Token) -> str:
    match token.type:
        case "softbreak":
            return SOFT
        case "hardbreak":
            return HARD
        case "code_inline":
            return one_line(token.content)
        case "image":
            return one_line("".join(_text(child) for child in token.children or ()))
        case _:
            return _spaced(clean(token.content))  # guard: decoded-characters (12): without clean


def _spaced(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() else ''}"
