"""What is asked or computed once for many, and what must not be."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from bot.domain.status import Thread
from bot.github.kept import LONG, SHORT, Kept
from bot.runtime.ledger import DeliveryLedger
from bot.sandbox import Sandbox
from bot.store.database import Pool, migrate, open_pool
from bot.store.limits import Limits
from bot.store.records import Ended, Records, Subject
from bot.store.threads import Recollection, Threads
from bot.store.together import Together
from tests.integration.test_events import COMPLETE
from tests.support.assistant import REPOSITORY, Assistant


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=4) as opened:
        yield opened


class Slow:
    """A look-up that takes until it is let go."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.answer = "old"
        self.go = asyncio.Event()
        self.begun = asyncio.Event()

    async def __call__(self, keys: list[str]) -> dict[str, str]:
        self.groups.append(keys)
        self.begun.set()
        answer = self.answer
        await self.go.wait()
        return {key: answer for key in keys if key != "unknown"}


async def test_look_ups_that_come_together_share_one_statement() -> None:
    slow = Slow()
    together = Together(slow)
    first = asyncio.gather(*(together(key) for key in ("a", "b", "a", "unknown")))
    await asyncio.sleep(0)
    slow.go.set()
    assert await first == ["old", "old", "old", None]
    assert [sorted(group) for group in slow.groups] == [["a", "b", "unknown"]]


async def test_a_look_up_that_had_begun_does_not_answer_later_questions() -> None:
    slow = Slow()
    together = Together(slow)
    early = asyncio.create_task(together("a"))
    await slow.begun.wait()
    slow.answer = "new"
    late = asyncio.create_task(together("a"))
    await asyncio.sleep(0)
    slow.go.set()
    assert await early == "old"
    assert await late == "new"


async def test_where_many_ask_the_next_look_up_waits_for_company_and_alone_nobody_waits() -> None:
    slow = Slow()
    slow.go.set()
    together = Together(slow, pause=0.2)
    async with asyncio.timeout(0.1):
        assert await together("alone") == "old"
        await asyncio.gather(together("a"), together("b"))
    early = asyncio.create_task(together("c"))
    await asyncio.sleep(0.05)
    # What came while it waited for company is answered by what is looked up afterwards.
    slow.answer = "new"
    late = asyncio.create_task(together("d"))
    assert (await early, await late) == ("new", "new")
    assert [sorted(group) for group in slow.groups] == [["alone"], ["a", "b"], ["c", "d"]]


async def test_one_who_no_longer_waits_takes_nothing_from_the_others() -> None:
    slow = Slow()
    together = Together(slow)
    gone, stays = asyncio.create_task(together("a")), asyncio.create_task(together("a"))
    await slow.begun.wait()
    gone.cancel()
    await asyncio.sleep(0)
    slow.go.set()
    assert await stays == "old"
    assert gone.cancelled()


async def test_an_error_reaches_everyone_who_asked_and_the_next_question_is_asked_anew() -> None:
    broken = True

    async def look(keys: list[str]) -> dict[str, str]:
        if broken:
            raise OSError("away")
        return dict.fromkeys(keys, "found")

    together = Together(look)
    failed = await asyncio.gather(together("a"), together("b"), return_exceptions=True)
    assert [str(one) for one in failed] == ["away", "away"]
    broken = False
    assert await together("a") == "found"


async def spend(pool: Pool, budgets: dict[str, int]) -> bool:
    return (await Threads(pool).recall(1, 5, budgets)).within


async def test_budgets_are_spent_together_or_not_at_all(pool: Pool) -> None:
    limits = Limits(pool)
    wide = {"author": 3, "thread": 2, "repository": 9}
    assert [await spend(pool, wide) for _ in range(3)] == [True, True, False]
    assert [await limits.spent(scope) for scope in wide] == [2, 2, 2]


async def test_where_one_budget_is_used_up_nothing_is_counted(pool: Pool) -> None:
    limits = Limits(pool)
    assert await spend(pool, {"few": 1, "many": 5})
    assert not await spend(pool, {"few": 1, "many": 5})
    assert (await limits.spent("few"), await limits.spent("many")) == (1, 1)


async def test_of_several_who_saw_room_for_one_more_one_gets_it(pool: Pool, database_url: str) -> None:
    limits = Limits(pool)
    assert await spend(pool, {"b": 2})
    async with await psycopg.AsyncConnection.connect(database_url) as holder:
        await holder.execute("SELECT 1 FROM assistant.budgets WHERE scope = 'b' FOR UPDATE")
        spending = asyncio.gather(*(spend(pool, {"b": 2}) for _ in range(3)))
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as watcher:
            waiting = 0
            while waiting < 3:
                cursor = await watcher.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                    "AND datname = current_database()"
                )
                row = await cursor.fetchone()
                waiting = int(row[0]) if row else 0
        await holder.commit()
        assert sorted(await spending) == [False, False, True]
    assert await limits.spent("b") == 2


