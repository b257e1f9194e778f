"""From allowed actions to effects: one request for labels, one comment, one reply, one review per head."""

from dataclasses import replace
from typing import Final

import pytest

from bot.domain.actions import (
    Action,
    AddLabels,
    DropSection,
    LineComment,
    React,
    Reaction,
    RemoveLabels,
    Reply,
    Review,
    SetSection,
    Source,
)
from bot.domain.compose import Stage, compose, remark_digest
from bot.domain.effects import Effect, PutLabels, PutReaction, PutReply, PutReview, PutStatus, TakeLabels
from bot.domain.status import Section, Thread
from bot.domain.text import Marker, Prose, UnsafeText, find_marker
from tests.unit.capabilities.build import POLICY

KEY: Final = b"k" * 32
STAGE: Final = Stage(1, 5, "issue_comment-99", POLICY, KEY, (Prose("Automated."),), ("welcome", "triage"))
WORDS: Final = (Prose("Words."),)
HEAD: Final = "a" * 40
REMARK: Final = LineComment("docs/a.md", 3, WORDS, suggestion=("receive",), original=("recieve",))


def effects(*plans: tuple[str, tuple[Action, ...]], known: frozenset[str] = frozenset()) -> tuple[Effect, ...]:
    return compose(plans, Thread(), STAGE, known)


def labels(*names: str, source: Source = Source.RULES) -> AddLabels:
    return AddLabels(names, source)


LABELS: Final[dict[str, tuple[tuple[Action, ...], tuple[Effect, ...]]]] = {
    "none": ((), ()),
    "one": ((labels("bug"),), (PutLabels("own", ("bug",), commanded=False),)),
    "of rules and a model together, each once": (
        (labels("bug", "question"), labels("question", "docs", source=Source.MODEL)),
        (PutLabels("own", ("bug", "question", "docs"), commanded=False),),
    ),
    "of people apart": (
        (labels("area", source=Source.COMMAND), labels("bug")),
        (PutLabels("own", ("bug",), commanded=False), PutLabels("commanded", ("area",), commanded=True)),
    ),
    "taken off together": (
        (RemoveLabels(("a", "b"), Source.RULES), RemoveLabels(("b", "c"), Source.COMMAND)),
        (TakeLabels("taken", ("a", "b", "c")),),
    ),
}


@pytest.mark.parametrize(("actions", "expected"), LABELS.values(), ids=LABELS)
def test_labels(actions: tuple[Action, ...], expected: tuple[Effect, ...]) -> None:
    assert effects(("triage", actions)) == expected
    assert effects(*(("triage", (one,)) for one in actions)) == expected


def test_effects_come_in_their_order() -> None:
    actions = (
        React(Reaction.DONE), Reply(WORDS), Review(HEAD, WORDS, (REMARK,)), SetSection(WORDS),
        RemoveLabels(("a",), Source.RULES), labels("bug"),
    )  # fmt: skip
    assert [type(one) for one in effects(("triage", actions))] == [
        PutLabels, TakeLabels, PutStatus, PutReview, PutReply, PutReaction,
    ]  # fmt: skip


def test_the_sections_of_all_capabilities_share_one_comment() -> None:
    (status,) = effects(("triage", (SetSection((Prose("B."),)),)), ("welcome", (SetSection((Prose("A."),)),)))
    assert isinstance(status, PutStatus)
    assert status.body is not None
    assert status.body.body.split("\n\n")[-3:] == [f"{STAGE.marker('status')}\nA.", "B.", "Automated."]
    assert set(status.thread.sections) == {"triage", "welcome"}


def test_a_thread_whose_comment_must_not_exist_is_remembered_all_the_same() -> None:
    (status,) = compose([("triage", (SetSection(WORDS),))], Thread(silenced=True), STAGE, frozenset())
    assert isinstance(status, PutStatus)
    assert (status.body, set(status.thread.sections)) == (None, {"triage"})


def test_a_section_goes() -> None:
    thread = Thread(9, {"triage": Section(WORDS)})
    (status,) = compose([("triage", (DropSection((Prose("Done."),)),))], thread, STAGE, frozenset())
    assert isinstance(status, PutStatus)
    assert status.body is not None
    assert "Done." in status.body.body


