"""The executor on the sandbox GitHub, effect by effect: only the difference, nothing twice, nothing after the fence."""

from typing import Any, Final

import pytest

from bot.domain.actions import Reaction
from bot.domain.effects import Effect, PutLabels, PutReaction, PutStatus, TakeLabels
from bot.domain.errors import ClaimLost, Deferred, Terminal
from bot.domain.status import Thread
from bot.github.errors import Forbidden, Unavailable
from bot.sandbox.faults import FaultKind
from tests.support.assistant import REPOSITORY
from tests.support.desk import EVERY, ISSUES, LABELS, REPLY, STATUS, Desk, text


@pytest.mark.parametrize("effect", EVERY.values(), ids=EVERY)
async def test_after_the_claim_is_lost_nothing_is_written(desk: Desk, effect: Effect) -> None:
    desk.lost.append(True)
    with pytest.raises(ClaimLost):
        await desk.do(effect)
    assert desk.writes == []


async def test_after_the_claim_is_lost_nothing_is_edited_or_taken_off(desk: Desk) -> None:
    await desk.do(LABELS, STATUS)
    before = desk.writes
    desk.lost.append(True)
    for effect in (TakeLabels("taken", ("bug",)), PutStatus(text("Other."), desk.ledger.thread or Thread())):
        with pytest.raises(ClaimLost):
            await desk.do(effect)
    assert desk.writes == before


@pytest.mark.parametrize("effect", EVERY.values(), ids=EVERY)
async def test_what_is_done_is_not_done_again(desk: Desk, effect: Effect) -> None:
    await desk.do(effect)
    before = desk.writes
    await desk.again(effect)
    assert (len(before), desk.writes) == (1, before)


async def test_what_was_done_is_settled_whatever_comes_after_it(desk: Desk) -> None:
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/comments$", "GET", status=502)
    with pytest.raises(Unavailable):
        await desk.do(LABELS, STATUS)
    assert [row.state for row in desk.ledger.rows.values()] == ["done", "pending"]
    await desk.do(TakeLabels("taken", ("bug",)))
    assert [row.state for row in desk.ledger.rows.values()] == ["done", "pending", "done"]


async def test_what_was_done_is_known_before_a_comment_is_edited(desk: Desk) -> None:
    """A crash in the edit must not take off a label once more that a person has put back since."""
    await desk.do(LABELS, STATUS)
    states: list[str] = []
    real = desk.executor.github.get

    async def noting(url: str, **query: Any) -> Any:
        states.extend(row.state for row in desk.ledger.rows.values())
        return await real(url, **query)

    desk.executor.github.get = noting  # type: ignore[method-assign]
    await desk.do(TakeLabels("taken", ("bug",)), PutStatus(text("Other."), desk.ledger.thread or Thread()))
    assert states == ["done"] * 3


async def test_after_the_claim_is_lost_the_thread_is_not_remembered(desk: Desk) -> None:
    desk.lost.append(True)
    with pytest.raises(ClaimLost):
        await desk.do(PutStatus(None, Thread(silenced=False)))
    assert desk.ledger.thread is None


async def test_what_was_not_sent_makes_nobodys_labels_ours(desk: Desk) -> None:
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/labels$", status=429, headers={"retry-after": "60"})
    with pytest.raises(Deferred):
        await desk.do(LABELS)
    assert [row.added for row in desk.ledger.rows.values()] == [()]


async def test_a_label_that_was_added_is_not_added_again_when_a_person_took_it_off(desk: Desk) -> None:
    effect = PutLabels("commanded", ("bug",), commanded=True)
    await desk.do(effect)
    desk.sandbox.remove_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.again(effect)
    assert desk.thread.labels == ()


REFUSED: Final = {"labels": LABELS, "status": STATUS, "reply": REPLY}