async def test_write_slots_are_counted_one_by_one_among_many_who_take_them_at_once(pool: Pool) -> None:
    limits = Limits(pool)
    waits = await asyncio.gather(*(limits.take_write(5) for _ in range(50)))
    assert sum(wait == 0 for wait in waits) == 40


async def test_only_labels_that_arrived_on_this_thread_are_ours(pool: Pool) -> None:
    threads, records = Threads(pool), Records(pool)
    assert await threads.recall(1, 5, {}) == Recollection(Thread(), frozenset(), (), within=True)
    for key, number in (("asked", 5), ("lost", 5), ("elsewhere", 6)):
        await records.begin(key, Subject(key, "issues.opened", 1, number, "jonas"))
        await records.announce(key, {"added": [key]})
    for key in ("asked", "elsewhere"):
        await records.done(Ended(key))
    await threads.save(1, 5, Thread(comment_id=7))
    known = await threads.recall(1, 5, {})
    assert known.applied_labels == {"asked"}
    assert known.thread == await threads.load(1, 5) == Thread(comment_id=7)


async def test_what_is_done_is_written_with_what_is_begun_next_or_when_it_is_settled(pool: Pool) -> None:
    subject = Subject("a", "issues.opened", 1, 5, "jonas")
    ledger = DeliveryLedger(Records(pool), Threads(pool), Limits(pool), subject, 5)
    for key in ("labels", "status", "reply"):
        await ledger.begin(key, {"added": [key]})
        await ledger.done(key, target=len(key), detail={"added": ["x"]} if key == "labels" else None)
    assert await effects(pool) == [
        ("labels", "done", 6, {"added": ["x"]}), ("reply", "pending", None, {"added": ["reply"]}),
        ("status", "done", 6, {"added": ["status"]}),
    ]  # fmt: skip
    await ledger.settle()
    await ledger.settle()
    assert ("reply", "done", 5, {"added": ["reply"]}) in await effects(pool)


async def effects(pool: Pool) -> list[tuple[Any, ...]]:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT key, state, target_id, detail FROM assistant.effects ORDER BY key")
        return await cursor.fetchall()


async def test_the_marker_key_is_the_same_for_every_process(pool: Pool) -> None:
    one, other = Threads(pool), Threads(pool)
    assert await one.marker_key() == await one.marker_key() == await other.marker_key()


async def test_what_is_missing_is_looked_for_again_and_what_is_too_large_is_not_kept() -> None:
    kept = Kept()
    asked: list[str] = []

    async def read(name: str, value: str) -> str:
        asked.append(name)
        return value

    for _ in range(2):
        await kept.once(("a",), lambda: read("kept", "x"), lambda value: (len(value), LONG))
        await kept.once(("b",), lambda: read("large", "x" * 300_000), lambda value: (len(value), LONG))
        await kept.once(("c",), lambda: read("not whole", ""), lambda _value: (0, 0.0))
    assert asked == ["kept", "large", "not whole", "large", "not whole"]
    assert 0 < SHORT < LONG


async def test_a_repositorys_files_are_read_once_per_commit(assistant: Assistant) -> None:
    sandbox: Sandbox = assistant.sandbox

    def forms_read() -> int:
        return sum("/contents/.github/ISSUE_TEMPLATE/" in one.path for one in sandbox.requests)

    for title in ("Crash on an empty row", "Crash on a second row"):
        sandbox.open_issue(REPOSITORY, "jonas", title, COMPLETE)
        await assistant.settled()
    once = forms_read()
    assert once > 0
    sandbox.commit(REPOSITORY, "mira", {"CHANGELOG.md": "# Changelog\n"})
    sandbox.open_issue(REPOSITORY, "jonas", "Crash on a third row", COMPLETE)
    await assistant.settled()
    assert forms_read() == 2 * once


async def test_no_request_leaves_once_a_window_is_open_in_another_process(assistant: Assistant) -> None:
    """Windows are looked up together, but always after the request was wanted."""
    installation = next(iter(assistant.sandbox.state.installations))
    other = Limits(assistant.service.pool)
    await other.back_off(f"installation:{installation}", timedelta(minutes=5), "a test")
    assistant.sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", COMPLETE)
    while not any("asked us to wait" in reason for reason in (await assistant.reasons()).values()):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert not [one for one in assistant.sandbox.requests if one.path.startswith("/repos/")]
