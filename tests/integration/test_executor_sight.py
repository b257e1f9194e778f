"""What deciding saw a moment ago need not be asked for again; anything older, and any second attempt, asks GitHub."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.effects import PutLabels, PutStatus, TakeLabels
from bot.domain.errors import Deferred
from bot.domain.status import Thread
from bot.github.errors import Unavailable
from bot.sandbox.faults import FaultKind
from tests.support.answers import WindowsInMemory
from tests.support.assistant import REPOSITORY
from tests.support.desk import ISSUES, LABELS, REPLY, SEEN, STATUS, Desk, text

UNKNOWN = PutLabels("own", ("old", "bug"), commanded=False)
"""The repository has no label "old"; it is in each sight."""


def read(desk: Desk) -> list[str]:
    return [one.path for one in desk.sandbox.requests if one.method == "GET" and "/issues/" in one.path]


async def test_a_first_attempt_goes_by_what_was_seen(desk: Desk) -> None:
    await desk.do(LABELS, STATUS, sight=desk.look())
    assert read(desk) == []
    assert (desk.thread.labels, len(desk.thread.by_bot())) == (("bug",), 1)
    assert desk.ledger.details[next(iter(desk.ledger.rows))] == {"added": ["bug"]}


async def test_labels_that_were_seen_are_not_added(desk: Desk) -> None:
    await desk.do(LABELS, sight=desk.look(labels=("bug",)))
    assert desk.writes == []


async def test_what_was_seen_long_ago_is_asked_for_again(desk: Desk) -> None:
    await desk.do(UNKNOWN, STATUS, sight=desk.look(ago=3.0, labels=("bug",)))
    assert len(read(desk)) == 2
    assert desk.thread.labels == ("bug",)


async def test_a_first_attempt_has_the_slot_that_was_taken_with_its_announcement(desk: Desk) -> None:
    await desk.do(LABELS, STATUS, REPLY, SEEN, sight=desk.look())
    assert len(desk.writes) == 4
    assert desk.windows.taken == []


async def test_what_was_seen_is_asked_for_again_after_a_write_has_waited_for_its_slot(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    async def take(_windows: WindowsInMemory, _installation: int) -> float:
        looks.append(len(read(desk)))
        return 0.0

    monkeypatch.setattr(WindowsInMemory, "take_write", take)
    desk.ledger.wait = 1.0
    await desk.do(UNKNOWN, STATUS, sight=desk.look())
    assert (desk.thread.labels, len(desk.thread.by_bot())) == (("bug",), 1)
    assert (looks, len(read(desk))) == ([0, 1], 2), "each slot comes before its look, and the write has it"


async def test_each_write_without_a_slot_of_its_own_takes_one(desk: Desk) -> None:
    desk.ledger.wait = 1.0
    await desk.do(REPLY, SEEN)
    assert len(desk.windows.taken) == 2


async def test_a_second_attempt_takes_a_slot_of_its_own(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(REPLY)
    assert desk.windows.taken == []
    await desk.again(REPLY)
    assert (len(desk.windows.taken), len(desk.thread.by_bot())) == (1, 1)


async def test_a_slot_that_was_taken_too_long_ago_is_not_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.github.executor._SLOT", 0.0)
    await desk.do(LABELS, STATUS, REPLY, SEEN, sight=desk.look())
    assert len(desk.windows.taken) == len(desk.writes) == 4


async def test_a_reply_that_waited_for_its_slot_is_announced_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as it waits nothing is sent: what is believed of lists is counted from the write."""

    async def take(_windows: WindowsInMemory, _installation: int) -> float:
        await asyncio.sleep(0.1)
        return 0.0

    monkeypatch.setattr(WindowsInMemory, "take_write", take)
    desk.ledger.wait, start = 1.0, datetime.now(UTC)
    await desk.do(REPLY)
    (row,) = desk.ledger.rows.values()
    assert row.begun_at - start >= timedelta(seconds=0.1)


@pytest.mark.parametrize("fault", [None, FaultKind.STATUS_BEFORE])
async def test_labels_that_nobody_sent_after_a_wait_are_not_ours(desk: Desk, fault: FaultKind | None) -> None:
    """Neither where there was no slot in the end, nor where GitHub could not be asked what is there."""
    desk.ledger.wait = 60.0
    if fault is None:
        desk.windows.waits.append(60.0)
    else:
        desk.arm(fault, ISSUES + "/labels$", "GET", status=502)
    with pytest.raises((Deferred, Unavailable)):
        await desk.do(LABELS, sight=desk.look())
    (row,) = desk.ledger.rows.values()
    assert (row.added, desk.writes) == ((), [])


async def test_labels_that_were_not_read_are_asked_for(desk: Desk) -> None:
    await desk.do(UNKNOWN, sight=replace(desk.look(), in_repository=frozenset()))
    assert desk.thread.labels == ("bug",)


async def test_our_comment_that_was_seen_is_edited(desk: Desk) -> None:
    """An installation that came back finds what it said before it went."""
    await desk.do(STATUS)
    desk.ledger.rows.clear()
    await desk.do(PutStatus(text("Changed."), Thread()), sight=desk.look())
    (said,) = desk.thread.by_bot()
    assert "Changed." in said.body


async def test_somebody_s_copy_that_was_seen_is_not_ours(desk: Desk) -> None:
    desk.sandbox.comment(REPOSITORY, desk.number, "jonas", text("Hello.").body)
    await desk.do(STATUS, sight=desk.look())
    assert len(desk.thread.by_bot()) == 1


async def test_after_our_own_write_labels_are_asked_for(desk: Desk) -> None:
    await desk.do(LABELS)
    await desk.do(TakeLabels("taken", ("bug",)), PutLabels("then", ("bug",), commanded=True), sight=desk.look())
    assert desk.thread.labels == ("bug",)


async def test_a_second_attempt_believes_only_github(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/labels$")
    sight = desk.look()
    with pytest.raises(Unavailable):
        await desk.do(LABELS, sight=sight)
    before = desk.writes
    await desk.do(LABELS, sight=sight)
    assert desk.writes == before


async def test_what_was_sent_after_a_look_is_ours_although_no_answer_came(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/labels$")
    with pytest.raises(Unavailable):
        await desk.do(LABELS, sight=desk.look())
    await desk.again(LABELS)
    assert desk.ledger.details.popitem()[1] == {"added": ["bug"]}


async def test_a_comment_that_got_no_answer_is_looked_for(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/comments$")
    sight = desk.look()
    with pytest.raises(Unavailable):
        await desk.do(STATUS, sight=sight)
    await desk.do(STATUS, sight=sight)
    assert len(desk.thread.by_bot()) == 1
