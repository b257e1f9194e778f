"""Whose word about a label counts: the newest of a person, by hand or by a command, and never our own."""

from datetime import timedelta
from typing import Final

import pytest

from bot.domain.facts import LabelEvent, Need, ThreadMemory
from bot.domain.feedback import ALL, DUPLICATES, LABELS, TRIAGE, Feedback, Opinion
from tests.unit.capabilities.build import NOW, facts

RIGHT, WRONG = Opinion.RIGHT, Opinion.WRONG


def hand(at: int, *, added: bool, label: str = "bug") -> LabelEvent:
    return LabelEvent(label, added, ours=False, at=NOW + timedelta(seconds=at))


def ours(at: int, *, added: bool) -> LabelEvent:
    return LabelEvent("bug", added, ours=True, at=NOW + timedelta(seconds=at))


def said(at: int, opinion: Opinion, subject: str = "bug", capability: str = LABELS) -> Feedback:
    return Feedback(5, capability, subject, opinion, "x", f"comment:{at}", NOW + timedelta(seconds=at))


OFF: Final = ours(2, added=False)
# the history of labels, what was said, whether the label may not come back by itself
REMOVED: Final[dict[str, tuple[tuple[LabelEvent, ...], tuple[Feedback, ...], bool]]] = {
    "never": ((ours(1, added=True),), (), False),
    "by our own rules": ((ours(1, added=True), OFF), (), False),
    "by hand": ((ours(1, added=True), hand(2, added=False)), (), True),
    "by hand, under another spelling": ((ours(1, added=True), hand(2, added=False, label="BUG")), (), True),
    "by /unlabel, which we carry out": ((ours(1, added=True), OFF), (said(2, WRONG, "Bug", TRIAGE),), True),
    "by /unlabel of a person's label": ((hand(1, added=True), OFF), (said(2, WRONG),), True),
    "by /unlabel, then by /label": ((ours(1, added=True), OFF), (said(2, WRONG), said(3, RIGHT)), False),
    "by /label, then by /unlabel": ((ours(1, added=True), OFF), (said(1, RIGHT), said(2, WRONG)), True),
    "by hand, then by /label": ((hand(1, added=False), ours(3, added=True)), (said(3, RIGHT),), False),
    "by /label, then by hand": ((ours(1, added=True), hand(2, added=False)), (said(1, RIGHT),), True),
    "by /unlabel, then put back by hand": ((OFF, hand(4, added=True)), (said(2, WRONG),), False),
    "called wrong, all of it": ((), (said(1, WRONG, "", ALL),), False),
    "an issue of that number": ((), (said(1, WRONG, "bug", DUPLICATES),), False),
    "another label": ((), (said(1, WRONG, "question"),), False),
}


@pytest.mark.parametrize(("events", "feedback", "removed"), REMOVED.values(), ids=REMOVED)
def test_what_does_not_come_back(events: tuple[LabelEvent, ...], feedback: tuple[Feedback, ...], removed: bool) -> None:
    assert facts(label_events=events, feedback=feedback).was_removed("bug") is removed


NOBODY: Final[frozenset[str]] = frozenset()
BUG: Final = frozenset({"bug"})
# what was said of a label that we put there, and what of it is ours
ASKED: Final[dict[str, tuple[tuple[Feedback, ...], frozenset[str]]]] = {
    "nothing": ((), BUG),
    "/label": ((said(1, RIGHT),), NOBODY),
    "/label, then /unlabel": ((said(1, RIGHT), said(2, WRONG)), BUG),
}


@pytest.mark.parametrize("unread", [False, True], ids=["history", "our own record"])
@pytest.mark.parametrize(("feedback", "mine"), ASKED.values(), ids=ASKED)
def test_what_a_person_asked_for_is_that_person_s(
    feedback: tuple[Feedback, ...], mine: frozenset[str], unread: bool
) -> None:
    known = facts(
        item_labels=BUG, feedback=feedback, label_events=() if unread else (ours(1, added=True),),
        memory=ThreadMemory(applied_labels=BUG), unread=frozenset({Need.LABEL_EVENTS} if unread else ()),
    )  # fmt: skip
    assert (known.put_by_us, known.set_by_us) == (BUG, mine)
