"""Who may say that we are wrong, about what, and what is stored of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.events import Actor
from bot.domain.facts import Need
from bot.domain.feedback import DUPLICATES, LABELS, TRIAGE, Feedback, Opinion
from bot.domain.opinions import LABEL, NOT_DUPLICATE, UNLABEL, WRONG, opinions_of
from tests.unit.capabilities.build import AUTHOR, MAINTAINER, NOW, comment, commented, set_by_people, set_by_us

STRANGER = Actor("eve", 66)
ON = frozenset({WRONG, NOT_DUPLICATE, LABEL, UNLABEL})
TOLD = (Feedback(5, LABELS, "bug", Opinion.RIGHT, "x", "comment:1", NOW),)
OURS: dict[str, Any] = {"item_labels": frozenset({"bug", "area: cli"}), "label_events": set_by_us("bug", "area: cli")}
THEIRS: dict[str, Any] = {"item_labels": frozenset({"bug"}), "label_events": set_by_people("bug")}

CASES: dict[str, tuple[str, Actor, dict[str, Any], list[tuple[str, str]]]] = {
    "the author, a label": ("/wrong Bug", AUTHOR, OURS, [(TRIAGE, "bug")]),
    "the author, all labels": ("/wrong", AUTHOR, OURS, [(TRIAGE, "area: cli"), (TRIAGE, "bug")]),
    "a maintainer": ("/wrong bug", MAINTAINER, {**OURS, "role": "triage"}, [(TRIAGE, "bug")]),
    "a stranger": ("/wrong bug", STRANGER, OURS, []),
    "somebody who may read": ("/wrong bug", STRANGER, {**OURS, "role": "read"}, []),
    "a label of a person": ("/wrong bug", AUTHOR, THEIRS, []),
    "a label that a person asked for": ("/wrong bug", AUTHOR, {**OURS, "feedback": TOLD}, []),
    "all but what a person asked for": ("/wrong", AUTHOR, {**OURS, "feedback": TOLD}, [(TRIAGE, "area: cli")]),
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


RIGHTS: dict[str, Any] = {"role": "triage"}
OFF, HERE = Opinion.WRONG, Opinion.RIGHT
WORDS: dict[str, tuple[str, dict[str, Any], list[tuple[str, str, Opinion]]]] = {
    "ours off": ("/unlabel Bug", {**OURS, **RIGHTS}, [(TRIAGE, "bug", OFF)]),
    "a person's off": ("/unlabel bug", {**THEIRS, **RIGHTS}, [(LABELS, "bug", OFF)]),
    "off what we put there when told": ("/unlabel bug", {**OURS, **RIGHTS, "feedback": TOLD}, [(LABELS, "bug", OFF)]),
    "off what is not there": ("/unlabel question", {**OURS, **RIGHTS}, [(LABELS, "question", OFF)]),
    "here": ("/label BUG, question", RIGHTS, [(LABELS, "bug", HERE), (LABELS, "question", HERE)]),
    "off, then here": ("/unlabel bug\n/label bug", {**OURS, **RIGHTS}, [(LABELS, "bug", HERE)]),
    "here, then wrong": ("/label bug\n/wrong Bug", {**OURS, **RIGHTS}, [(TRIAGE, "bug", OFF)]),
    "unknown": ("/label zzz\n/unlabel zzz", RIGHTS, []),
    "without names": ("/unlabel", {**OURS, **RIGHTS}, []),
    "the author, who may not": ("/unlabel bug\n/label question", {**OURS, "by": AUTHOR}, []),
    "labels unread": ("/unlabel bug", {**OURS, **RIGHTS, "unread": frozenset({Need.LABELS})}, []),
}


@pytest.mark.parametrize(("said", "more", "words"), WORDS.values(), ids=WORDS)
def test_words_about_labels(said: str, more: dict[str, Any], words: list[tuple[str, str, Opinion]]) -> None:
    found = opinions_of(commented(said, **more), ON, str)
    assert [(one.capability, one.subject, one.opinion) for one in found] == words


def test_a_word_is_as_old_as_its_comment() -> None:
    """By GitHub's clock, as are the labels that people set and take off by hand."""
    then = NOW - timedelta(minutes=5)
    written = replace(comment("/unlabel bug", MAINTAINER, number=99), created_at=then)
    (word,) = opinions_of(commented("/unlabel bug", comments=(written,), **OURS, **RIGHTS), ON, str)
    assert word.at == then
