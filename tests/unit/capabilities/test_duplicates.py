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
from bot.domain.feedback import Feedback, Opinion
from bot.domain.gate import judge
from bot.domain.plan import Plan, Skip
from bot.domain.related import ClaimedOriginal, RelatedItem, Relation
from bot.domain.sensitive import LEFT_ALONE
from bot.domain.status import Section
from bot.domain.text import render
from tests.unit.capabilities.build import (
    AUTHOR,
    MAINTAINER,
    NOW,
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
        ({"comments": (comment("/not-duplicate #3"),)}, {}, (3, 4, 2)),
        ({"comments": (comment("/not-duplicate", MAINTAINER, "MEMBER"),)}, {}, (3, 4, 2)),
    ],
    ids=["fewer", "a higher bar", "named already", "a comment edited into a command", "a maintainer's"],
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
    ],
    ids=["nothing", "far", "not learned", "closed", "locked", "a vulnerability", "pull requests off"],
)
def test_when_nothing_is_said(changes: dict[str, Any], options: dict[str, Any], reason: str) -> None:
    found = facts(**{"related": NEAR, **changes})
    assert decided(found, **options) == Skip(reason)
    again = decided(replace(found, memory=SHOWN), **options)
    assert isinstance(actions_of(again)[0], DropSection)


@pytest.mark.parametrize("near", [(), (FAR,), (OPEN,)], ids=["nothing", "far", "near"])
def test_what_the_comparison_went_without_is_said(near: tuple[RelatedItem, ...]) -> None:
    found = decided(facts(related=Relation(near, note="no vectors")))
    said = found.reason if isinstance(found, Skip) else "; ".join(found.why.evidence)
    assert said.endswith("; no vectors")


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


def test_no_original_is_named_where_that_is_switched_off() -> None:
    found = decided(facts(related=claimed(OPEN)), claims=False)
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


def remembered(made: SetSection) -> ThreadMemory:
    return ThreadMemory(
        sections=frozenset({"duplicates"}), written={"duplicates": Section(made.text, numbers=made.numbers)}
    )


LISTED: Final = remembered(section(facts(related=NEAR)))
CLAIMED: Final = remembered(section(facts(related=Relation((OPEN, FIXED, PULL), ClaimedOriginal(OPEN, 1.5, 1.2)))))


def rejected(subject: str) -> Feedback:
    return Feedback(5, "duplicates", subject, Opinion.WRONG, "digest", "comment:1", NOW)


STRIKES: Final[dict[str, tuple[str, ThreadMemory, tuple[Feedback, ...], tuple[int, ...] | None]]] = {
    "one": ("/not-duplicate #3", LISTED, (), (4, 2)),
    "two": ("/not-duplicate 3, #2", LISTED, (), (4,)),
    "two commands": ("/not-duplicate 3\n/not-duplicate 4", LISTED, (), (2,)),
    "one of these, and another": ("/not-duplicate #999 #4", LISTED, (), (3, 2)),
    "each": ("/not-duplicate 2 3 4", LISTED, (), ()),
    "all": ("/not-duplicate", LISTED, (), ()),
    "one, and all": ("/not-duplicate 3\n/not-duplicate", LISTED, (), ()),
    "the last ones": ("/not-duplicate 2", LISTED, (rejected("3"), rejected("4")), ()),
    "one that is not listed": ("/not-duplicate #999", LISTED, (), None),
    "no number": ("/not-duplicate abc", LISTED, (), None),
    "a version": ("/not-duplicate v2", LISTED, (), None),
    "a number and a word": ("/not-duplicate 2 abc", LISTED, (), None),
    "without a section": ("/not-duplicate #3", ThreadMemory(), (), None),
    "the original": ("/not-duplicate 4", CLAIMED, (), (3, 2)),
    "besides the original": ("/not-duplicate 3", CLAIMED, (), (4, 2)),
    "all but the original": ("/not-duplicate 3 2", CLAIMED, (), (4,)),
}


@pytest.mark.parametrize(("said", "memory", "before", "left"), STRIKES.values(), ids=STRIKES)
def test_what_is_struck(
    said: str, memory: ThreadMemory, before: tuple[Feedback, ...], left: tuple[int, ...] | None
) -> None:
    """`left` is what is still listed; () where the section goes, None where nothing changes."""
    found = decided(commented(said, by=AUTHOR, memory=memory, feedback=before))
    assert isinstance(found, Plan) is (left is not None)
    if isinstance(found, Plan):
        (action,) = found.actions
        assert found.commanded
        assert isinstance(action, SetSection if left else DropSection)
        assert not isinstance(action, SetSection) or action.numbers == left


@pytest.mark.parametrize(
    ("said", "memory", "wanted"),
    [
        ("3 2", LISTED, "These may be related:\n\n- #4 (open)"),
        ("4", CLAIMED, "These may be related:\n\n- #3 (closed as done)\n- #2 (pull request, merged)"),
        ("3", CLAIMED, "{claim}\n\nAlso related:\n\n- #2 (pull request, merged)"),
        ("3 2", CLAIMED, "{claim}"),
    ],
    ids=["of a list", "the original", "beside an original", "all beside an original"],
)
def test_what_is_not_struck_stays_as_it_was_written(said: str, memory: ThreadMemory, wanted: str) -> None:
    claim = read_text(CLAIMED.written["duplicates"].text).split("\n")[0]
    assert "#4 (open)" in claim
    (action,) = actions_of(decided(commented(f"/not-duplicate {said}", by=AUTHOR, memory=memory)))
    assert isinstance(action, SetSection)
    undo = "\n\nNot so? `/not-duplicate` in a comment takes this away."
    assert read_text(action.text) == wanted.format(claim=claim) + undo


def test_what_is_not_stored_takes_nothing_away() -> None:
    found = commented("/not-duplicate", by=AUTHOR, memory=LISTED)
    assert isinstance(CAPABILITY.decide(found, None, context(DuplicatesOptions(), off=("commands",))), Skip)


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
