"""Words and pieces of words, with what varies from report to report (addresses, versions, hashes) made alike."""

import re
from collections.abc import Sequence
from typing import Final

_URL: Final = re.compile(r"https?://([^\s/)\]>\"']{1,200})([^\s)\]>\"']*)")
_ALIKE: Final = (
    (_URL, " <url> "),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{7,40}\b"), " <hash> "),
    (re.compile(r"(?<!\w)v?\d+(?:\.\d+)+[^\s,;)]*"), " <version> "),
    (re.compile(r"#\d+"), " <reference> "),
    (re.compile(r"@[\w-]+"), " <mention> "),
)
_WORD: Final = re.compile(r"<\w+>|[^\W\d_]+(?:['’][a-z]+)?|[?!]")
_LONGEST: Final = 30


def addresses(text: str) -> list[tuple[str, str]]:
    """Host and path of every address in a text, in lower case."""
    return [(host.lower(), path.lower()) for host, path in _URL.findall(text)]


def words(text: str) -> list[str]:
    """Words in lower case; question and exclamation marks count as words."""
    lowered = text.lower()
    for pattern, name in _ALIKE:
        lowered = pattern.sub(name, lowered)
    return [one.replace("’", "'") for one in _WORD.findall(lowered)]


def grams(tokens: Sequence[str], longest: int) -> list[str]:
    """All runs of 1 to `longest` tokens."""
    runs = list(tokens)
    for size in range(2, longest + 1):
        runs += [" ".join(tokens[at : at + size]) for at in range(len(tokens) - size + 1)]
    return runs


def pieces(text: str, shortest: int, longest: int) -> list[str]:
    """Pieces of `shortest` to `longest` characters of each word with its edges."""
    found: list[str] = []
    for one in text.lower().split():
        word = f" {one[:_LONGEST]} "
        for size in range(shortest, min(longest, len(word)) + 1):
            found += [word[at : at + size] for at in range(len(word) - size + 1)]
    return found
