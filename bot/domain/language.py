"""Whether a text is English: rules with English words make nothing of another one."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

from bot.domain.report import MAX_CHARS

_REMEMBERED: Final = 32
"""Texts that are not counted again: several capabilities ask about the same report."""


class Language(StrEnum):
    """What rules with English words may make of a text."""

    ENGLISH = "english"
    OTHER = "other"
    UNKNOWN = "unknown"


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Frequent words of English texts that other languages of the Latin script hardly use.
_ENGLISH: Final = _words_of("""
the and is to of it its this that with for not when have has had but be are was were can cannot
can't you your my i would should could will does did doesn't don't isn't if from there which how
what why where after before then than they we or by at using use used get only just like any all
some also into because while out up in on fails failed failing missing broken wrong unable working
works work add adds allow running please hello build support unknown return returns between without
against during about being hi thanks first expected
""")
_FOREIGN: Final = _words_of("""
der das und nicht ist ein eine einen mit für auf dem wenn wird sich auch bei aus ich wir kann keine
beim zum nach el la los las que una para por del como cuando pero más está hay y un al lo sin mi le
les des une est dans pour qui pas avec sur ne au je vous lors quand plus du et não uma os ao são
mais foi tem quando meu da do em il che di per sono della nel questo alla gli het een niet van voor
dat op als naar zijn bij wordt ik nie się jest na przy jak że po och att det som inte är på ett när
jag bir ve bu için değil ile olarak ja ei että kun ikke jeg og af til den
""")
_NO_WORD: Final = re.compile(r"://|[/\\_=@#{}<>]|\w[.:]\w|\d")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]+(?:'[a-z]+)?")
_FEW_WORDS: Final = 8


@lru_cache(_REMEMBERED)
def language(text: str) -> Language:
    """Whether a text is English, by its letters and function words; UNKNOWN if it is too short to tell.

    Addresses, paths, numbers and identifiers say nothing about the language and are left out.
    """
    spoken = (one for one in text[:MAX_CHARS].replace("’", "'").split() if not _NO_WORD.search(one))
    prose = " ".join(spoken)
    words = [one.lower() for one in _LATIN.findall(prose)]
    latin = sum(letter.isalpha() for one in words for letter in one)
    ideographs = sum(letter > "\u2e80" for letter in prose)  # one of them says as much as several letters
    if latin < 0.85 * (sum(letter.isalpha() for letter in prose) + 2 * ideographs):
        return Language.OTHER
    english = sum(one in _ENGLISH for one in words)
    foreign = sum(one in _FOREIGN for one in words)
    accents = sum(not one.isascii() for one in words)
    if foreign + accents > english:
        return Language.OTHER
    enough = 1 if len(words) < _FEW_WORDS else max(2, len(words) // 12)
    return Language.ENGLISH if english >= enough and english >= 2 * (foreign + accents) else Language.UNKNOWN