@pytest.mark.parametrize("effect", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("status", [403, 404, 410, 422])
async def test_a_refused_write_did_not_happen(desk: Desk, effect: Effect, status: int) -> None:
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/(labels|comments)$", status=status)
    with pytest.raises(Terminal):
        await desk.do(effect)
    assert desk.ledger.rows == {}


async def test_labels_that_are_there_are_not_added_again(desk: Desk) -> None:
    desk.sandbox.add_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.do(PutLabels("own", ("bug", "question"), commanded=False))
    assert desk.ledger.details.popitem()[1] == {"added": ["question"]}
    await desk.do(PutLabels("more", ("bug",), commanded=False))
    assert desk.ledger.details.popitem()[1] == {"added": []}
    assert len(desk.writes) == 1


@pytest.mark.parametrize("commanded", [False, True])
async def test_a_label_that_the_repository_lacks_is_never_made(desk: Desk, commanded: bool) -> None:
    await desk.do(PutLabels("own", ("zzz", "bug"), commanded=commanded))
    assert desk.thread.labels == ("bug",)


async def test_only_labels_that_are_there_are_taken_off(desk: Desk) -> None:
    await desk.do(LABELS, TakeLabels("taken", ("bug", "question")))
    assert desk.thread.labels == ()
    assert len([one for one in desk.writes if one.startswith("DELETE")]) == 1
    await desk.do(TakeLabels("taken", ("bug", "question")))
    assert len(desk.writes) == 2


async def test_a_label_that_goes_meanwhile_is_gone(desk: Desk) -> None:
    await desk.do(LABELS)
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/labels/bug$", "DELETE", status=404)
    await desk.do(TakeLabels("taken", ("bug",)))
    assert any(row.state == "done" for key, row in desk.ledger.rows.items() if key.endswith(":taken"))


async def test_taking_labels_off_is_recorded_and_not_repeated(desk: Desk) -> None:
    await desk.do(LABELS, TakeLabels("taken", ("bug",)))
    desk.sandbox.add_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.do(TakeLabels("taken", ("bug",)))
    assert desk.thread.labels == ("bug",)


async def test_the_comment_is_edited_in_place_and_only_if_it_changes(desk: Desk) -> None:
    await desk.do(STATUS)
    assert desk.ledger.thread is not None
    await desk.do(PutStatus(text("Hello."), desk.ledger.thread))
    assert len(desk.writes) == 1
    await desk.do(PutStatus(text("Changed."), desk.ledger.thread))
    (said,) = desk.thread.by_bot()
    assert "Changed." in said.body


async def test_a_comment_of_an_earlier_delivery_is_used_even_if_the_thread_was_not_saved(desk: Desk) -> None:
    await desk.do(STATUS)
    await desk.do(PutStatus(text("Changed."), Thread()))
    (said,) = desk.thread.by_bot()
    assert "Changed." in said.body
    assert desk.ledger.thread is not None
    assert desk.ledger.thread.comment_id == said.id


async def test_a_deleted_comment_does_not_return_if_the_thread_was_not_saved(desk: Desk) -> None:
    await desk.do(STATUS)
    desk.sandbox.delete_comment(desk.thread.by_bot()[0].id, "mira")
    await desk.again(PutStatus(text("Again."), Thread()))
    assert desk.thread.by_bot() == []
    assert desk.ledger.thread is not None
    assert desk.ledger.thread.silenced


async def test_a_reply_that_a_person_deleted_does_not_return(desk: Desk) -> None:
    await desk.do(REPLY)
    desk.sandbox.delete_comment(desk.thread.by_bot()[0].id, "mira")
    await desk.again(REPLY)
    assert desk.thread.by_bot() == []


async def test_a_comment_that_a_person_deleted_silences_the_thread(desk: Desk) -> None:
    await desk.do(STATUS)
    desk.sandbox.delete_comment(desk.thread.by_bot()[0].id, "mira")
    await desk.do(PutStatus(text("Again."), desk.ledger.thread or Thread()))
    assert desk.thread.by_bot() == []
    assert desk.ledger.thread is not None
    assert (desk.ledger.thread.comment_id, desk.ledger.thread.silenced) == (None, True)


async def test_without_a_body_the_thread_is_remembered_and_nothing_written(desk: Desk) -> None:
    await desk.do(PutStatus(None, Thread(silenced=True)))
    assert (desk.writes, desk.ledger.thread) == ([], Thread(silenced=True))


async def test_a_locked_conversation_gets_nothing(desk: Desk) -> None:
    desk.sandbox.lock(REPOSITORY, desk.number, "mira")
    with pytest.raises(Forbidden):
        await desk.do(STATUS, REPLY)
    assert desk.thread.by_bot() == []


async def test_what_is_refused_does_not_keep_the_rest_back_and_the_receipt_says_so(desk: Desk) -> None:
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/labels$", status=422)
    with pytest.raises(Terminal):
        await desk.do(LABELS, STATUS, PutReaction(Reaction.DONE))
    assert len(desk.thread.by_bot()) == 1
    (said,) = [one for one in desk.thread.comments if not one.is_bot]
    assert said.reactions == {"confused": 1}


async def test_after_a_new_installation_our_old_comment_is_found(desk: Desk) -> None:
    await desk.do(STATUS)
    desk.ledger.rows.clear()
    await desk.do(PutStatus(text("Changed."), Thread()))
    (said,) = desk.thread.by_bot()
    assert "Changed." in said.body
