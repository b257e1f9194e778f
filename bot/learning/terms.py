"""What two reports can have in common: words of title and text, code, faults, and pieces of the title's words."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from bot.domain.report import MAX_CHARS
from bot.learning.anatomy import dissect
from bot.learning.words import addresses, pieces

Terms = Mapping[str, Mapping[str, int]]
"""Field → term → how often."""

VERSION: Final = "terms 1"
FIELDS: Final = ("title", "text", "code", "faults", "pieces")

_TOKEN: Final = re.compile(r"[^\W_][\w.+'’/\\:-]*[^\W_]|[^\W_]")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_BREAK: Final = re.compile(r"[\W_]+")
_IDEOGRAPHS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_FRAME: Final = re.compile(
    r"^\s*(?:at\s+([\w$.<>/]{3,200})|File \"([^\"\n]{1,200})\", line \d+, in (\S{1,100})"
    r"|#\d+\s+(?:0x[0-9a-f]+\s+in\s+)?([\w:~<>.$]{3,200}))",
    re.MULTILINE,
)
_FAULT: Final = re.compile(
    r"^.{0,200}?\b(\w*(?:error|exception|failure|warning|panic|assertion|abort|signal|segfault)\w*\b.{0,200})$", re.I
)
_PLURAL: Final = re.compile(r"(?<=[a-z]{3})(?:(?<=[^aeiou]i)es|(?<=[sxzh])es|(?<![su])s)$")
_MOST_LINES: Final = 400
_MOST_TERMS: Final = 1_500
_LONGEST: Final = 60


def terms(title: str, body: str) -> Terms:
    """The terms of a report, for any text; nothing is read beyond GitHub's limits."""
    title = title[:1_000]
    parts = dissect(body[:MAX_CHARS])
    prose = "\n".join(parts.prose)
    lines = (*parts.prose[:_MOST_LINES], *parts.code[:_MOST_LINES])
    found = {
        "title": Counter(tokens(title)),
        "text": _first(tokens(prose)),
        "code": _first(tokens("\n".join(parts.code[:_MOST_LINES]))),
        "faults": _first(faults(lines)),
        "pieces": Counter(pieces(title, 3, 5)),
    }
    found["text"].update(f"host:{host}" for host, _ in addresses(prose)[:20])
    return found


def _first(found: Iterator[str]) -> Counter[str]:
    return Counter(term for term, _ in zip(found, range(_MOST_TERMS), strict=False))


def tokens(text: str) -> Iterator[str]:
    """Words in lower case without plural; identifiers and paths whole and in parts; two ideographs at a time."""
    for found in _TOKEN.finditer(text):
        whole = found[0]
        if _IDEOGRAPHS.search(whole):
            yield from (whole[at : at + 2] for at in range(len(whole) - 1))
            continue
        parts = [one for chunk in _BREAK.split(whole) for one in _PART.findall(chunk)]
        if len(parts) > 1 and len(whole) <= _LONGEST:
            yield whole.lower()
        yield from (_PLURAL.sub("", one.lower()) for one in parts)


def faults(lines: tuple[str, ...]) -> Iterator[str]:
    """The words of error messages, and the functions and files of stack frames."""
    for line in lines:
        frame = _FRAME.match(line)
        if frame:
            yield from (f"frame:{one.lower()}" for one in frame.groups() if one)
            continue
        fault = _FAULT.match(line)
        if fault:
            yield from tokens(fault[1])
