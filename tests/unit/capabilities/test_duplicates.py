"""When related threads are listed, when one is called the original, and how people take that back."""

from dataclasses import replace
from typing import Any, Final

import pytest

from bot.capabilities.duplicates import CAPABILITY
from bot.capabilities.duplicates.config import DuplicatesOptions
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Mode
from bot.domain.events import Actor
from bot.domain.facts import Facts, ThreadMemory
from bot.domain.gate import judge
from bot.domain.plan import Plan, Skip
from bot.domain.related import ClaimedOriginal, RelatedItem, Relation
from bot.domain.sensitive import LEFT_ALONE
from bot.domain.text import render
from tests.unit.capabilities.build import (
    AUTHOR,
    MAINTAINER,
    POLICY,
    actions_of,
    comment,
    commented,
    context,
    facts,
    read_text,
)

FIXED: Final = RelatedItem(3, False, "closed", "completed", 0.7, (("whole", 0.8),), ("row", "table"))
OPEN: Final = RelatedItem(4, False, "open", "", 0.6)
PULL: Final = RelatedItem(2, True, "closed", "merged", 0.5)
FAR: Final = RelatedItem(1, False, "open", "", 0.39)
NEAR: Final = Relation((FIXED, OPEN, PULL, FAR))
SHOWN: Final = ThreadMemory(sections=frozenset({"duplicates"}))
STRANGER: Final = Actor("eve", 66)


def decided(found: Facts, *, mode: Mode = Mode.ACT, **options: Any) -> Plan | Skip:
    return CAPABILITY.decide(found, None, context(DuplicatesOptions(**options), mode=mode))


def section(found: Facts, **options: Any) -> SetSection:
    (action,) = actions_of(decided(found, **options))
    assert isinstance(action, SetSection)
    return action


def test_what_is_near_enough_is_listed_by_number_and_state() -> None:
    made = section(facts(related=NEAR))
    assert made.numbers == (3, 4, 2)
    text = read_text(made.text)
    assert [line for line in text.split("\n") if line.startswith("- ")] == [
        "- #3 (closed as done)", "- #4 (open)", "- #2 (pull request, merged)",
    ]  # fmt: skip
    assert not made.quiet


@pytest.mark.parametrize(
    ("changes", "options", "numbers"),
    [
        ({}, {"at_most": 1}, (3,)),
        ({}, {"relevance": 0.65}, (3,)),
        ({"body": "See #3 and https://github.com/octo/rocket/pull/2"}, {}, (4,)),
        ({"comments": (comment("/not-duplicate #3 4"),)}, {}, (2,)),
        ({"comments": (comment("/not-duplicate #3", STRANGER),)}, {}, (3, 4, 2)),
        ({"comments": (comment("/not-duplicate #3", MAINTAINER, "MEMBER"),)}, {}, (4, 2)),
        ({"comments": (comment("> /not-duplicate #3"),)}, {}, (3, 4, 2)),
    ],
    ids=[
        "fewer",
        "a higher bar",
        "named already",
        "struck by the author",
        "by a stranger",
        "by a maintainer",
        "quoted",
    ],
)
def test_what_is_listed(changes: dict[str, Any], options: dict[str, Any], numbers: tuple[int, ...]) -> None:
    assert section(facts(related=NEAR, **changes), **options).numbers == numbers


@pytest.mark.parametrize(
    ("changes", "options", "reason"),
    [
        ({"related": Relation()}, {}, "nothing is near"),
        ({"related": Relation((FAR,))}, {}, "nothing new is near enough (1: likeness 0.39 (); the bar is 0.40)"),
        ({"related": Relation(silence="too few")}, {}, "too few"),
        ({"item_state": "closed"}, {}, "only open threads are compared"),
        ({"item_locked": True}, {}, "only open threads are compared"),
        ({"title": "Remote code execution", "body": "An attacker can exploit this vulnerability."}, {}, LEFT_ALONE),
        ({"kind": "pull_request.opened"}, {"pull_requests": False}, "pull requests are not compared here"),
        ({"comments": (comment("/not-duplicate"),)}, {}, "people said that nothing of it is the same"),
    ],
    ids=["nothing", "far", "not learned", "closed", "locked", "a vulnerability", "pull requests off", "rejected"],
)
def test_when_nothing_is_said(changes: dict[str, Any], options: dict[str, Any], reason: str) -> None:
    found = facts(**{"related": NEAR, **changes})
    assert decided(found, **options) == Skip(reason)
    again = decided(replace(found, memory=SHOWN), **options)
    assert isinstance(actions_of(again)[0], DropSection)


