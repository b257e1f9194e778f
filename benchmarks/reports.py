"""Made-up reports whose words are as unevenly frequent as those of people, and reports that repeat them."""

import random
from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

from bot.domain.history.values import HistoryItem, Writer

_SYLLABLES: Final = tuple(
    a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "it", "on")
)
_VOCABULARY: Final = 80_000
_EXPONENT: Final = 1.07
"""Of Zipf's law, as it fits collections of technical English."""
_BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_KEPT: Final = 0.6
"""So much of the words of a report are in one that repeats it."""


@dataclass(frozen=True, slots=True)
class Made:
    title: str
    body: str


class Reports:
    """The same seed makes the same reports."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._words = tuple(_word(rank) for rank in range(_VOCABULARY))
        self._sums = list(accumulate(1 / (rank + 2.7) ** _EXPONENT for rank in range(_VOCABULARY)))

    def new(self) -> Made:
        """A title of 4 to 12 words; a body of about 100 words, now and then with a stack trace."""
        length = min(1_500, int(self._chance.lognormvariate(4.3, 0.8)) + 5)
        body = " ".join(self._some(length))
        if self._chance.random() < 0.2:
            frames = (
                f'  File "{one}/{other}.py", line 7, in {one}_{other}'
                for one, other in zip(self._some(4), self._some(4), strict=True)
            )
            body += "\n\n```\nTraceback (most recent call last):\n" + "\n".join(frames) + "\nValueError: failed\n```"
        return Made(" ".join(self._some(self._chance.randint(4, 12))), body)

    def repeated(self, made: Made) -> Made:
        """The same in other words: some of each line's are kept, the others are new."""
        return Made(self._reworded(made.title), "\n".join(map(self._reworded, made.body.split("\n"))))

    def _reworded(self, line: str) -> str:
        return " ".join(one if self._chance.random() < _KEPT else self._some(1)[0] for one in line.split())

    def _some(self, count: int) -> list[str]:
        top = self._sums[-1]
        return [self._words[bisect(self._sums, self._chance.random() * top)] for _ in range(count)]


def issue(number: int, made: Made) -> HistoryItem:
    """A closed issue, a minute younger than the one before it."""
    at = _BEGIN + timedelta(minutes=number)
    return HistoryItem(
        number=number, is_pull=False, title=made.title, body=made.body, state="closed", state_reason="completed",
        association="NONE", writer=Writer.PERSON, author="", labels=(), comments=0, created_at=at, updated_at=at,
        closed_at=at,
    )  # fmt: skip


def _word(rank: int) -> str:
    """Frequent words are short."""
    word, left = "", rank + 1
    while left:
        left, at = divmod(left, len(_SYLLABLES))
        word += _SYLLABLES[at]
    return word
