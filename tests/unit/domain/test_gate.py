"""The gate, guard by guard: each row takes one condition away and names the reason that people read."""

from dataclasses import replace
from typing import Any, Final

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
from bot.domain.capability import Context, Manifest, Mode, Options
from bot.domain.events import Actor
from bot.domain.facts import ChangedFile, Facts, ThreadMemory
from bot.domain.feedback import ALL as OUR_COMMENT
from bot.domain.feedback import LABELS, Feedback, Opinion
from bot.domain.gate import MODEL_LABELS, Verdict, judge
from bot.domain.plan import Explanation, Plan
from bot.domain.sensitive import LEFT_ALONE
from bot.domain.text import Prose
from tests.unit.capabilities.build import (
    AUTHOR,
    BOT,
    MAINTAINER,
    NOW,
    comment,
    commented,
    facts,
    removed_by_people,
    set_by_people,
    set_by_us,
)

ALL: Final = (AddLabels, RemoveLabels, SetSection, DropSection, Reply, React, Review)
MANIFEST: Final = Manifest(
    id="probe",
    title="Probe",
    summary="Wants everything.",
    events=frozenset({"issues.opened"}),
    needs=frozenset(),
    permissions={},
    actions=ALL,
    options=Options,
)
ALLOWED: Final = frozenset({"bug", "enhancement", "question", "documentation", "needs-info"})
CONTEXT: Final = Context(Mode.ACT, Options(), ALLOWED)
WORDS: Final = (Prose("Words."),)
SECTION: Final = SetSection(WORDS)
ANSWERED: Final = (comment("Let me look at it.", MAINTAINER, "MEMBER"),)
RULES, MODEL, COMMAND = Source.RULES, Source.MODEL, Source.COMMAND
OFF: Final = (Feedback(5, LABELS, "Bug", Opinion.WRONG, "x", "comment:1", NOW),)
HERE: Final = (Feedback(5, LABELS, "bug", Opinion.RIGHT, "x", "comment:2", NOW),)
DISLIKED: Final = (Feedback(5, OUR_COMMENT, "", Opinion.WRONG, "x", "reaction:1", NOW),)
CALLED_WRONG: Final = "people said that what was done here is wrong"
SENSITIVE: Final = {"item_title": "Remote code execution by a crafted log", "item_body": "An attacker runs commands."}


def verdict(
    action: Action, known: Facts, *, commanded: bool = False, context: Context = CONTEXT, manifest: Manifest = MANIFEST
) -> Verdict:
    (one,) = judge(manifest, Plan((action,), Explanation("probe"), commanded=commanded), known, context)
    return one


EVERY: Final[dict[str, Action]] = {
    "labels": AddLabels(("bug",), RULES),
    "labels by command": AddLabels(("bug",), COMMAND),
    "labels away": RemoveLabels(("bug",), RULES),
    "section": SECTION,
    "no section": DropSection(WORDS),
    "reply": Reply(WORDS),
    "reaction": React(Reaction.DONE),
    "review": Review("a" * 40, WORDS, (LineComment("docs/a.md", 2, WORDS),)),
}
PATCH: Final = "@@ -1,2 +1,3 @@\n one\n+two\n three"
FILES: Final = (ChangedFile("docs/a.md", "modified", PATCH), ChangedFile("src/a.py", "modified", PATCH))
PULL: Final[dict[str, Any]] = {"item_is_pull": True, "item_head_sha": "a" * 40, "files": FILES}


def everything(**changes: Any) -> Facts:
    """Facts under which each action of EVERY is let through."""
    return commented("/help", label_events=set_by_us("bug"), item_labels=frozenset({"bug"}), **{**PULL, **changes})


@pytest.mark.parametrize("action", EVERY.values(), ids=EVERY)
def test_each_action_is_let_through_where_nothing_speaks_against_it(action: Action) -> None:
    assert verdict(action, everything()) == Verdict(action)


