"""Who gets a priority label, and when it goes."""

from dataclasses import replace
from typing import Any

import pytest

from bot.capabilities.priority import CAPABILITY
from bot.capabilities.priority.config import PriorityOptions
from bot.capabilities.priority.evidence import Harm
from bot.domain import feedback
from bot.domain.actions import AddLabels, DropSection, RemoveLabels, SetSection, Source
from bot.domain.capability import Mode
from bot.domain.facts import Facts, Label, ThreadMemory
from bot.domain.feedback import ALL, TRIAGE, Feedback, Opinion
from bot.domain.plan import Plan, Skip
from tests.unit.capabilities.build import (
    MAINTAINER,
    NOW,
    actions_of,
    comment,
    context,
    facts,
    removed_by_people,
    rendered,
    set_by_us,
)

OPTIONS = PriorityOptions(labels={Harm.DATA_LOSS: "P0", Harm.CRASH: "P1"})
LABELS = (Label("P0"), Label("P1"), Label("bug"))
CRASH = "It crashes when I open the file."
LOSS = "Then it deletes all my files."


def report(body: str = CRASH, kind: str = "issues.opened", **changes: Any) -> Facts:
    return facts(kind, body=body, **{"labels": LABELS, **changes})


def decide(given: Facts, options: PriorityOptions = OPTIONS, mode: Mode = Mode.ACT) -> Plan | Skip:
    return CAPABILITY.decide(given, None, context(options, mode=mode))


def test_the_label_comes_with_the_sentence_it_rests_on() -> None:
    added, section = actions_of(decide(report()))
    assert added == AddLabels(("P1",), Source.RULES)
    assert isinstance(section, SetSection)
    assert section.quiet
    assert f"> {CRASH}" in rendered(section.text)


def test_the_first_in_the_configuration_counts() -> None:
    assert actions_of(decide(report(f"{CRASH} {LOSS}")))[0] == AddLabels(("P0",), Source.RULES)


def test_only_suggested() -> None:
    (section,) = actions_of(decide(report(), mode=Mode.SUGGEST))
    assert isinstance(section, SetSection)
    assert not section.quiet
    assert "`P1` may fit" in rendered(section.text)


def said(label: str, capability: str = TRIAGE, opinion: Opinion = Opinion.WRONG) -> tuple[Feedback, ...]:
    return (Feedback(5, capability, label, opinion, "x", "comment:1", NOW),)


WANTED = said("P1", feedback.LABELS, Opinion.RIGHT)
OURS: dict[str, Any] = {
    "item_labels": frozenset({"P1"}),
    "label_events": set_by_us("P1"),
    "memory": ThreadMemory(sections=frozenset({"priority"})),
}
NOTHING = {
    "not configured": (report(), PriorityOptions(), "no priority label is configured that the repository has"),
    "no such label": (
        report(labels=(Label("bug"),)),
        OPTIONS,
        "no priority label is configured that the repository has",
    ),
    "no sentence": (report("It is slow."), OPTIONS, "no sentence of the report says how bad it is"),
    "a pull request": (report(kind="pull_request.opened"), OPTIONS, "only open issues have a priority"),
    "closed": (report(item_state="closed"), OPTIONS, "only open issues have a priority"),
    "locked": (report(item_locked=True), OPTIONS, "only open issues have a priority"),
    "a person's label": (report(item_labels=frozenset({"P0"})), OPTIONS, "a person set P0"),
    "a person removed it": (report(label_events=removed_by_people("P1")), OPTIONS, "a person removed P1"),
    "a person removed another one": (
        report(label_events=removed_by_people("P0")),
        OPTIONS,
        "a person removed P0",
    ),
    "a person took it off by a command": (report(feedback=said("p1")), OPTIONS, "a person removed P1"),
    "people called it wrong": (report(feedback=said("", ALL)), OPTIONS, "people said that what was done here is wrong"),
    "a person asked for it": (
        report("It is slow.", "issues.edited", **{**OURS, "memory": ThreadMemory()}, feedback=WANTED),
        OPTIONS,
        "a person set P1",
    ),
    "there already": (
        report(item_labels=frozenset({"P1"}), label_events=set_by_us("P1")),
        OPTIONS,
        "P1 is already set",
    ),
    "answered": (
        report(comments=(comment("Looking at it.", MAINTAINER, "MEMBER"),)),
        OPTIONS,
        "a maintainer has answered already",
    ),
}


@pytest.mark.parametrize(("given", "options", "reason"), NOTHING.values(), ids=NOTHING)
def test_when_nothing_happens(given: Facts, options: PriorityOptions, reason: str) -> None:
    assert decide(given, options) == Skip(reason)


def test_a_label_is_known_in_any_case() -> None:
    options = PriorityOptions(labels={Harm.CRASH: "p1"})
    allowed = replace(context(options), labels=frozenset({"p1", "P1"}))
    assert actions_of(CAPABILITY.decide(report(), None, allowed))[0] == AddLabels(("P1",), Source.RULES)


def test_no_other_priority_comes_where_a_person_removed_one() -> None:
    removed = {**OURS, "item_labels": frozenset(), "label_events": removed_by_people("P1")}
    (dropped,) = actions_of(decide(report(f"{CRASH} {LOSS}", "issues.edited", **removed)))
    assert isinstance(dropped, DropSection)


def test_an_edit_changes_the_label() -> None:
    taken, added, _section = actions_of(decide(report(f"{CRASH} {LOSS}", "issues.edited", **OURS)))
    assert taken == RemoveLabels(("P1",), Source.RULES)
    assert added == AddLabels(("P0",), Source.RULES)


def test_an_edit_that_takes_the_sentence_out_takes_the_label_too() -> None:
    taken, dropped = actions_of(decide(report("It is slow.", "issues.edited", **OURS)))
    assert taken == RemoveLabels(("P1",), Source.RULES)
    assert isinstance(dropped, DropSection)
