"""Which characters may be seen, and how text looks to a reader who normalises it."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

MAX_MARKS: Final = 3
"""Combining marks on one base; more pile up over the neighbouring lines."""

PLACEHOLDER: Final = "\ufffc"
"""Stands for code in folded text; dropped from input, so that nobody can forge it."""

_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})  # guard: hidden-categories (12): each
# Default-ignorable or blank although their category says letter, mark or symbol.
_HIDDEN_RANGES: Final = (  # guard: hidden-ranges (12): each
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFFC, 0xFFFC),
    (0x1D159, 0x1D159),
    (0xE0000, 0xE0FFF),
)


_PRINTABLE: Final = re.compile(r"[ -~\n\t]*")


def is_hidden(char: str) -> bool:
    """Whether a reader cannot see this character: control, bidi, invisible, tag, variation selector, private
    use, unassigned, surrogate or blank-looking. Line feed and tab are not; other white space than " " is."""
    if char in " \n\t" or "!" <= char <= "~":
        return False
    if char.isspace() or unicodedata.category(char) in _HIDDEN_CATEGORIES:  # guard: hidden-characters (12)
        return True
    point = ord(char)
    return any(low <= point <= high for low, high in _HIDDEN_RANGES)


def is_mark(char: str) -> bool:
    """Whether the character is drawn over the one before it."""
    return char > "\u02ff" and unicodedata.category(char) in {"Mn", "Me"}


def clean(text: str) -> str:
    """The text without hidden characters and piled-up marks; white space becomes " "; \\n, \\t stay."""
    if _PRINTABLE.fullmatch(text):  # nearly all that we write ourselves
        return text
    kept: list[str] = []
    marks = 0
    for char in text.replace("\r\n", "\n").replace("\r", "\n"):
        if is_hidden(char):  # guard: cleaned-text (12)
            if char.isspace():
                kept.append(" ")
            continue
        marks = marks + 1 if is_mark(char) else 0
        if marks <= MAX_MARKS:  # guard: piled-up-marks (12): as True
            kept.append(char)
    return "".join(kept)


def one_line(text: str) -> str:
    """The cleaned text with each run of white space as one space, trimmed."""
    return " ".join(clean(text).split())


def fold(text: str) -> tuple[str, Sequence[int]]:
    """How a lenient reader sees the text (NFKC, casefolded), and where each character came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKC", char).casefold():
            folded.append(part)
            places.append(place)
    return "".join(folded), places