NEVER: Final[dict[str, tuple[dict[str, Any], Mode, str]]] = {
    "off": ({}, Mode.OFF, "mode off: recorded only"),
    "observe": ({}, Mode.OBSERVE, "mode observe: recorded only"),
    "locked": ({"item_locked": True}, Mode.ACT, "the conversation is locked"),
    "a bot": ({"by": BOT}, Mode.ACT, "the event was caused by a bot"),
    "a bot by login": ({"by": Actor("x[bot]", 9)}, Mode.ACT, "the event was caused by a bot"),
    "a bot by kind": ({"by": Actor("x", 9, "Bot")}, Mode.ACT, "the event was caused by a bot"),
}


@pytest.mark.parametrize("action", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize(("changes", "mode", "reason"), NEVER.values(), ids=NEVER)
def test_what_stops_every_action_a_command_s_too(
    action: Action, changes: dict[str, Any], mode: Mode, reason: str
) -> None:
    known = everything(**changes)
    for commanded in (False, True):
        found = verdict(action, known, commanded=commanded, context=replace(CONTEXT, mode=mode))
        assert found == Verdict(None, reason)


@pytest.mark.parametrize("action", EVERY.values(), ids=EVERY)
def test_an_action_that_the_manifest_does_not_name_is_refused(action: Action) -> None:
    others = tuple(one for one in ALL if not isinstance(action, one))
    found = verdict(action, everything(), manifest=replace(MANIFEST, actions=others))
    assert found == Verdict(None, f"probe may not plan {type(action).__name__}")


def test_there_is_one_verdict_per_action_in_their_order() -> None:
    plan = Plan((AddLabels(("zzz",), RULES), SECTION, AddLabels(("bug",), RULES)), Explanation("probe"))
    assert [one.action for one in judge(MANIFEST, plan, facts(), CONTEXT)] == [None, SECTION, plan.actions[2]]


# labels to add, their source, the mode, changed facts, what is left, the reason
ADDED: Final[dict[str, tuple[tuple[str, ...], Source, Mode, dict[str, Any], tuple[str, ...], str]]] = {
    "allowed": (("bug",), RULES, Mode.ACT, {}, ("bug",), ""),
    "twice": (("bug", "bug"), RULES, Mode.ACT, {}, ("bug",), ""),
    "unknown": (("zzz",), RULES, Mode.ACT, {}, (), "the repository has no label “zzz”"),
    "unknown by command": (("zzz",), COMMAND, Mode.ACT, {}, (), "the repository has no label “zzz”"),
    "another case": (("Bug",), RULES, Mode.ACT, {}, (), "the repository has no label “Bug”"),
    "not allowed": (("area: cli",), RULES, Mode.ACT, {}, (), "“area: cli” is not in the allow-list"),
    "not allowed for a model": (("area: cli",), MODEL, Mode.ACT, {}, (), "“area: cli” is not in the allow-list"),
    "allowed to a person": (("area: cli",), COMMAND, Mode.ACT, {}, ("area: cli",), ""),
    "removed by a person": (
        ("bug",), RULES, Mode.ACT, {"label_events": removed_by_people("bug")}, (), "a person removed “bug”",
    ),
    "removed by a person, wanted by a model": (
        ("bug",), MODEL, Mode.ACT, {"label_events": removed_by_people("bug")}, (), "a person removed “bug”",
    ),
    "removed by a person, wanted by another": (
        ("bug",), COMMAND, Mode.ACT, {"label_events": removed_by_people("bug")}, ("bug",), "",
    ),
    "in part": (("bug", "zzz"), RULES, Mode.ACT, {}, ("bug",), "the repository has no label “zzz”"),
    "suggest": (("bug",), RULES, Mode.SUGGEST, {}, (), "mode suggest: labels are only suggested"),
    "suggest to a model": (("bug",), MODEL, Mode.SUGGEST, {}, (), "mode suggest: labels are only suggested"),
    "earned, and nothing shows it": (
        ("bug",), RULES, Mode.EARNED, {}, (), "mode earned: nothing shows that “bug” would be right often enough",
    ),
    "earned, by command": (("bug",), COMMAND, Mode.EARNED, {}, ("bug",), ""),
    "removed by a person, under another spelling": (
        ("bug",), RULES, Mode.ACT, {"label_events": removed_by_people("Bug")}, (), "a person removed “bug”",
    ),
    "taken off by a command": (("bug",), RULES, Mode.ACT, {"feedback": OFF}, (), "a person removed “bug”"),
    "taken off by a command, wanted by a model": (
        ("bug",), MODEL, Mode.ACT, {"feedback": OFF}, (), "a person removed “bug”",
    ),
    "taken off by a command, wanted by another": (("bug",), COMMAND, Mode.ACT, {"feedback": OFF}, ("bug",), ""),
    "taken off, then asked for": (("bug",), RULES, Mode.ACT, {"feedback": (*OFF, *HERE)}, ("bug",), ""),
    "after a thumbs down": (("bug",), RULES, Mode.ACT, {"feedback": DISLIKED}, (), CALLED_WRONG),
    "after a thumbs down, for a model": (("bug",), MODEL, Mode.ACT, {"feedback": DISLIKED}, (), CALLED_WRONG),
    "after a thumbs down, by command": (("bug",), COMMAND, Mode.ACT, {"feedback": DISLIKED}, ("bug",), ""),
    "at a vulnerability": (("bug",), RULES, Mode.ACT, SENSITIVE, (), LEFT_ALONE),
    "at a vulnerability, by command": (("bug",), COMMAND, Mode.ACT, SENSITIVE, ("bug",), ""),
    "suggest, by command": (("bug",), COMMAND, Mode.SUGGEST, {}, ("bug",), ""),
    "answered": (("bug",), RULES, Mode.ACT, {"comments": ANSWERED}, (), "a maintainer has answered already"),
    "answered, by command": (("bug",), COMMAND, Mode.ACT, {"comments": ANSWERED}, ("bug",), ""),
    "closed": (("bug",), RULES, Mode.ACT, {"item_state": "closed"}, (), "the item is closed"),
    "closed, by command": (("bug",), COMMAND, Mode.ACT, {"item_state": "closed"}, ("bug",), ""),
}  # fmt: skip


@pytest.mark.parametrize(("labels", "source", "mode", "changes", "left", "reason"), ADDED.values(), ids=ADDED)
def test_adding_labels(
    labels: tuple[str, ...], source: Source, mode: Mode, changes: dict[str, Any], left: tuple[str, ...], reason: str
) -> None:
    found = verdict(AddLabels(labels, source), facts(**changes), context=replace(CONTEXT, mode=mode))
    assert found == Verdict(AddLabels(left, source) if left else None, reason)


@pytest.mark.parametrize(("source", "left"), [(MODEL, MODEL_LABELS), (RULES, 5), (COMMAND, 5)])
def test_a_model_sets_three_labels_at_most(source: Source, left: int) -> None:
    labels = tuple(sorted(ALLOWED))
    found = verdict(AddLabels(labels, source), facts())
    assert found.action == AddLabels(labels[:left], source)
    assert ("at most 3" in found.reason) is (source is MODEL)


# source, asks for any owner, the setting allows it, mode, the label's history, whether it may go
REMOVED: Final = {
    "ours": (RULES, False, False, Mode.ACT, set_by_us("bug"), True),
    "a person's": (RULES, False, False, Mode.ACT, set_by_people("bug"), False),
    "a person's by command": (COMMAND, False, False, Mode.ACT, set_by_people("bug"), False),
    "a person's by command without the setting": (COMMAND, True, False, Mode.ACT, set_by_people("bug"), False),
    "a person's by command with the setting": (COMMAND, True, True, Mode.ACT, set_by_people("bug"), True),
    "a person's by command that does not ask for it": (COMMAND, False, True, Mode.ACT, set_by_people("bug"), False),
    "a person's by rules that ask for it": (RULES, True, True, Mode.ACT, set_by_people("bug"), False),
    "a person's by a model that asks for it": (MODEL, True, True, Mode.ACT, set_by_people("bug"), False),
    "ours, taken over by a person": (
        RULES, False, False, Mode.ACT, (*removed_by_people("bug"), *set_by_people("bug")), False,
    ),
    "suggest": (RULES, False, False, Mode.SUGGEST, set_by_us("bug"), False),
    "suggest, by command": (COMMAND, False, False, Mode.SUGGEST, set_by_us("bug"), True),
}  # fmt: skip


@pytest.mark.parametrize(("source", "any_owner", "setting", "mode", "history", "goes"), REMOVED.values(), ids=REMOVED)
def test_removing_labels(
    source: Source, any_owner: bool, setting: bool, mode: Mode, history: tuple[Any, ...], goes: bool
) -> None:
    action = RemoveLabels(("bug",), source, any_owner)
    known = facts(label_events=history, item_labels=frozenset({"bug"}))
    found = verdict(action, known, context=replace(CONTEXT, mode=mode, unlabel_any=setting))
    assert found.action == (action if goes else None)
    assert bool(found.reason) is not goes


def test_what_a_person_asked_for_goes_by_command_only() -> None:
    known = facts(label_events=set_by_us("bug"), item_labels=frozenset({"bug"}), feedback=HERE)
    for source, goes in ((RULES, False), (MODEL, False), (COMMAND, True)):
        assert (verdict(RemoveLabels(("bug",), source), known).action is not None) is goes


@pytest.mark.parametrize(("commanded", "discreet"), [(False, False), (True, False), (False, True)])
def test_only_the_pointer_is_written_under_a_vulnerability(commanded: bool, discreet: bool) -> None:
    found = verdict(SECTION, facts(**SENSITIVE), commanded=commanded, manifest=replace(MANIFEST, discreet=discreet))
    assert found == (Verdict(SECTION) if discreet else Verdict(None, LEFT_ALONE))


def test_a_triage_command_labels_after_a_thumbs_down_and_at_a_vulnerability() -> None:
    for changes in ({"feedback": DISLIKED}, SENSITIVE):
        assert verdict(AddLabels(("bug",), RULES), facts(**changes), commanded=True).action is not None


def test_a_label_that_is_not_there_is_not_removed() -> None:
    found = verdict(RemoveLabels(("bug", "question"), RULES), facts(label_events=set_by_us("bug", "question")))
    assert found == Verdict(None, "only labels that we set are removed")


# our own section is there already, a plan by command, changed facts, the reason
SECTIONS: Final[dict[str, tuple[bool, bool, dict[str, Any], str]]] = {
    "open": (False, False, {}, ""),
    "silenced": (False, False, {"silenced": True}, "a person deleted our comment here"),
    "silenced, by command": (False, True, {"silenced": True}, "a person deleted our comment here"),
    "answered": (False, False, {"comments": ANSWERED}, "a maintainer has answered already"),
    "answered, by command": (False, True, {"comments": ANSWERED}, ""),
    "answered, but it is there and changes": (True, False, {"comments": ANSWERED}, ""),
    "closed": (False, False, {"item_state": "closed"}, "the item is closed"),
    "closed, by command": (False, True, {"item_state": "closed"}, ""),
    "closed, but it is there and changes": (True, False, {"item_state": "closed"}, ""),
    "answered by the author": (False, False, {"comments": (comment("More.", AUTHOR, "MEMBER"),)}, ""),
    "answered by a stranger": (False, False, {"comments": (comment("Me too.", Actor("eve", 5)),)}, ""),
    "answered by a bot": (False, False, {"comments": (comment("Hello.", BOT, "MEMBER"),)}, ""),
    "only commanded by a maintainer": (False, False, {"comments": (comment("/triage", MAINTAINER, "MEMBER"),)}, ""),
}


@pytest.mark.parametrize(("present", "commanded", "changes", "reason"), SECTIONS.values(), ids=SECTIONS)
def test_sections(present: bool, commanded: bool, changes: dict[str, Any], reason: str) -> None:
    silenced = bool(changes.get("silenced"))
    memory = ThreadMemory(silenced=silenced, sections=frozenset({MANIFEST.id} if present else {"another"}))
    rest = {name: value for name, value in changes.items() if name != "silenced"}
    found = verdict(SECTION, facts(memory=memory, **rest), commanded=commanded)
    assert found == Verdict(None if reason else SECTION, reason)


@pytest.mark.parametrize("action", [Reply(WORDS), React(Reaction.SEEN)])
def test_without_a_comment_there_is_nothing_to_answer(action: Action) -> None:
    assert verdict(action, facts()) == Verdict(None, "there is no comment to answer")


# changed facts, whether by command; the review is refused
WITHOUT_REVIEW: Final[dict[str, tuple[dict[str, Any], bool]]] = {
    "an issue": ({"item_is_pull": False}, False),
    "no head": ({"item_head_sha": None}, False),
    "another head": ({"item_head_sha": "b" * 40}, False),
    "another head, by command": ({"item_head_sha": "b" * 40}, True),
    "answered": ({"comments": ANSWERED}, False),
    "closed": ({"item_state": "closed"}, False),
    "no files": ({"files": ()}, False),
    "no patch": ({"files": (ChangedFile("docs/a.md", "modified", None),)}, False),
}


@pytest.mark.parametrize(("changes", "commanded"), WITHOUT_REVIEW.values(), ids=WITHOUT_REVIEW)
def test_a_review_is_refused(changes: dict[str, Any], commanded: bool) -> None:
    found = verdict(EVERY["review"], facts(**{**PULL, **changes}), commanded=commanded)
    assert found.action is None
    assert found.reason


# path, first line, last line; whether the remark may stay
REMARKS: Final[dict[str, tuple[str, int | None, int, bool]]] = {
    "an added line": ("docs/a.md", None, 2, True),
    "a range inside the diff": ("docs/a.md", 1, 3, True),
    "code": ("src/a.py", None, 2, False),
    "a file that is not changed": ("docs/b.md", None, 2, False),
    "outside the diff": ("docs/a.md", None, 9, False),
    "a range that leaves the diff": ("docs/a.md", 2, 4, False),
    "a range that ends before it starts": ("docs/a.md", 3, 2, False),
    "line nought": ("docs/a.md", None, 0, False),
    "a path out of the repository": ("../docs/a.md", None, 2, False),
}


@pytest.mark.parametrize(("path", "start", "line", "stays"), REMARKS.values(), ids=REMARKS)
def test_remarks_outside_the_diff_or_the_documentation_are_dropped(
    path: str, start: int | None, line: int, stays: bool
) -> None:
    good, probe = LineComment("docs/a.md", 2, WORDS), LineComment(path, line, WORDS, start_line=start)
    found = verdict(Review("a" * 40, WORDS, (good, probe)), facts(**PULL))
    assert found.action == Review("a" * 40, WORDS, (good, probe) if stays else (good,))
    assert bool(found.reason) is not stays


def test_a_review_holds_forty_remarks_at_most() -> None:
    remarks = tuple(LineComment("docs/a.md", 2, (Prose(f"Remark {number}."),)) for number in range(41))
    found = verdict(Review("a" * 40, WORDS, remarks), facts(**PULL))
    assert isinstance(found.action, Review)
    assert found.action.comments == remarks[:40]


def test_mode_earned_lets_measured_labels_through_and_no_others() -> None:
    plan = Plan((AddLabels(("bug", "question"), Source.RULES),), Explanation("probe"), earned=frozenset({"bug"}))
    (found,) = judge(MANIFEST, plan, facts(), Context(Mode.EARNED, Options(), ALLOWED))
    assert found.action == AddLabels(("bug",), Source.RULES)
    assert "“question”" in found.reason
