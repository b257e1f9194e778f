"""What is deleted, when it is old or when somebody asks, and what has to stay because it is not finished."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import pytest

from bot.store.database import Pool, migrate, open_pool
from bot.store.deliveries import Deliveries, Incoming, compress
from bot.store.records import Decision, Ended, Records, Subject
from bot.store.threads import Threads

SUBJECT: Final = Subject("a", "issues.opened", repository=1, number=5, author="mira")
DECISION: Final = Decision("triage", "digest", "labelled bug", (), "rules 1", None, 0, [], [])


def delivery(guid: str) -> Incoming:
    return Incoming(guid, "issues", "opened", 2, 1, 5, "1#5", compress(b"{}"), "queued")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=2) as made:
        yield made


@pytest.fixture
async def deliveries(pool: Pool) -> Deliveries:
    """One that waits, one that is done; there are decisions of the first."""
    made = Deliveries(pool)
    await made.store([delivery("a"), delivery("b")])
    await made.finish("b", "done", "done", key="1#5")
    await Records(pool).save(SUBJECT, [DECISION])
    return made


async def planned(pool: Pool) -> list[tuple[str, list[Any]]]:
    return (await Threads(pool).planned("a", 1, 5))[1]


async def test_what_waits_is_kept_however_old(pool: Pool, deliveries: Deliveries) -> None:
    gone = await Records(pool).expire(bodies=timedelta(0), decisions=timedelta(0))
    assert gone == 1
    assert await deliveries.counts() == {"queued": 1}
    assert await planned(pool) == []


async def test_what_is_young_is_kept(pool: Pool, deliveries: Deliveries) -> None:
    assert await Records(pool).expire(bodies=timedelta(days=1), decisions=timedelta(days=1)) == 0
    assert await deliveries.counts() == {"queued": 1, "done": 1}
    assert await planned(pool) == [("triage", [])]


async def test_a_person_is_forgotten_but_for_what_waits(pool: Pool, deliveries: Deliveries) -> None:
    assert await Threads(pool).forget_author("Mira") == 1
    assert await planned(pool) == []
    assert await deliveries.counts() == {"queued": 1, "done": 1}
    await Records(pool).save(SUBJECT, [DECISION])
    await deliveries.finish("a", "done", "done", key="1#5")
    assert await Threads(pool).forget_author("mira") == 1
    assert await deliveries.counts() == {"done": 1}


async def test_a_decision_of_which_something_was_begun_is_not_made_anew(pool: Pool, deliveries: Deliveries) -> None:
    records = Records(pool)
    await records.begin("reply:1", SUBJECT)
    assert await records.forget_decisions("a") is False
    assert await planned(pool) == [("triage", [])]


async def test_a_decision_of_which_nothing_was_begun_is_made_anew(pool: Pool, deliveries: Deliveries) -> None:
    assert await Records(pool).forget_decisions("a") is True
    assert await planned(pool) == []
    _claim, waiting = await deliveries.take("1#5")
    assert waiting is not None
    assert waiting.decided_at is None


async def test_a_write_that_arrived_is_not_forgotten_when_a_repetition_is_refused(pool: Pool) -> None:
    records = Records(pool)
    await records.begin("reply:1", SUBJECT)
    await records.done(Ended("reply:1", 7))
    await records.refused("reply:1")
    row = await records.begin("reply:1", SUBJECT)
    assert (row.state, row.target_id, row.fresh) == ("done", 7, False)


async def test_a_write_that_was_refused_may_be_announced_anew(pool: Pool) -> None:
    records = Records(pool)
    await records.begin("reply:1", SUBJECT)
    await records.refused("reply:1")
    assert (await records.begin("reply:1", SUBJECT)).fresh
