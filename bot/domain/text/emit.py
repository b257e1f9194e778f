"""Writes runs as Markdown and reads the result back, so that what is written is what was meant."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from bot.domain.text.inline import Mark, Run, merge, plain, text_of
from bot.domain.text.quoting import code_span

_LINK: Final = "link"
_FENCES: Final = {Mark.STRONG: "**", Mark.EM: "*", Mark.STRIKE: "~~"}
_STYLES: Final[tuple[Mark | str, ...]] = (_LINK, *_FENCES)
_ACTIVE: Final = re.compile(
    r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?]|\s*\Z)|&(?=[#A-Za-z]|\s*\Z)|[!#](?=\s*\Z)", re.ASCII
)
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")
_LINE_START: Final = re.compile(
    r"""(?:^|(?<=[\n\r]))(?:
        (?P<mark> \#{1,6}(?=[\ \#\n\r]|$) | [-+](?=[\ \-\n\r]|$) | = | > | :(?=[-:|\ ]*(?:[\n\r]|$)) )
      | (?P<number> \d{1,9} )(?=[.)](?:[\ \n\r]|$))
    )""",
    re.VERBOSE | re.ASCII,
)
_BREAK: Final = re.compile(r" ?[\n\r][ \n\r]*")
_SPACES: Final = re.compile(" {2,}")


class Escape(Enum):
    """How much of plain text is escaped: what has a meaning where it stands, or all punctuation."""

    ACTIVE = auto()
    ALL = auto()


Reader = Callable[[str], Sequence[Run] | None]
"""Parses one inline text back into runs; None where it is not just one inline text."""


def emit(runs: Sequence[Run], read: Reader, *, table: bool = False, breaks: bool = True) -> str:
    """Markdown that reads back as these runs; emphasis is given up where it cannot be written.

    `table`: for a table cell. Without `breaks` line breaks are spaces.
    """
    bare = plain(runs)
    whole = (Run(" ".join(text_of(runs).split()), code=True),)
    for wanted, escape in (
        (runs, Escape.ACTIVE),
        (bare, Escape.ACTIVE),
        (bare, Escape.ALL),
        (whole, Escape.ALL),
    ):
        written = _write(wanted, escape, breaks=breaks)
        back = read(written) if written else ()
        if back is not None and _essence(back) == _essence(wanted):
            return _write(wanted, escape, breaks=breaks, table=True) if table else written
    return ""


def _write(runs: Sequence[Run], escape: Escape, *, breaks: bool, table: bool = False) -> str:
    nested = _SPACES.sub(" ", _nest(runs, frozenset(), escape, table))
    if not breaks:
        nested = " ".join(nested.split())
    joined = _BREAK.sub(lambda found: "\r" if "\r" in found.group() else "\n", nested.strip())
    return _LINE_START.sub(_escape_start, joined).replace("\r", "\\\n")


def _escape_start(found: re.Match[str]) -> str:
    return f"\\{found['mark']}" if found["mark"] else f"{found['number']}\\"


def _nest(runs: Sequence[Run], opened: frozenset[Mark | str], escape: Escape, table: bool) -> str:
    written = []
    start = 0
    while start < len(runs):
        style, end = _widest(runs, start, opened)
        if style is None:
            written.append(_leaf(runs[start], escape, table))
        else:
            inner = _nest(runs[start:end], opened | {style}, escape, table)
            written.append(_wrap(style, inner, runs[start].href))
        start = end
    return "".join(written)


def _widest(runs: Sequence[Run], start: int, opened: frozenset[Mark | str]) -> tuple[Mark | str | None, int]:
    """The style that begins here and reaches furthest, and where it ends."""
    best: Mark | str | None = None
    furthest = start + 1
    for style in _STYLES:
        if style in opened or not _has(runs[start], style, runs[start].href):
            continue
        end = start + 1
        while end < len(runs) and _has(runs[end], style, runs[start].href):
            end += 1
        if best is None or end > furthest:
            best, furthest = style, end
    return best, furthest


def _has(run: Run, style: Mark | str, href: str | None) -> bool:
    return style in run.marks if isinstance(style, Mark) else run.href is not None and run.href == href


def _wrap(style: Mark | str, inner: str, href: str | None) -> str:
    core = inner.strip()
    if not core:
        return inner
    lead = inner[: len(inner) - len(inner.lstrip())]
    trail = inner[len(inner.rstrip()) :]
    fence = _FENCES[style] if isinstance(style, Mark) else ""
    return f"{lead}{fence}{core}{fence}{trail}" if fence else f"{lead}[{core}]({href}){trail}"


def _leaf(run: Run, escape: Escape, table: bool) -> str:
    if run.code:
        span = code_span(run.text)
        return span.replace("|", "\\|") if table else span
    pattern = _ACTIVE if escape is Escape.ACTIVE else _PUNCTUATION
    return pattern.sub(lambda found: f"\\{found.group()}", run.text)


def _essence(runs: Sequence[Run]) -> tuple[str, tuple[Run, ...]]:
    """What must survive writing: the words, and how each visible character looks."""
    looks = (replace(run, text="".join(run.text.split())) for run in runs)
    return " ".join(text_of(runs).split()), merge(looks)
