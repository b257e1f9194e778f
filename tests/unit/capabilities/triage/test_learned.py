"""Rules where they are sure, else what the repository taught where it is sure enough, else a model, else nobody."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.capabilities.triage import CAPABILITY
from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.messages import labelled
from bot.capabilities.triage.question import inputs_of
from bot.capabilities.triage.verdict import available_kinds
from bot.domain.actions import AddLabels, DropSection, SetSection, Source
from bot.domain.capability import Mode
from bot.domain.facts import Facts, Label, ThreadMemory
from bot.domain.feedback import ALL, DUPLICATES, LABELS, TRIAGE, Feedback, Opinion
from bot.domain.learned import Guess, Lesson, Measure, Nearby
from bot.domain.plan import ModelAnswer, Plan, Skip
from bot.domain.status import Section
from bot.prompting import fill, load_prompts
from tests.unit.capabilities.build import NOW, commented, context, facts, removed_by_people, rendered, set_by_us
from tests.unit.capabilities.triage.test_decide import BUG, GERMAN, VAGUE, answered, decide, labels_of

OPTIONS = TriageOptions()
GOOD = Measure(0.8, 45, 46, 0.9, 1.0, 0.9, 0.4, earned=True, standing="45 of 46 were right: enough to count on 90%")
POOR = Measure(0.85, 20, 40, 0.4, 0.6, 0.9, 0.2)


def lesson(*guesses: tuple[str, float], **changes: Any) -> Lesson:
    found = tuple(Guess(kind, chance, ("“tide” in the title",)) for kind, chance in guesses)
    return replace(Lesson(3, found, {}, {"question": GOOD, "bug": GOOD}), **changes)


def said(capability: str = TRIAGE, subject: str = "") -> tuple[Feedback, ...]:
    return (Feedback(5, capability, subject, Opinion.WRONG, "x", "comment:1", NOW),)


CASES: Mapping[str, tuple[Facts, ModelAnswer | None, tuple[str, ...]]] = {
    "the rules are sure": (facts(**BUG, lesson=lesson(("question", 0.99))), None, ("bug",)),
    "the rules are sure, but wrong too often here": (
        facts(**BUG, lesson=lesson(("question", 0.99), rules={"bug": POOR})), None, ("question",),
    ),
    "the rules leave it open": (facts(**VAGUE, lesson=lesson(("question", 0.81))), None, ("question",)),
    "just below the threshold": (facts(**VAGUE, lesson=lesson(("question", 0.79))), None, ()),
    "no threshold was good enough": (
        facts(**VAGUE, lesson=lesson(("question", 0.99), bars={"question": Measure()})), None, ()),
    "never measured": (facts(**VAGUE, lesson=lesson(("documentation", 0.99))), None, ()),
    "the second guess does not count": (
        facts(**VAGUE, lesson=lesson(("documentation", 0.85), ("bug", 0.84))), None, ()),
    "the model, where what was learned is unsure": (
        facts(**VAGUE, lesson=lesson(("question", 0.5))), answered("bug"), ("bug",)),
    "what was learned goes before the model": (
        facts(**VAGUE, lesson=lesson(("question", 0.95))), answered("bug"), ("question",)),
    "a language that the rules do not know": (facts(**GERMAN, lesson=lesson(("question", 0.81))), None, ("question",)),
    "a language that the rules do not know, just below the threshold": (
        facts(**GERMAN, lesson=lesson(("question", 0.79))), None, ()),
    "a model's word about a language that the rules do not know": (
        facts(**GERMAN, lesson=lesson(("question", 0.5))), answered("bug"), ()),
    "nothing was learned": (facts(**VAGUE), None, ()),
    "a kind that the repository has no label for": (
        facts(**VAGUE, lesson=lesson(("question", 0.99)), labels=(Label("bug"),)), None, ()),
    "a label in another case": (
        facts(**VAGUE, lesson=lesson(("bug", 0.99)), labels=(Label("Bug"),)), None, ("Bug",)),
    "a label of a family, allowed": (
        facts(**VAGUE, lesson=lesson(("bug", 0.99)), labels=(Label("type: bug"),)), None, ("type: bug",)),
    "a label of a family, not allowed": (
        facts(**VAGUE, lesson=lesson(("bug", 0.99)), labels=(Label("kind/bug"),)), None, ()),
    "people called it wrong": (facts(**BUG, feedback=said()), None, ()),
    "people called all of it wrong": (facts(**BUG, feedback=said(ALL)), None, ()),
    "people called a kind wrong": (facts(**BUG, feedback=said(subject="Question")), None, ()),
    "people called a priority wrong": (facts(**BUG, feedback=said(subject="P1")), None, ("bug",)),
    "a person took the label off by a command": (facts(**BUG, feedback=said(LABELS, "bug")), None, ()),
    "people called another part wrong": (facts(**BUG, feedback=said(DUPLICATES)), None, ("bug",)),
    "a person took off another kind of ours": (facts(**BUG, label_events=removed_by_people("question")), None, ()),
    "a person took off the same in another case": (
        facts(**BUG, label_events=removed_by_people("BUG")), None, ()),
}  # fmt: skip


@pytest.mark.parametrize(("given", "answer", "labels"), CASES.values(), ids=CASES)
def test_who_decides(given: Facts, answer: ModelAnswer | None, labels: tuple[str, ...]) -> None:
    made = context(OPTIONS)
    made = replace(made, labels=made.labels | {"Bug", "type: bug"})
    assert labels_of(CAPABILITY.decide(given, answer, made)) == labels


def test_why_names_features_threshold_measured_precision_and_version() -> None:
    decided = decide(facts(**VAGUE, lesson=lesson(("question", 0.91))))
    assert isinstance(decided, Plan)
    assert (decided.why.method, decided.why.confidence) == ("learned, version 3", 0.91)
    assert decided.why.evidence == (
        "it reads like the reports that people called question here (“tide” in the title)",
        "“tide” in the title",
        "acts from a confidence of 0.80 on, chosen so that 90% are right; measured precision: 45 of 46 newer answers "
        "on issues that it had not learned from were right (98%, at least 90%), in this repository",
    )


def test_why_does_not_call_the_configured_threshold_of_the_rules_chosen() -> None:
    decided = decide(facts(**BUG, lesson=lesson(("bug", 0.9), rules={"bug": GOOD})))
    assert isinstance(decided, Plan)
    assert any("acts from a confidence of 0.80 on, as configured; measured" in one for one in decided.why.evidence)


LACKS: Mapping[str, tuple[dict[str, Any], str]] = {
    "too little": ({"lesson": lesson(("question", 0.71))}, "it takes 0.80"),
    "no threshold is enough": (
        {"lesson": lesson(("question", 0.71), bars={"question": Measure(None, 3, 9)})}, "that was never sure enough"),
    "nothing was measured": (
        {"lesson": lesson(("question", 0.71), bars={})}, "nothing was measured for it so far"),
    "the repository has no such label": (
        {"lesson": lesson(("question", 0.71)), "labels": (Label("bug"),)}, "there is no label for it that may be set"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "lacks"), LACKS.values(), ids=LACKS)
def test_what_was_not_sure_enough_says_what_it_lacks(given: dict[str, Any], lacks: str) -> None:
    decided = decide(facts(**VAGUE, **given))
    assert decided == Skip(f"not sure: by what was learned here question is the likeliest with 0.71, but {lacks}")


def test_it_says_so_in_a_language_that_the_rules_do_not_know_too() -> None:
    decided = decide(facts(**GERMAN, lesson=lesson(("question", 0.71))))
    assert decided == Skip("not sure: by what was learned here question is the likeliest with 0.71, but it takes 0.80")
    assert "language" in str(decide(facts(**GERMAN)))


EARNED = {
    "measured and holding": (VAGUE, lesson(("question", 0.9)), None, "question", True),
    "measured, and not holding": (
        VAGUE, lesson(("question", 0.9), bars={"question": replace(GOOD, earned=False)}), None, "question", False,
    ),
    "rules that hold": (BUG, lesson(("bug", 0.9), rules={"bug": GOOD}), None, "bug", True),
    "rules that nobody measured": (BUG, None, None, "bug", False),
    "a model's word": (VAGUE, lesson(("question", 0.5)), answered("bug"), "bug", False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "learned", "answer", "label", "acts"), EARNED.values(), ids=EARNED)
def test_mode_earned_sets_only_what_was_measured_and_suggests_the_rest(
    text: dict[str, Any], learned: Lesson | None, answer: ModelAnswer | None, label: str, acts: bool
) -> None:
    decided = decide(facts(**text, lesson=learned), answer, mode=Mode.EARNED)
    assert isinstance(decided, Plan)
    assert labels_of(decided) == ((label,) if acts else ())
    assert decided.earned == ({label} if acts else frozenset())
    (section,) = [one for one in decided.actions if isinstance(one, SetSection)]
    assert section.quiet is acts
    assert rendered(section.text).startswith("Labelled" if acts else "A label that may fit")
    assert any(line.startswith("mode earned: ") for line in decided.why.evidence)


def said_of(*labels: str) -> ThreadMemory:
    """A section of ours that says it set these."""
    text = labelled(labels[0], "", labels[1:], {"unlabel"})
    return ThreadMemory(sections=frozenset({"triage"}), written={"triage": Section(text)})


CLAIMS: Mapping[str, tuple[dict[str, Any], bool]] = {
    "a kind that a person took off": ({"label_events": removed_by_people("bug"), "memory": said_of("bug")}, True),
    "the same beside an area": (
        {"label_events": (*set_by_us("area: cli"), *removed_by_people("Bug")), "memory": said_of("bug", "area: cli"),
         "item_labels": frozenset({"area: cli"})}, True),
    "an area that a person took off, beside a kind": (
        {"label_events": (*set_by_us("bug"), *removed_by_people("area: cli")), "memory": said_of("bug", "area: cli"),
         "item_labels": frozenset({"bug"})}, True),
    "a kind that was called wrong, beside an area": (
        {"label_events": set_by_us("area: cli"), "feedback": said(subject="bug"), "memory": said_of("bug", "area: cli"),
         "item_labels": frozenset({"area: cli"})}, True),
    "a label of ours that is neither is left": (
        {"label_events": (*set_by_us("P1"), *removed_by_people("bug")), "memory": said_of("bug"),
         "item_labels": frozenset({"P1"})}, True),
    "what a person took off before is not in it": (
        {"label_events": (*removed_by_people("question"), *set_by_us("bug")), "memory": said_of("bug"),
         "item_labels": frozenset({"bug"})}, False),
    "what a person took off is neither": (
        {"label_events": (*set_by_us("bug"), *removed_by_people("P1")), "memory": said_of("bug"),
         "item_labels": frozenset({"bug"})}, False),
}  # fmt: skip


@pytest.mark.parametrize(("given", "goes"), CLAIMS.values(), ids=CLAIMS)
def test_a_section_goes_that_claims_a_label_which_people_took_off(given: dict[str, Any], goes: bool) -> None:
    decided = decide(facts("issues.edited", **BUG, **given))
    assert [type(one) for one in getattr(decided, "actions", ())] == ([DropSection] if goes else [])


def test_a_command_asks_afresh_where_people_called_us_wrong() -> None:
    decided = decide(commented("/triage", **BUG, role="triage", feedback=said()))
    assert AddLabels(("bug",), Source.RULES) in getattr(decided, "actions", ())


def test_nobody_asks_a_model_what_was_learned_or_what_people_settled() -> None:
    made = context(OPTIONS)
    assert CAPABILITY.ask(facts(**VAGUE), made) is not None
    assert CAPABILITY.ask(facts(**VAGUE, lesson=lesson(("question", 0.9))), made) is None
    assert CAPABILITY.ask(facts(**VAGUE, feedback=said()), made) is None


def test_the_model_sees_guesses_and_examples_as_evidence() -> None:
    given = facts(
        **VAGUE,
        lesson=lesson(("security", 0.5), ("question", 0.3), ("bug", 0.2), nearby=(Nearby(7, "Login twice", ("bug",)),)),
    )
    inputs = inputs_of(given, available_kinds(given, context(OPTIONS), OPTIONS))
    assert (inputs["guesses"], inputs["examples"]) == ("question 0.30, bug 0.20", "bug: Login twice")
    sent = fill(load_prompts()["triage"], inputs, fence="fence0").user
    assert "question 0.30, bug 0.20" in sent
    assert "<<<data fence0\nbug: Login twice\n>>>end fence0" in sent
    assert inputs_of(facts(**VAGUE), ())["examples"] == "none"


def test_labels_of_ours_still_swap_on_an_edit() -> None:
    given = facts("issues.edited", **BUG, item_labels=frozenset({"question"}), label_events=set_by_us("question"))
    assert labels_of(decide(given)) == ("bug",)


def test_in_mode_earned_an_edit_leaves_a_section_about_our_label_alone() -> None:
    given = facts(
        "issues.edited", **BUG, lesson=lesson(("bug", 0.9), rules={"bug": GOOD}), item_labels=frozenset({"bug"}),
        label_events=set_by_us("bug"), memory=ThreadMemory(sections=frozenset({"triage"})),
    )  # fmt: skip
    assert decide(given, mode=Mode.EARNED) == Skip("bug is already set")
