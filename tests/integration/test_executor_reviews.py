"""The executor on reviews and reactions: once, for the head that was looked at."""

from dataclasses import replace

import pytest

from bot.domain.effects import PutReview
from bot.domain.errors import AssistantError, Deferred
from bot.domain.events import Actor, CommentRef
from bot.github.errors import Unavailable
from bot.sandbox.faults import Fault, FaultKind
from tests.support.assistant import REPOSITORY
from tests.support.desk import SEEN, Desk, text


def on_pull(desk: Desk, number: int, head: str) -> tuple[Desk, PutReview]:
    event = replace(desk.executor.event, number=number, is_pull=True)
    review = PutReview(
        head, text("A review.", "review"), ({"path": "docs/a.md", "line": 3, "side": "RIGHT"},), (text("A remark."),),
        ("digest",),
    )  # fmt: skip
    return replace(desk, executor=replace(desk.executor, event=event)), review


async def opened(desk: Desk) -> tuple[Desk, PutReview]:
    files = {"docs/a.md": "# Logs\n\nA line.\n"}
    number = desk.sandbox.open_pull(REPOSITORY, "jonas", "Explain logs", files=files).number
    await desk.sandbox.drain_webhooks()
    sent = next(one for one in desk.sandbox.deliveries if one.event == "pull_request")
    return on_pull(desk, number, sent.payload["pull_request"]["head"]["sha"])


async def test_a_review_is_posted_once(desk: Desk) -> None:
    there, review = await opened(desk)
    await there.do(review)
    asked = len(there.sandbox.requests)
    await there.again(review)
    assert len(there.sandbox.requests) == asked
    (posted,) = there.thread.reviews
    assert [one.body for one in posted.comments] == [review.bodies[0].body]
    assert next(iter(there.ledger.details.values())) == {"remarks": ["digest"]}


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_a_review_without_an_answer_is_there_once(desk: Desk, kind: FaultKind) -> None:
    there, review = await opened(desk)
    there.arm(kind, r"/pulls/\d+/reviews$")
    with pytest.raises(Unavailable):
        await there.do(review)
    if kind is FaultKind.RESET_BEFORE:
        with pytest.raises(Deferred):
            await there.do(review)
    await there.again(review)
    assert len(there.thread.reviews) == 1
    assert next(iter(there.ledger.details.values())) == {"remarks": ["digest"]}


async def test_a_second_loss_of_a_review_is_waited_for_like_the_first(desk: Desk) -> None:
    there, review = await opened(desk)
    there.arm(FaultKind.RESET_BEFORE, r"/pulls/\d+/reviews$")
    with pytest.raises(Unavailable):
        await there.do(review)
    there.arm(FaultKind.RESET_AFTER, r"/pulls/\d+/reviews$")
    with pytest.raises(Unavailable):
        await there.again(review)
    stale = there.sandbox.faults.add(Fault(FaultKind.STALE, "/reviews$", "GET"))
    with pytest.raises(Deferred):
        await there.do(review)
    assert stale.fired == 1
    assert len(there.thread.reviews) == 1


async def test_a_review_of_an_old_head_is_not_posted(desk: Desk) -> None:
    there, review = await opened(desk)
    there.sandbox.push_to_pull(REPOSITORY, there.number, "jonas", {"docs/a.md": "# Logs\n\nAnother line.\n"})
    await there.do(review)
    assert (there.thread.reviews, there.writes, there.ledger.rows) == ((), [], {})


async def test_a_refused_review_did_not_happen(desk: Desk) -> None:
    there, review = await opened(desk)
    outside = replace(review, remarks=({"path": "docs/a.md", "line": 99, "side": "RIGHT"},))
    with pytest.raises(AssistantError):
        await there.do(outside)
    assert there.ledger.rows == {}


async def test_a_reaction_goes_to_the_comment_that_was_made(desk: Desk) -> None:
    await desk.do(SEEN)
    (said,) = [one for one in desk.thread.comments if not one.is_bot]
    assert said.reactions == {"eyes": 1}


async def test_a_reaction_to_a_comment_that_is_gone_is_let_be(desk: Desk) -> None:
    assert desk.executor.event.comment is not None
    desk.sandbox.delete_comment(desk.executor.event.comment.id, "mira")
    await desk.do(SEEN)
    assert next(iter(desk.ledger.rows.values())).state == "done"


async def test_a_review_comment_has_reactions_of_its_own(desk: Desk) -> None:
    there, _review = await opened(desk)
    made = there.sandbox.review_comment(REPOSITORY, there.number, "mira", "docs/a.md", 3, "/label bug")
    event = replace(
        there.executor.event,
        kind="pull_request_review_comment.created",
        comment=CommentRef(made.id, Actor("mira", 1), "/label bug", None),
    )
    await replace(there, executor=replace(there.executor, event=event)).do(SEEN)
    assert there.writes[-1].endswith(f"/pulls/comments/{made.id}/reactions")


@pytest.mark.parametrize("comment", [None, CommentRef(1, Actor("mira", 1), "x", None)])
async def test_what_cannot_be_reacted_to_is_let_be(desk: Desk, comment: CommentRef | None) -> None:
    event = replace(desk.executor.event, kind="pull_request_review.submitted", comment=comment)
    await replace(desk, executor=replace(desk.executor, event=event)).do(SEEN)
    assert desk.writes == []
