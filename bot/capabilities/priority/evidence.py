"""Sentences of a report that say how bad it is. English only; what is denied, asked or only feared says nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.language import Language, language
from bot.domain.report import read, versions


class Harm(StrEnum):
    """What can make a report urgent."""

    DATA_LOSS = "data_loss"
    CRASH = "crash"
    REGRESSION = "regression"
    MANY_USERS = "many_users"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A harm, and the reporter's own sentence about it (one line, at most 300 characters)."""

    harm: Harm
    quote: str


_MAX_SENTENCE: Final = 300
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_NO_SENTENCE: Final = re.compile(r"\||://|^-{1,2}\w|--\w")  # rows of tables, addresses, command lines
_DENIED: Final = re.compile(
    r"\b(?:no|not|never|without|n['’]t|instead of|rather than|to (?:avoid|prevent)|avoids?|prevents?|in case|if it|"
    r"would|could|might|may|should|can|fear|afraid|worr\w+|suppose|expected|wish|imagine)\b|n['’]t\b|\?$",
    re.IGNORECASE,
)
_THINGS: Final = (
    r"(?:data|files?|work|changes|databases?|projects?|notes?|documents?|settings|history|messages?|records?|tables?|"
    r"checkpoints?|models?|photos?|images?|everything|content|index|repositor(?:y|ies)|backups?)"
)
_CUES: Final = {
    Harm.DATA_LOSS: re.compile(
        rf"\bdata (?:loss|corruption)\b|\b(?:los[et]s?|losing|delete[sd]?|erase[sd]?|wipe[sd]?|destroy(?:s|ed)?|"
        rf"corrupt(?:s|ed)?|overwrote|truncate[sd]?)\b(?: \w+){{0,4}}? {_THINGS}\b|"
        rf"\b{_THINGS} (?:\w+ ){{0,2}}?(?:(?:is|are|was|were|gets?|got|has been|have been|had been) (?:\w+ )?)"
        rf"(?:lost|gone|deleted|erased|wiped|destroyed|corrupt(?:ed)?|overwritten|truncated)\b",
        re.IGNORECASE,
    ),
    Harm.CRASH: re.compile(
        r"\b(?:crash(?:es|ed|ing)?|segfaults?|segmentation fault|core dump(?:ed)?|kernel panic|panics|SIGSEGV|SIGABRT|"
        r"blue screen|access violation)\b",
        re.IGNORECASE,
    ),
    Harm.REGRESSION: re.compile(
        r"\b(?:regress\w+|used to work|work(?:s|ed) (?:fine |well |correctly )?(?:in|on|with|until|before|up to)|"
        r"(?:since|after) (?:(?:the |an )?(?:\w+ )?(?:upgrad\w+|updat\w+|bump\w*)|(?:version |release )?v?\d+\.\d)|"
        r"bisect\w*|broke in|broken (?:in|since))\b",
        re.IGNORECASE,
    ),
    Harm.MANY_USERS: re.compile(
        r"\b(?:(?:affect|hit|break|block)(?:s|ed|ing)? (?:all|every|many|most|several|hundreds|thousands|\d+)"
        r"(?: of)?(?: our| the)? (?:users?|people|customers?|teams?|installations?|projects?|developers?)|"
        r"(?:all|many|most|several|hundreds of|thousands of|\d{2,}) (?:of )?(?:our |the )?(?:users?|people|customers?|"
        r"teams?) (?:are|were|have|report|see|hit|cannot|can['’]t))",
        re.IGNORECASE,
    ),
}


def evidence(title: str, body: str, boilerplate: frozenset[str]) -> tuple[Evidence, ...]:
    """At most one piece per harm, in the order of `Harm`; the body's own prose before the title."""
    report = read(body, boilerplate)
    if language(f"{title}\n{report.prose}") is not Language.ENGLISH:
        return ()
    sentences = [*_sentences(report.prose), *_sentences(title)]
    return tuple(
        Evidence(harm, quote) for harm in Harm if (quote := next((one for one in sentences if _says(harm, one)), ""))
    )


def _sentences(text: str) -> Iterator[str]:
    for one in _SENTENCES.split(text):
        sentence = " ".join(one.split())
        if 0 < len(sentence) <= _MAX_SENTENCE and not _NO_SENTENCE.search(sentence):
            yield sentence


def _says(harm: Harm, sentence: str) -> bool:
    """A denial counts only before the cue: "it does not crash", but "it crashes and I cannot save"."""
    found = _CUES[harm].search(sentence)
    if found is None or sentence.endswith("?") or _DENIED.search(sentence[: found.start()]):
        return False
    return harm is not Harm.REGRESSION or any(True for _ in versions(sentence))
