"""What the worker makes of each way in which a delivery can end, and of jobs that nobody works on."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast

import procrastinate
import psycopg
import pytest
from procrastinate.testing import InMemoryConnector

from bot.domain.errors import AssistantError, ClaimLost, Deferred, Terminal
from bot.github.errors import Absent, Forbidden, Moved, Refused, Unavailable
from bot.runtime import worker as worker_module
from bot.runtime.retry import MAX_ATTEMPTS
from bot.runtime.worker import Worker
from bot.store.deliveries import Waiting

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY: Final = "1#5"
LATER: Final = NOW + timedelta(minutes=3)


def waiting(guid: str = "a", **changes: Any) -> Waiting:
    given: dict[str, Any] = {"attempts": 0, "not_before": None, "decided_at": None, **changes}
    return Waiting(guid, "issues", given.pop("body", b"{}"), received_at=NOW, read_at=NOW, **given)


@dataclass(slots=True)
class Desk:
    """Stands for the deliveries, the limits, the queue and the pipeline of one worker, and notes what is asked."""

    line: list[Waiting] = field(default_factory=list)
    outcomes: list[str | Exception] = field(default_factory=list)
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    taken_over_after: int = 99
    running: set[int] = field(default_factory=set)
    items_without_job: list[str] = field(default_factory=list)
    lost: bool = False
    worker_id: int = 1

    async def handle(self, one: Waiting, payload: object, fence: Callable[[], Awaitable[None]]) -> str:
        self.notes.append(("handled", one.guid))
        outcome = self.outcomes.pop(0) if self.outcomes else "done: 1 effects"
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def take(self, key: str) -> tuple[int, Waiting | None]:
        return 1, self.line[0] if self.line else None

    async def finish(self, guid: str, state: str, reason: str, *, key: str) -> Waiting | None:
        self.notes.append(("finished", guid, state, reason))
        self.line.pop(0)
        return self.line[0] if self.line else None

    async def postpone(self, guid: str, key: str, *, until: datetime, reason: str, counts: bool) -> None:
        self.notes.append(("postponed", guid, until, counts))

    async def wake(self, key: str, at: datetime | None = None) -> None:
        self.notes.append(("woken", key, at))

    async def orphans(self) -> list[str]:
        return self.items_without_job

    async def now(self) -> datetime:
        return NOW

    async def check_claim(self, key: str, epoch: int) -> None:
        self.taken_over_after -= 1
        if self.taken_over_after < 0:
            raise ClaimLost("taken over")

    async def release_dead_workers(self) -> int:
        return 0

    async def end_suspended_workers(self) -> None:
        self.notes.append(("ended suspended workers",))

    async def doing(self, worker: int) -> set[int]:
        return self.running

    async def release(self, job: int) -> None:
        self.notes.append(("released", job))
        self.running.discard(job)

    async def check_lock(self) -> None:
        if self.lost:
            raise psycopg.OperationalError("gone")


def make(desk: Desk) -> Worker:
    some = cast(Any, desk)
    app = procrastinate.App(connector=InMemoryConnector())
    return Worker(app, pipeline=some, deliveries=some, limits=some, queue=some, concurrency=1)


async def process(desk: Desk) -> list[tuple[Any, ...]]:
    context = cast(procrastinate.JobContext, SimpleNamespace(job=SimpleNamespace(id=3)))
    await make(desk)._process(context, KEY)
    return desk.notes


async def test_all_that_waits_is_handled_in_order() -> None:
    notes = await process(Desk([waiting("a"), waiting("b")]))
    assert [one[:2] for one in notes] == [("handled", "a"), ("finished", "a"), ("handled", "b"), ("finished", "b")]


async def test_a_delivery_whose_time_has_not_come_is_left_with_a_job_that_wakes_it() -> None:
    assert await process(Desk([waiting(not_before=LATER), waiting("b")])) == [("woken", KEY, LATER)]


async def test_a_delivery_whose_time_has_come_is_handled() -> None:
    notes = await process(Desk([waiting(not_before=NOW - timedelta(seconds=1))]))
    assert notes[0] == ("handled", "a")


@pytest.mark.parametrize("after", [0, 1])
async def test_an_item_that_was_taken_over_is_left_alone_after_each_delivery(after: int) -> None:
    notes = await process(Desk([waiting("a"), waiting("b"), waiting("c")], taken_over_after=after))
    assert [one[1] for one in notes if one[0] == "handled"] == ["a", "b"][: after + 1]


# what the pipeline does, the state and the reason of the delivery
ENDS: Final[dict[str, tuple[str | Exception, str, str]]] = {
    "done": ("done: 2 effects", "done", "done: 2 effects"),
    "ignored": ("ignored: an event of a bot", "ignored", "ignored: an event of a bot"),
    "terminal": (Terminal("suspended"), "done", "ended: suspended"),
    "absent": (Absent("404"), "done", "ended: 404"),
    "forbidden": (Forbidden("403"), "done", "ended: 403"),
    "refused": (Refused("422"), "done", "ended: 422"),
    "moved": (Moved("/repositories/1"), "done", "ended: moved away"),
}


@pytest.mark.parametrize(("outcome", "state", "reason"), ENDS.values(), ids=ENDS)
async def test_what_ends_a_delivery(outcome: str | Exception, state: str, reason: str) -> None:
    notes = await process(Desk([waiting()], [outcome]))
    assert notes[1:] == [("finished", "a", state, reason)]


async def test_waiting_for_github_uses_up_no_attempt() -> None:
    notes = await process(Desk([waiting(attempts=8), waiting("b")], [Deferred(LATER, "asked to wait")]))
    assert notes == [("handled", "a"), ("postponed", "a", LATER, False)]


AGAIN: Final = {
    "no answer": Unavailable("502"),
    "a mistake of ours": ZeroDivisionError("x"),
    "another of our errors": AssistantError("x"),
}


@pytest.mark.parametrize("error", AGAIN.values(), ids=AGAIN)
async def test_what_is_tried_again(error: Exception) -> None:
    notes = await process(Desk([waiting(), waiting("b")], [error]))
    assert notes == [("handled", "a"), ("postponed", "a", NOW + timedelta(seconds=2), True)]


@pytest.mark.parametrize("error", AGAIN.values(), ids=AGAIN)
async def test_after_the_last_attempt_it_has_failed_and_the_next_one_goes_on(error: Exception) -> None:
    notes = await process(Desk([waiting(attempts=MAX_ATTEMPTS - 1), waiting("b")], [error]))
    assert notes[1][:3] == ("finished", "a", "failed")
    assert notes[1][3].startswith("given up: ")
    assert ("handled", "b") in notes


async def test_a_body_that_cannot_be_read_does_not_kill_the_worker() -> None:
    assert (await process(Desk([waiting(body=b"{")])))[0][0] == "postponed"


async def test_a_lost_claim_leaves_the_delivery_as_it_is() -> None:
    assert await process(Desk([waiting()], [ClaimLost("taken over")])) == [("handled", "a")]


async def test_a_fault_of_the_database_is_not_the_delivery_s() -> None:
    desk = Desk([waiting()], [psycopg.OperationalError("gone")])
    with pytest.raises(psycopg.OperationalError):
        await process(desk)
    assert desk.notes == [("handled", "a")]


async def swept(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, active: set[int], turns: int) -> list[tuple[Any, ...]]:
    """What the sweeper does in so many turns."""
    left = turns

    async def sleep(_seconds: float) -> None:
        nonlocal left
        if left == 0:
            raise asyncio.CancelledError
        left -= 1

    monkeypatch.setattr("bot.runtime.worker.asyncio.sleep", sleep)
    worker = make(desk)
    worker._active |= active
    with contextlib.suppress(asyncio.CancelledError):
        await worker._sweep(cast(Any, desk))
    return [one for one in desk.notes if one[0] != "ended suspended workers"]


async def test_a_job_without_a_task_is_given_back_at_the_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await swept(Desk(running={4, 5}), monkeypatch, active={4}, turns=1) == []
    assert await swept(Desk(running={4, 5}), monkeypatch, active={4}, turns=2) == [("released", 5)]


async def test_items_without_a_job_are_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(items_without_job=[KEY])
    assert await swept(desk, monkeypatch, active=set(), turns=1) == [("woken", KEY, None)]


async def test_silent_workers_are_ended_at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    await swept(desk, monkeypatch, active=set(), turns=2)
    assert desk.notes == [("ended suspended workers",)] * 2


async def test_a_worker_without_its_lock_stops_taking_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, stopped = Desk(lost=True), asyncio.Event()
    worker = make(desk)
    worker._taker = cast(Any, SimpleNamespace(stop=stopped.set))
    monkeypatch.setattr(worker_module, "HEARTBEAT", 0)
    await asyncio.wait_for(worker._sweep(cast(Any, desk)), 5)
    assert stopped.is_set()
    assert desk.notes == []
