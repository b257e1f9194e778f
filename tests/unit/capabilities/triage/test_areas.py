"""Areas of issues: only allowed labels, by what was learned or the text names; set only where that was earned."""

from dataclasses import replace
from typing import Any

import pytest

from bot.capabilities.triage.areas import areas_of_issue
from bot.capabilities.triage.config import TriageOptions
from bot.domain.actions import AddLabels, SetSection
from bot.domain.capability import Mode
from bot.domain.facts import Label
from bot.domain.feedback import TRIAGE, Feedback, Opinion
from bot.domain.learned import AreaGuess, Lesson, Measure
from bot.domain.plan import Plan, Skip
from tests.unit.capabilities.build import (
    NOW,
    actions_of,
    commented,
    context,
    facts,
    removed_by_people,
    rendered,
    set_by_us,
)
from tests.unit.capabilities.triage.test_decide import A_FIX, BOTH, BUG, VAGUE, decide, labels_of

OPTIONS = TriageOptions(areas={"docs-site": ("docs/**",)})
LABELS = (
    Label("bug"), Label("area: cli"), Label("component/http-server"), Label("area: docs", "Everything below `docs/`."),
    Label("docs-site"), Label("area: secret"), Label("module: io"),
)  # fmt: skip
ALLOWED = frozenset({"bug", "area: cli", "component/http-server", "area: docs", "docs-site", "module: io"})

GOOD = Measure(0.8, 45, 46, 0.9, 1.0, 0.9, 0.4, earned=True, standing="45 of 46 were right: enough to count on 90%")
POOR = replace(GOOD, right=30, earned=False, standing="30 of 46 were right: not enough to count on 90%")


def lesson(*labels: str, measure: Measure = GOOD) -> Lesson:
    return Lesson(1, (), areas=tuple(AreaGuess(label, 0.9, measure) for label in labels))


CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "the title names it": ({"title": "The CLI prints nothing"}, ("area: cli",)),
    "as a prefix": ({"title": "cli: nothing is printed"}, ("area: cli",)),
    "in brackets": ({"title": "[http-server] stops"}, ("component/http-server",)),
    "a path of it": ({"title": "Crash", "body": "See src/cli/main.py, line 3."}, ("area: cli",)),
    "a path in its description": ({"title": "Typo", "body": "In docs/guide.md"}, ("area: docs", "docs-site")),
    "a short name in prose only": ({"title": "Radio", "body": "The audio is gone."}, ()),
    "part of a word": ({"title": "Clip the image"}, ()),
    "an address": ({"title": "Crash", "body": "https://example.org/cli/main.py"}, ()),
    "not allowed": ({"title": "The secret is gone"}, ()),
    "set already": ({"title": "The CLI", "item_labels": frozenset({"area: cli"})}, ()),
    "taken off by a person": ({"title": "The CLI", "label_events": removed_by_people("area: cli")}, ()),
    "nothing": ({"title": "Hello"}, ()),
    "learned, before what is named": (
        {"title": "The CLI", "lesson": lesson("module: io")}, ("module: io", "area: cli"),
    ),
    "learned, but no area": ({"title": "Hello", "lesson": lesson("bug")}, ()),
    "learned, but not allowed": ({"title": "Hello", "lesson": lesson("area: secret")}, ()),
    "learned, but taken off by a person": (
        {"title": "Hello", "lesson": lesson("module: io"), "label_events": removed_by_people("module: io")}, (),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "labels"), CASES.values(), ids=CASES)
def test_areas(given: dict[str, Any], labels: tuple[str, ...]) -> None:
    made = replace(context(OPTIONS), labels=ALLOWED)
    assert tuple(one.label for one in areas_of_issue(facts(labels=LABELS, **given), made, OPTIONS)) == labels


def test_areas_that_the_text_names_are_never_set() -> None:
    given = facts(title="[BUG] The cli prints nothing", body="It shows a white page.")
    options = TriageOptions(areas={"area: cli": ("src/cli/",)})
    labels, section = actions_of(decide(given, options=options))
    assert isinstance(labels, AddLabels)
    assert labels.labels == ("bug",)
    assert isinstance(section, SetSection)
    text = rendered(section.text)
    assert "It may belong to `area: cli` (the title names “cli”); `/label area: cli` sets it." in text


def wrong(subject: str) -> Feedback:
    return Feedback(5, TRIAGE, subject, Opinion.WRONG, "x", "comment:1", NOW)


