"""Who may say that we are wrong, about what, and what is stored of it."""

from typing import Any

import pytest

from bot.domain.events import Actor
from bot.domain.feedback import DUPLICATES, TRIAGE, Opinion
from bot.domain.opinions import NOT_DUPLICATE, WRONG, opinions_of
from tests.unit.capabilities.build import AUTHOR, MAINTAINER, NOW, commented, set_by_people, set_by_us

STRANGER = Actor("eve", 66)
ON = frozenset({WRONG, NOT_DUPLICATE})
OURS: dict[str, Any] = {"item_labels": frozenset({"bug", "area: cli"}), "label_events": set_by_us("bug", "area: cli")}
THEIRS: dict[str, Any] = {"item_labels": frozenset({"bug"}), "label_events": set_by_people("bug")}

CASES: dict[str, tuple[str, Actor, dict[str, Any], list[tuple[str, str]]]] = {
    "the author, a label": ("/wrong Bug", AUTHOR, OURS, [(TRIAGE, "bug")]),
    "the author, all labels": ("/wrong", AUTHOR, OURS, [(TRIAGE, "area: cli"), (TRIAGE, "bug")]),
    "a maintainer": ("/wrong bug", MAINTAINER, {**OURS, "role": "triage"}, [(TRIAGE, "bug")]),
    "a stranger": ("/wrong bug", STRANGER, OURS, []),
    "somebody who may read": ("/wrong bug", STRANGER, {**OURS, "role": "read"}, []),
    "a label of a person": ("/wrong bug", AUTHOR, THEIRS, []),
    "no label of ours at all": ("/wrong", AUTHOR, THEIRS, [(TRIAGE, "")]),
    "in a quote": ("> /wrong bug", AUTHOR, OURS, []),
    "no duplicate of one": ("/not-duplicate #12", AUTHOR, {}, [(DUPLICATES, "12")]),
    "no duplicate of two": ("/not-duplicate 12, #13", AUTHOR, {}, [(DUPLICATES, "12"), (DUPLICATES, "13")]),
    "no duplicate of any": ("/not-duplicate", AUTHOR, {}, [(DUPLICATES, "")]),
    "no number": ("/not-duplicate of that", AUTHOR, {}, []),
    "another repository's": ("/not-duplicate octo/other#12", AUTHOR, {}, []),
    "twice": ("/wrong bug\n/wrong bug", AUTHOR, OURS, [(TRIAGE, "bug")]),
    "another command": ("/why", AUTHOR, OURS, []),
}


@pytest.mark.parametrize(("comment", "by", "more", "said"), CASES.values(), ids=CASES)
def test_opinions(comment: str, by: Actor, more: dict[str, Any], said: list[tuple[str, str]]) -> None:
    found = opinions_of(commented(comment, by=by, **more), ON, str.upper)
    assert [(one.capability, one.subject) for one in found] == said
    assert all(
        (one.number, one.opinion, one.actor, one.source, one.at)
        == (5, Opinion.WRONG, by.login.upper(), "comment:99", NOW)
        for one in found
    )


def test_a_review_stores_nothing() -> None:
    kind = "pull_request_review_comment.created"
    assert opinions_of(commented("/wrong bug", by=AUTHOR, kind=kind, **OURS), ON, str) == ()


def test_a_command_that_is_off_stores_nothing() -> None:
    assert opinions_of(commented("/wrong bug", by=AUTHOR, **OURS), frozenset({NOT_DUPLICATE}), str) == ()
