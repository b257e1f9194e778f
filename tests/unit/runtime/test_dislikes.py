"""Whose thumbs down count, and how often GitHub is asked about them."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.domain.events import Actor
from bot.domain.facts import Comment
from bot.domain.feedback import ALL, Feedback, Opinion
from bot.github.reader import Dislike, Reader
from bot.runtime.dislikes import note_dislikes
from bot.store.feedback import Feedbacks
from tests.unit.capabilities.build import AUTHOR, BOT, MAINTAINER, NOW, facts

STRANGER = Actor("eve", 66)


@dataclass(slots=True)
class Reading:
    """Stands for the reader: who disliked, and who may triage."""

    dislikers: tuple[Actor, ...]
    event: Any = field(default_factory=lambda: facts().event)
    asked: int = 0

    async def dislikes(self, comment: int) -> tuple[Dislike, ...]:
        self.asked += 1
        return tuple(Dislike(at, who, NOW) for at, who in enumerate(self.dislikers))

    async def role(self, login: str) -> str:
        return "triage" if login in (MAINTAINER.login, BOT.login) else "read"


@dataclass(slots=True)
class Stored:
    """Stands for the table."""

    rows: tuple[Feedback, ...] = ()

    async def of_item(self, _repository: int, _number: int) -> tuple[Feedback, ...]:
        return self.rows

    async def note(self, _repository: int, opinions: list[Feedback]) -> None:
        self.rows = (*self.rows, *(one for one in opinions if one not in self.rows))

    async def withdraw(self, _repository: int, _number: int, *, capability: str, sources: list[str]) -> None:
        self.rows = tuple(one for one in self.rows if one.capability != capability or one.source in sources)


CASES = {
    "the author": ((AUTHOR,), ["ada"]),
    "a maintainer": ((MAINTAINER,), ["grace"]),
    "a stranger": ((STRANGER,), []),
    "a bot that may triage": ((BOT,), []),
    "several": ((STRANGER, AUTHOR, MAINTAINER), ["ada", "grace"]),
    "nobody any more": ((), []),
}


@pytest.mark.parametrize(("dislikers", "counted"), CASES.values(), ids=CASES)
async def test_who_counts(dislikers: tuple[Actor, ...], counted: list[str]) -> None:
    reading = Reading(dislikers)
    before = Feedback(5, ALL, "", Opinion.WRONG, "gone", "reaction:9999", NOW)
    stored = Stored((before, before))
    ours = Comment(50, BOT, "NONE", "Ours.", NOW, disliked=len(dislikers))
    await note_dislikes(cast(Reader, reading), cast(Feedbacks, stored), ours, facts().item, str)
    assert [one.actor for one in stored.rows] == counted
    assert all((one.capability, one.opinion) == (ALL, Opinion.WRONG) for one in stored.rows)


async def test_nobody_is_asked_where_nothing_changed() -> None:
    reading = Reading((AUTHOR,))
    ours = Comment(50, BOT, "NONE", "Ours.", NOW, disliked=1)
    stored = Stored()
    for _again in range(3):
        await note_dislikes(cast(Reader, reading), cast(Feedbacks, stored), ours, facts().item, str)
    assert reading.asked == 1