def test_several_replies_are_one_comment() -> None:
    (reply,) = effects(("commands", (Reply((Prose("One."),)), Reply((Prose("Two."),)))), ("triage", (Reply(WORDS),)))
    assert isinstance(reply, PutReply)
    assert reply.body.body == f"{STAGE.marker('reply', 'issue_comment-99')}\nOne.\n\nTwo.\n\nWords.\n\nAutomated."


def test_a_receipt_is_given_once() -> None:
    done = React(Reaction.DONE)
    assert effects(("commands", (done, done)), ("triage", (done,))) == (PutReaction(Reaction.DONE),)


def test_markers_are_good_for_one_thread_and_one_comment() -> None:
    made = [
        STAGE.marker("status"), STAGE.marker("reply", "x-1"), STAGE.marker("reply", "x-2"),
        replace(STAGE, number=6).marker("status"), replace(STAGE, repository=2).marker("status"),
        replace(STAGE, marker_key=b"l" * 32).marker("status"),
    ]  # fmt: skip
    assert len(set(made)) == len(made)
    assert find_marker(made[1], KEY) == Marker("reply", "1#5.x-1")
    assert find_marker(made[-1], KEY) is None


def test_a_review_says_each_remark_at_its_place() -> None:
    several = LineComment("docs/a.md", 9, WORDS, start_line=7)
    one_line = LineComment("docs/b.md", 4, WORDS, start_line=4)
    (review,) = effects(("docs", (Review(HEAD, WORDS, (REMARK, several, one_line)),)))
    assert isinstance(review, PutReview)
    assert review.head_sha == HEAD
    assert review.remarks == (
        {"path": "docs/a.md", "line": 3, "side": "RIGHT"},
        {"path": "docs/a.md", "line": 9, "side": "RIGHT", "start_line": 7, "start_side": "RIGHT"},
        {"path": "docs/b.md", "line": 4, "side": "RIGHT"},
    )
    assert [one.body for one in review.bodies] == ["Words.\n\n```suggestion\nreceive\n```", "Words.", "Words."]
    assert review.digests == tuple(remark_digest(one) for one in (REMARK, several, one_line))
    assert find_marker(review.body.body, KEY) == Marker("review", f"1#5.{HEAD}")


def test_remarks_that_were_made_before_are_not_made_again() -> None:
    other = replace(REMARK, original=("wich",), suggestion=("which",))
    known = frozenset({remark_digest(REMARK)})
    assert effects(("docs", (Review(HEAD, WORDS, (REMARK,)),)), known=known) == ()
    (review,) = effects(("docs", (Review(HEAD, WORDS, (REMARK, other)),)), known=known)
    assert isinstance(review, PutReview)
    assert review.digests == (remark_digest(other),)


def test_a_remark_of_which_nothing_is_left_does_not_take_the_review_with_it() -> None:
    """GitHub answers 422 for a review with one blank remark: all others would be lost with it."""
    nothing = replace(REMARK, text=(Prose("[a]: https://evil.example\n\u200b"),), suggestion=None)
    (review,) = effects(("docs", (Review(HEAD, WORDS, (nothing, REMARK)),)))
    assert isinstance(review, PutReview)
    assert (len(review.remarks), len(review.bodies)) == (1, 1)
    assert review.digests == (remark_digest(REMARK),)
    assert effects(("docs", (Review(HEAD, WORDS, (nothing,)),))) == ()


MOVED: Final[dict[str, tuple[LineComment, bool]]] = {
    "to another line": (replace(REMARK, line=30, start_line=29), True),
    "to another file": (replace(REMARK, path="docs/b.md"), False),
    "on another text": (replace(REMARK, original=("recieved",)), False),
    "with another suggestion": (replace(REMARK, suggestion=("received",)), False),
    "in other words": (replace(REMARK, text=(Prose("Other words."),)), False),
    "with the suggestion as text": (replace(REMARK, original=("recieve", "receive"), suggestion=()), False),
}


@pytest.mark.parametrize(("remark", "same"), MOVED.values(), ids=MOVED)
def test_what_makes_a_remark_the_same(remark: LineComment, same: bool) -> None:
    assert (remark_digest(remark) == remark_digest(REMARK)) is same


def test_a_suggestion_that_is_unsafe_is_never_composed() -> None:
    with pytest.raises(UnsafeText):
        effects(("docs", (Review(HEAD, WORDS, (replace(REMARK, suggestion=("/close",)),)),)))