TIDY = TriageOptions(areas={"area: cli": ("src/cli/",), "module: io": ("src/io/",), "area: docs": ("docs/",)})
EARNED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "it earned it": ({**VAGUE, "lesson": lesson("module: io")}, ("module: io",)),
    "it did not": ({**VAGUE, "lesson": lesson("module: io", measure=POOR)}, ()),
    "only named by the text": ({**VAGUE, "title": "The cli prints nothing"}, ()),
    "a person took it off": (
        {**VAGUE, "lesson": lesson("module: io"), "label_events": removed_by_people("module: io")}, ()),
    "a person took off another label of ours": (
        {**VAGUE, "lesson": lesson("module: io"), "label_events": removed_by_people("area: cli")}, ()),
    "people called us wrong here": (
        {**VAGUE, "lesson": lesson("module: io"),
         "feedback": (wrong(""),)}, ()),
    "a person took off a label of ours that is neither": (
        {**VAGUE, "lesson": lesson("module: io"), "label_events": removed_by_people("needs-info", "P1")},
        ("module: io",)),
    "an area of ours was taken off by /unlabel": (
        {**VAGUE, "lesson": lesson("module: io", "area: cli"), "feedback": (wrong("area: cli"),)}, ()),
    "a kind of ours was called wrong": (
        {**VAGUE, "lesson": lesson("module: io", "area: cli"), "feedback": (wrong("bug"),)}, ()),
    "a label of ours that is neither was called wrong": (
        {**VAGUE, "lesson": lesson("module: io"), "feedback": (wrong("P1"),)}, ("module: io",)),
    "two at most": ({**VAGUE, "lesson": lesson("module: io", "area: cli", "area: docs")}, ("module: io", "area: cli")),
    "two at most, those of before included": (
        {**VAGUE, "lesson": lesson("module: io", "area: cli"), "item_labels": frozenset({"area: docs"}),
         "label_events": set_by_us("area: docs")}, ("module: io",)),
    "two at most, those of people included": (
        {**VAGUE, "lesson": lesson("module: io", "area: cli"), "item_labels": frozenset({"area: docs"})},
        ("module: io",)),
    "people set two": (
        {**VAGUE, "lesson": lesson("module: io"),
         "item_labels": frozenset({"area: docs", "component/http-server"})}, ()),
    "beside a kind that did not earn it": ({**BUG, "lesson": lesson("module: io")}, ("module: io",)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "labels"), EARNED.values(), ids=EARNED)
def test_mode_earned_sets_the_areas_that_earned_it(given: dict[str, Any], labels: tuple[str, ...]) -> None:
    decided = decide(facts(labels=LABELS, **given), options=TIDY, mode=Mode.EARNED)
    assert labels_of(decided) == labels
    assert getattr(decided, "earned", frozenset()) == frozenset(labels)


@pytest.mark.parametrize("mode", [Mode.ACT, Mode.SUGGEST])
def test_other_modes_set_no_learned_area(mode: Mode) -> None:
    given = facts(labels=LABELS, **VAGUE, lesson=lesson("module: io"))
    assert isinstance(decide(given, options=TIDY, mode=mode), Skip)


def test_an_area_that_earned_it_stands_beside_a_kind_that_did_not_and_why_says_so() -> None:
    given = facts(labels=LABELS, **BUG, lesson=lesson("module: io"))
    decided = decide(given, options=TIDY, mode=Mode.EARNED)
    *_, section = actions_of(decided)
    assert isinstance(section, SetSection)
    assert not section.quiet
    assert rendered(section.text).startswith(
        "Labelled `module: io` because it reads like reports that people put there; `/why` tells more, "
        "`/unlabel module: io` undoes it.\n\nA label that may fit: `bug` because the title begins with “\\[BUG\\]”."
    )
    assert isinstance(decided, Plan)
    assert decided.why.outcome == "labelled module: io; suggested bug"
    assert decided.why.evidence[-3:] == (
        "module: io: it reads like reports that people put there; sure from 0.80 on; measured "
        "precision: 45 of 46 newer answers on issues that it had not learned from were right (98%, at least 90%)",
        "mode earned: module: io: 45 of 46 were right: enough to count on 90%",
        "mode earned: nobody measured answers of this kind",
    )


def test_why_says_what_an_area_lacks() -> None:
    given = facts(labels=LABELS, **BUG, lesson=lesson("module: io", measure=POOR))
    decided = decide(given, options=TIDY, mode=Mode.EARNED)
    assert isinstance(decided, Plan)
    assert "mode earned: module: io: 30 of 46 were right: not enough to count on 90%" in decided.why.evidence
    (section,) = actions_of(decided)
    assert isinstance(section, SetSection)
    assert "It may belong to `module: io` (it reads like reports that people put there)" in rendered(section.text)


def test_mode_earned_only_suggests_the_areas_of_changed_paths() -> None:
    earned = Lesson(1, (), {"bug": GOOD})
    decided = decide(facts("pull_request.opened", **A_FIX, lesson=earned), options=BOTH, mode=Mode.EARNED)
    assert labels_of(decided) == ("bug",)
    section = actions_of(decided)[-1]
    assert isinstance(section, SetSection)
    assert "A label that may fit: `area: cli` by the changed paths." in rendered(section.text)


def test_a_command_looks_afresh_at_areas_too() -> None:
    given = commented("/triage", **VAGUE, role="triage", labels=LABELS, lesson=lesson("module: io"),
                      label_events=removed_by_people("area: cli"))  # fmt: skip
    assert labels_of(decide(given, options=TIDY, mode=Mode.EARNED)) == ("module: io",)
