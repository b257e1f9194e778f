"""Writes of which no answer came: looked for, waited for, repeated only when they did not happen."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.effects import Effect, PutLabels
from bot.domain.errors import Deferred
from bot.github.errors import Unavailable
from bot.github.executor import LOOKS, SETTLE
from bot.sandbox.faults import Fault, FaultKind
from tests.support.assistant import REPOSITORY
from tests.support.desk import ISSUES, LABELS, REPLY, STATUS, Desk, text


@pytest.mark.parametrize("effect", [LABELS, STATUS, REPLY], ids=["labels", "status", "reply"])
@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_a_write_without_an_answer_happens_once(desk: Desk, effect: Effect, kind: FaultKind) -> None:
    desk.arm(kind, ISSUES + "/(labels|comments)$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    await desk.again(effect)
    if effect is LABELS:
        assert desk.thread.labels == ("bug",)
        assert next(iter(desk.ledger.details.values())) == {"added": ["bug"]}
    else:
        (said,) = desk.thread.by_bot()
        assert next(iter(desk.ledger.rows.values())).target_id == said.id


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_missing_comment_is_not_believed_at_once(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    with pytest.raises(Deferred) as raised:
        await desk.do(effect)
    (row,) = desk.ledger.rows.values()
    assert (raised.value.until, desk.thread.by_bot()) == (row.begun_at + LOOKS[0], [])


async def later(desk: Desk, effect: Effect, seconds: float) -> timedelta | None:
    """Another attempt, so long after the write; how long after the write it wants to look again, if it does."""
    (row,) = desk.ledger.rows.values()
    desk.ledger.ahead = row.begun_at + timedelta(seconds=seconds) - datetime.now(UTC)
    try:
        await desk.do(effect)
    except Deferred as deferred:
        return deferred.until - row.begun_at
    return None


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_missing_comment_is_looked_for_until_lists_can_be_believed(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    waits = [await later(desk, effect, seconds) for seconds in (2, 11, 31, 61)]
    assert waits == [LOOKS[0], LOOKS[1], SETTLE, None]
    assert len(desk.thread.by_bot()) == 1


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_list_that_shows_fewer_than_the_issue_counts_is_not_believed(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    lag = desk.sandbox.faults.add(Fault(FaultKind.LAG, "/comments$", "GET", times=None, seconds=3600))
    assert await later(desk, effect, 61) == LOOKS[3]
    assert await later(desk, effect, 181) == LOOKS[4]
    assert lag.fired >= 2
    desk.sandbox.faults.clear()
    assert await later(desk, effect, 601) is None
    assert len(desk.thread.by_bot()) == 1


async def test_comments_that_github_counts_and_hides_keep_nothing_back_for_ever(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(REPLY)
    desk.sandbox.comment(REPOSITORY, desk.number, "jonas", "Hidden, as far as lists go.")
    hidden = desk.sandbox.faults.add(Fault(FaultKind.LAG, "/comments$", "GET", times=None, seconds=3600))
    assert await later(desk, REPLY, 61) == LOOKS[3]
    assert await later(desk, REPLY, 601) is None
    assert hidden.fired >= 2
    assert len(desk.thread.by_bot()) == 1


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_delivery_about_our_comment_proves_it_however_far_lists_lag(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    lag = desk.sandbox.faults.add(Fault(FaultKind.LAG, "/comments$", "GET", times=None, seconds=3600))
    desk.ledger.deliveries = desk.sandbox.deliveries
    await desk.do(effect)
    (said,) = desk.thread.by_bot()
    assert next(iter(desk.ledger.rows.values())).target_id == said.id
    assert lag.fired >= 1


async def test_a_delivery_about_another_bot_s_copy_proves_nothing(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(STATUS)
    desk.sandbox.add_user("copycat[bot]", "Bot")
    desk.sandbox.comment(REPOSITORY, desk.number, "copycat[bot]", text("Hello.").body)
    desk.ledger.deliveries = desk.sandbox.deliveries
    with pytest.raises(Deferred):
        await desk.do(STATUS)


async def test_a_second_loss_is_waited_for_like_the_first(desk: Desk) -> None:
    """The first write did not happen, its repetition did; the list that does not show it yet is not believed."""
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(REPLY)
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await later(desk, REPLY, 61)
    (row,) = desk.ledger.rows.values()
    stale = desk.sandbox.faults.add(Fault(FaultKind.STALE, "/comments$", "GET"))
    with pytest.raises(Deferred) as raised:
        await desk.do(REPLY)
    assert raised.value.until == row.begun_at + LOOKS[0]
    assert stale.fired == 1
    assert await later(desk, REPLY, 11) is None
    assert len(desk.thread.by_bot()) == 1


@pytest.mark.parametrize("marker", ["foreign key", "another thread", "no marker"])
async def test_somebody_s_comment_is_not_taken_for_ours(desk: Desk, marker: str) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(STATUS)
    bodies = {
        "foreign key": text("x", key=b"l" * 32).body,
        "another thread": text("x", subject="1#6").body,
        "no marker": "x",
    }
    desk.sandbox.comment(REPOSITORY, desk.number, "jonas", bodies[marker])
    await desk.again(STATUS)
    assert len(desk.thread.by_bot()) == 1


async def test_a_person_who_copies_our_marker_is_not_us(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(STATUS)
    forged = desk.sandbox.comment(REPOSITORY, desk.number, "jonas", text("Hello.").body)
    await desk.again(STATUS)
    (said,) = desk.thread.by_bot()
    assert said.id != forged.id


async def test_a_failed_look_makes_nobodys_labels_ours(desk: Desk) -> None:
    """The list could not be read at first; by the second attempt a person has set the label."""
    fault = desk.sandbox.faults.add(Fault(FaultKind.STATUS_BEFORE, r"/issues/\d+/labels$", "GET"))
    with pytest.raises(Unavailable):
        await desk.do(PutLabels("own", ("bug",), commanded=False))
    assert fault.fired == 1
    desk.sandbox.add_label(REPOSITORY, desk.executor.event.number, "mira", "bug")
    await desk.do(PutLabels("own", ("bug",), commanded=False))
    assert desk.ledger.details.popitem()[1] == {"added": []}


@pytest.mark.parametrize(("commanded", "labels"), [(False, ()), (True, ("bug",))])
async def test_after_a_lost_answer_what_a_person_took_off_stays_off(
    desk: Desk, commanded: bool, labels: tuple[str, ...]
) -> None:
    effect = PutLabels("own", ("bug",), commanded=commanded)
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/labels$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    desk.sandbox.remove_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.again(effect)
    assert desk.thread.labels == labels


async def test_a_write_without_an_answer_keeps_the_rest_back(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/labels$")
    with pytest.raises(Unavailable):
        await desk.do(LABELS, STATUS)
    assert desk.thread.by_bot() == []