def test_on_pull_requests_threads_are_listed_too() -> None:
    assert section(facts("pull_request.opened", related=NEAR)).numbers == (3, 4, 2)


def claimed(item: RelatedItem) -> Relation:
    return Relation((item, PULL), ClaimedOriginal(item, 1.5, 1.2))


def test_what_was_fixed_may_be_a_regression() -> None:
    made = section(facts(related=claimed(FIXED)))
    assert "may be a regression: it reads like #3 (closed as done)" in read_text(made.text)
    assert made.numbers == (3, 2)


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        ("open", "", "looks like the same issue as #4 (open)"),
        ("closed", "not_planned", "looks like the same issue as #4 (closed as not planned)"),
        ("closed", "", "may be a regression: it reads like #4 (closed)"),
    ],
)
def test_an_original_is_named_first_and_a_maintainer_decides(state: str, reason: str, said: str) -> None:
    text = read_text(section(facts(related=claimed(replace(OPEN, state=state, state_reason=reason)))).text)
    assert said in text.split("\n")[0]
    assert "A maintainer decides." in text


@pytest.mark.parametrize(
    ("changes", "options"),
    [({}, {"claims": False}), ({"comments": (comment("/not-duplicate #4"),)}, {})],
    ids=["switched off", "people said so"],
)
def test_no_original_is_named_that_is_not_wanted(changes: dict[str, Any], options: dict[str, Any]) -> None:
    found = decided(facts(related=claimed(OPEN), **changes), **options)
    assert isinstance(found, Plan)
    assert found.why.outcome.startswith("listed")


def test_why_names_likeness_words_and_bars() -> None:
    found = decided(facts(related=claimed(FIXED)))
    assert isinstance(found, Plan)
    assert found.why.outcome == "called it a possible regression of 3"
    assert found.why.evidence == (
        "3: likeness 0.70 (whole 0.80); both say: row, table",
        "2: likeness 0.50 ()",
        "it stands out by 1.50; the bar that was earned here is 1.20",
        "listed from a likeness of 0.40",
    )


@pytest.mark.parametrize(
    ("by", "role", "taken"),
    [(AUTHOR, "none", True), (MAINTAINER, "triage", True), (STRANGER, "read", False)],
    ids=["the author", "a maintainer", "a stranger"],
)
def test_the_section_goes_when_the_right_people_say_so(by: Actor, role: str, taken: bool) -> None:
    found = decided(commented("/not-duplicate", by=by, role=role, memory=SHOWN))
    assert isinstance(found, Plan) is taken
    if isinstance(found, Plan):
        assert found.commanded
        assert isinstance(found.actions[0], DropSection)


def test_other_comments_change_nothing() -> None:
    assert isinstance(decided(commented("Thanks! /not-duplicate is a command", role="admin", memory=SHOWN)), Skip)


@pytest.mark.parametrize(("mode", "allowed"), [(Mode.OBSERVE, False), (Mode.SUGGEST, True), (Mode.ACT, True)])
def test_the_mode_says_whether_it_is_shown(mode: Mode, allowed: bool) -> None:
    found, where = facts(related=NEAR), context(DuplicatesOptions(), mode=mode)
    plan = CAPABILITY.decide(found, None, where)
    assert isinstance(plan, Plan)
    assert [one.action is not None for one in judge(CAPABILITY.manifest, plan, found, where)] == [allowed]


def test_only_vouched_numbers_stay_live() -> None:
    made = section(facts(related=Relation((FIXED,))))
    plain = render(made.text, POLICY).body
    assert "`#3`" in plain
    vouched = render(tuple(replace(one, numbers=frozenset(made.numbers)) for one in made.text), POLICY).body
    assert "- #3 (closed as done)" in vouched
