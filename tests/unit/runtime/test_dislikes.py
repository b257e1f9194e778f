"""Whose thumbs down count, and how often GitHub is asked about them."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.domain.events import Actor
from bot.domain.facts import Comment
from bot.domain.feedback import ALL, Feedback, Opinion
from bot.github.reader import Dislike, Reader
from bot.runtime.dislikes import Dislikes
from bot.store.feedback import Feedbacks
from tests.unit.capabilities.build import AUTHOR, BOT, MAINTAINER, NOW, facts

STRANGER = Actor("eve", 66)


@dataclass(slots=True)
class Reading:
    """Stands for the reader: who disliked, and who may triage."""

    dislikers: tuple[Actor, ...]
    event: Any = field(default_factory=lambda: facts().event)
    asked: int = 0
    roles: list[str] = field(default_factory=list)

    async def dislikes(self, comment: int) -> tuple[Dislike, ...]:
        self.asked += 1
        return tuple(Dislike(at, who, NOW) for at, who in enumerate(self.dislikers))

    async def role(self, login: str) -> str:
        self.roles.append(login)
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


async def noting(stored: Stored, reading: Reading, ours: Comment) -> None:
    await Dislikes(cast(Feedbacks, stored)).note(cast(Reader, reading), ours, facts().item, str)


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
    await noting(stored, reading, ours)
    assert [one.actor for one in stored.rows] == counted
    assert all((one.capability, one.opinion) == (ALL, Opinion.WRONG) for one in stored.rows)


async def test_nobody_is_asked_where_nothing_changed() -> None:
    reading = Reading((AUTHOR,))
    ours = Comment(50, BOT, "NONE", "Ours.", NOW, disliked=1)
    stored = Stored()
    for _again in range(3):
        await noting(stored, reading, ours)
    assert reading.asked == 1


async def test_strangers_are_looked_up_once_and_again_when_the_number_changes() -> None:
    reading, stored = Reading((STRANGER,)), Stored()
    dislikes = Dislikes(cast(Feedbacks, stored))

    async def event(*dislikers: Actor) -> tuple[int, list[str]]:
        reading.dislikers = dislikers
        comment = Comment(50, BOT, "NONE", "Ours.", NOW, disliked=len(dislikers))
        await dislikes.note(cast(Reader, reading), comment, facts().item, str)
        return reading.asked, [one.actor for one in stored.rows]

    assert [await event(STRANGER) for _again in range(3)] == [(1, [])] * 3
    assert [await event(STRANGER, AUTHOR) for _again in range(2)] == [(2, ["ada"])] * 2
    assert await event(STRANGER) == (3, []), "the author took it back"
    assert await event(STRANGER) == (3, [])
    assert await event() == (3, [])


async def test_the_author_counts_after_any_crowd_and_nobody_asks_for_the_role() -> None:
    crowd = tuple(Actor(f"eve{at}", 1000 + at) for at in range(30))
    reading, stored = Reading((*crowd, AUTHOR)), Stored()
    await noting(stored, reading, Comment(50, BOT, "NONE", "Ours.", NOW, disliked=31))
    assert [one.actor for one in stored.rows] == ["ada"]
    assert reading.roles == [one.login for one in crowd[:10]]
