"""Which misspellings are worth a remark: none that may be a name, jargon or another language."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from bot.capabilities.docs.findings import Document, Typo
from bot.domain.documents import prose_lines
from bot.domain.facts import Facts, Misspelling

JARGON: Final = 3
"""A word that unchanged lines of the document hold so often is the project's own."""

_SHORT: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+")
# A word of prose stands alone; `_` around it is emphasis, `_` that joins it to letters makes a name.
_BEFORE: Final = re.compile(r"(?<![^\W_])(?<![^\W_]_)")
_AFTER: Final = re.compile(r"(?![^\W_])(?!_[^\W_])")
_HEADING: Final = re.compile(r"#{1,6}\s")
_SENTENCE: Final = re.compile(r"(?:^[\W\d]*|[.!?:][\W_]{0,9})$")
_CAPITALISED: Final = re.compile(r" [^\W\d_a-z]")
# Spelled in two ways, or a name that the dictionary does not know.
_RIGHT: Final = frozenset({"certifi", "parseable", "transferrable", "unparseable", "useable", "writeable"})
_ENGLISH: Final = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "be",
        "by",
        "can",
        "for",
        "from",
        "if",
        "is",
        "it",
        "not",
        "of",
        "on",
        "or",
        "that",
    }
    | {"the", "this", "to", "use", "when", "which", "will", "with", "you", "your"}
)
_SAMPLE: Final = 40
_SHARE: Final = 0.10


def typos(document: Document, facts: Facts, accepted: frozenset[str]) -> Iterator[Typo]:
    """The misspellings on changed lines, in order; none if the document is not English."""
    found = [one for one in facts.misspellings if one.path == document.path and one.line in document.changed]
    if not found or not is_english(prose_lines(document.text, document.path).values()):
        return
    jargon = _jargon(document)
    for one in sorted(found, key=lambda one: (one.line, one.column)):
        if one.word.casefold() not in accepted | jargon and _is_plain_word(one, document):
            yield Typo(one.line, one.column, one.word, one.corrections)


def accepted_words(facts: Facts, words: Iterable[str]) -> frozenset[str]:
    """Words that are right here, case-folded: `words`, and those in the names of files and the repository."""
    repository = facts.event.repository
    names = "\n".join((*facts.tree, repository.owner, repository.name)).casefold()
    return frozenset(_WORD.findall(names)) | _RIGHT | {word.casefold() for word in words}


def is_english(lines: Iterable[str]) -> bool:
    """Whether a text may be English, by the share of its commonest words; short texts may."""
    words = [word for line in lines for word in _WORD.findall(line.casefold())]
    return len(words) < _SAMPLE or sum(word in _ENGLISH for word in words) >= _SHARE * len(words)


def _jargon(document: Document) -> frozenset[str]:
    unchanged = (line for number, line in enumerate(document.lines, 1) if number not in document.changed)
    counts = Counter(word for line in unchanged for word in _WORD.findall(line.casefold()))
    return frozenset(word for word, count in counts.items() if count >= JARGON)


def _is_plain_word(one: Misspelling, document: Document) -> bool:
    line = document.lines[one.line - 1] if 0 < one.line <= len(document.lines) else ""
    end = one.column + len(one.word)
    whole = bool(_BEFORE.match(line, one.column) and _AFTER.match(line, end))
    cased = one.word == one.word.lower() or (one.word == one.word.capitalize() and not _is_name(line, one.column, end))
    real = bool(one.corrections) and one.word not in one.corrections
    long = len(one.word) > _SHORT or (len(one.word) == _SHORT and len(one.corrections) == 1)
    return whole and cased and real and long and line[one.column : end] == one.word


def _is_name(line: str, start: int, end: int) -> bool:
    """Whether a capitalised word may be a name: inside a sentence, or before another capitalised word."""
    if _HEADING.match(line):
        return False
    return not _SENTENCE.search(line[:start]) or bool(_CAPITALISED.match(line, end))
