"""Which labels an item gets, from whom, and what stays as people left it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.capabilities.triage import CAPABILITY
from bot.capabilities.triage.config import TriageOptions
from bot.domain.actions import AddLabels, DropSection, RemoveLabels, Reply, SetSection, Source
from bot.domain.capability import Context, Mode
from bot.domain.facts import ChangedFile, Facts, Label, ThreadMemory
from bot.domain.feedback import ALL, Feedback, Opinion
from bot.domain.plan import ModelAnswer, Plan, Skip
from bot.domain.ports import Allowance
from bot.endpoints import Endpoint
from bot.llm.client import ModelClient
from bot.llm.completion import Completion
from bot.llm.pool import Budgets, ModelPool
from bot.prompting import load_prompts
from tests.support.memory import Memory
from tests.unit.capabilities.build import (
    AUTHOR,
    MAINTAINER,
    NOW,
    actions_of,
    comment,
    commented,
    context,
    facts,
    read_text,
    removed_by_people,
    rendered,
    set_by_people,
    set_by_us,
)

OPTIONS = TriageOptions()
BUG: dict[str, Any] = {"title": "[BUG] Login", "body": "It shows a white page."}
WISH: dict[str, Any] = {"title": "[Feature] Dark mode", "body": "A dark theme for the night."}
VAGUE: dict[str, Any] = {
    "title": "Login of the second account",
    "body": "This is what we see in the office with the new device.",
}
GERMAN: dict[str, Any] = {
    "title": "Anmeldung",
    "body": "Das ist ein Text, den die Regeln nicht lesen können und auch nicht sollen.",
}
OURS = ThreadMemory(sections=frozenset({"triage"}))


def decide(given: Facts, answer: ModelAnswer | None = None, options: TriageOptions = OPTIONS, **of: Any) -> Plan | Skip:
    return CAPABILITY.decide(given, answer, context(options, **of))


def answered(kind: str, confidence: object = 0.95, evidence: str = "") -> ModelAnswer:
    return ModelAnswer({"kind": kind, "confidence": confidence, "evidence": evidence}, "tiny", "triage 1")


def labels_of(decided: Plan | Skip) -> tuple[str, ...]:
    return tuple(name for one in getattr(decided, "actions", ()) if isinstance(one, AddLabels) for name in one.labels)


def test_a_sure_report_is_labelled_with_a_quiet_line() -> None:
    add, section = actions_of(decide(facts(**BUG)))
    assert add == AddLabels(("bug",), Source.RULES)
    assert isinstance(section, SetSection)
    assert section.quiet
    text = rendered(section.text)
    assert text.startswith("Labelled `bug` because the title begins with “\\[BUG\\]”; ")
    assert "`/why` tells more, `/unlabel bug` undoes it." in text


def test_the_plan_explains_itself() -> None:
    decided = decide(facts(**BUG))
    assert isinstance(decided, Plan)
    assert (decided.why.outcome, decided.why.method) == ("labelled bug", "rules 1")
    assert decided.why.evidence[0] == "the title begins with “[BUG]”"
    assert 0.85 <= (decided.why.confidence or 0) <= 1


LEFT_ALONE = {
    "a person removed the label": facts(**BUG, label_events=removed_by_people("bug")),
    "the label is there": facts(**BUG, item_labels=frozenset({"bug"}), label_events=set_by_people("bug")),
    "a person set another kind": facts(**BUG, item_labels=frozenset({"question"})),
    "a form set another kind, on an edit": facts("issues.edited", **BUG, item_labels=frozenset({"question"})),
    "our own other kind, but no edit": facts(
        "issues.reopened", **WISH, item_labels=frozenset({"bug"}), label_events=set_by_us("bug")
    ),
    "the label does not exist": facts(**BUG, labels=(Label("defect"),)),
    "closed": facts(**BUG, item_state="closed"),
    "locked": facts(**BUG, item_locked=True),
    "a maintainer answered": facts(**BUG, comments=(comment("On it", MAINTAINER, "MEMBER"),)),
    "not sure": facts(**VAGUE),
    "another language": facts(**GERMAN),
    "nothing but quotes of a bug report": facts(title="Login", body="> [BUG] crash\n> it is broken and fails"),
}


@pytest.mark.parametrize("given", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(given: Facts) -> None:
    assert isinstance(decide(given), Skip)


def test_a_label_that_may_not_be_set_is_not_set() -> None:
    options = TriageOptions.model_validate({"kinds": {"bug": "defect"}})
    given = facts(**BUG, labels=(Label("defect"), Label("bug")))
    assert labels_of(decide(given, options=options)) == ("defect",)
    assert labels_of(CAPABILITY.decide(given, None, Context(Mode.ACT, options))) == ()


def test_the_first_existing_name_of_a_kind_is_used() -> None:
    options = TriageOptions.model_validate({"kinds": {"enhancement": ["idea", "wish", "enhancement"]}})
    given = facts(**WISH, labels=(Label("wish"), Label("enhancement")))
    assert labels_of(decide(given, options=options)) == ("wish",)


def test_a_kind_with_an_empty_list_is_off() -> None:
    assert isinstance(decide(facts(**BUG), options=TriageOptions.model_validate({"kinds": {"bug": []}})), Skip)


def test_an_edit_swaps_our_own_label() -> None:
    given = facts("issues.edited", **WISH, item_labels=frozenset({"bug"}), label_events=set_by_us("bug"))
    remove, add, _section = actions_of(decide(given))
    assert remove == RemoveLabels(("bug",), Source.RULES)
    assert add == AddLabels(("enhancement",), Source.RULES)


def test_the_line_goes_when_a_person_took_our_label_off() -> None:
    given = facts("issues.edited", **BUG, label_events=removed_by_people("bug"), memory=OURS)
    (drop,) = actions_of(decide(given))
    assert isinstance(drop, DropSection)


def test_the_line_stays_while_our_label_stays() -> None:
    given = facts("issues.edited", **BUG, item_labels=frozenset({"bug"}), label_events=set_by_us("bug"), memory=OURS)
    assert isinstance(decide(given), Skip)


def test_suggest_writes_what_would_fit_and_sets_nothing() -> None:
    (section,) = actions_of(decide(facts(**BUG), mode=Mode.SUGGEST))
    assert isinstance(section, SetSection)
    assert not section.quiet
    text = rendered(section.text)
    assert text.startswith(
        "A label that may fit: `bug` because the title begins with “\\[BUG\\]”. A maintainer can set it"
    )
    assert "`/label bug`" in text


# --- the model -------------------------------------------------------------------------------------------------------

ASKED = {
    "unsure": (facts(**VAGUE), True),
    "sure": (facts(**BUG), False),
    "another language": (facts(**GERMAN), False),
    "a maintainer answered": (facts(**VAGUE, comments=(comment("Hm", MAINTAINER, "OWNER"),)), False),
    "a person set a kind": (facts(**VAGUE, item_labels=frozenset({"bug"})), False),
    "no label to set": (facts(**VAGUE, labels=()), False),
    "a comment without /triage": (commented("Hello", **VAGUE), False),
    "/triage": (commented("/triage", role="triage", **VAGUE), True),
    "/triage of a stranger": (commented("/triage", role="read", **VAGUE), False),
    "maintenance": (facts("pull_request.opened", title="chore: the next version of our tools"), False),
}


@pytest.mark.parametrize(("given", "asks"), ASKED.values(), ids=ASKED)
def test_asks_the_model_only_where_that_can_help(given: Facts, asks: bool) -> None:
    assert (CAPABILITY.ask(given, context(OPTIONS)) is not None) is asks


def test_a_pull_request_is_no_question() -> None:
    request = CAPABILITY.ask(facts("pull_request.opened", **VAGUE), context(OPTIONS))
    assert request is not None
    assert request.inputs["kinds"] == "bug, enhancement, documentation"


def test_the_models_answer_counts_where_rules_are_unsure() -> None:
    decided = decide(facts(**VAGUE), answered("question", evidence="in  the OFFICE"))
    add, _section = actions_of(decided)
    assert add == AddLabels(("question",), Source.MODEL)
    assert isinstance(decided, Plan)
    assert decided.why.evidence == ("the text says “in the OFFICE”",)
    assert decided.why.method == "model tiny, prompt triage 1"


CUT = "the model saw only the beginning of the report"


@pytest.mark.parametrize(("cut", "notes"), [(("body",), (CUT,)), ((), ())], ids=["cut", "whole"])
def test_a_report_that_was_cut_for_the_model_is_explained(cut: tuple[str, ...], notes: tuple[str, ...]) -> None:
    decided = decide(facts(**VAGUE), replace(answered("question", evidence="the office"), cut=cut))
    assert isinstance(decided, Plan)
    assert decided.why.evidence == ("the text says “the office”", *notes)


def test_that_a_report_was_cut_is_no_reason_for_the_label() -> None:
    decided = decide(facts(**VAGUE), replace(answered("question"), cut=("body",)))
    (_add, section) = actions_of(decided)
    assert isinstance(section, SetSection)
    assert rendered(section.text).startswith("Labelled `question`; ")
    assert isinstance(decided, Plan)
    assert decided.why.evidence == (CUT,)


def test_a_model_that_is_unsure_of_a_cut_report_says_so() -> None:
    decided = decide(facts(**VAGUE), replace(answered("unsure"), cut=("body",)))
    assert decided == Skip(f"not sure: the model is not sure either; {CUT}")


def test_rules_that_are_sure_do_not_speak_of_the_model() -> None:
    decided = decide(facts(**BUG), replace(answered("bug"), cut=("body",)))
    assert isinstance(decided, Plan)
    assert CUT not in decided.why.evidence


@pytest.mark.parametrize(("length", "cut"), [(100, ()), (7_000, ("body",))], ids=["short", "long"])
async def test_the_client_says_what_it_cut(monkeypatch: pytest.MonkeyPatch, length: int, cut: tuple[str, ...]) -> None:
    async def complete(*_: object) -> Completion:
        return Completion('{"kind": "bug", "confidence": 0.9, "evidence": ""}', 10)

    monkeypatch.setattr(ModelClient, "complete", complete)
    memory = Memory()
    client = ModelPool.of(
        [Endpoint("http://127.0.0.1:9", "", "tiny", context=8192)], load_prompts(), spending=memory, answers=memory,
        knowledge=memory, budgets=Budgets(10**6),
    )  # fmt: skip
    try:
        request = CAPABILITY.ask(facts(title=VAGUE["title"], body="we see it " * (length // 10)), context(OPTIONS))
        assert request is not None
        answer = await client.answer(request, private=False, scope="1", allowance=Allowance())
    finally:
        await client.close()
    assert isinstance(answer, ModelAnswer)
    assert answer.cut == cut


REFUSED = {
    "not confident": answered("bug", 0.5),
    "unsure": answered("unsure", 1.0),
    "no kind": answered("security", 1.0),
    "no number": answered("bug", "1"),
    "not a number": answered("bug", float("nan")),
    "a truth value": answered("bug", True),
    "out of range": answered("bug", 7.0),
    "nothing": ModelAnswer({}, "tiny", "triage 1"),
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
def test_an_answer_that_does_not_count(answer: ModelAnswer) -> None:
    assert isinstance(decide(facts(**VAGUE), answer), Skip)


def test_invented_evidence_is_dropped() -> None:
    decided = decide(facts(**VAGUE), answered("bug", evidence="the maintainers said so"))
    assert isinstance(decided, Plan)
    assert decided.why.evidence == ()
    assert "said so" not in str(decided.actions)


def test_sure_rules_are_not_overruled() -> None:
    assert labels_of(decide(facts(**BUG), answered("question"))) == ("bug",)


def test_strong_contrary_evidence_wins_over_the_model() -> None:
    given = facts(title="Crash in the second window", body="This is what we see in the office with the new device.")
    assert labels_of(decide(given, answered("question"))) == ()
    assert labels_of(decide(given, answered("bug"))) == ("bug",)


def test_a_model_does_not_decide_in_another_language() -> None:
    assert isinstance(decide(facts(**GERMAN), answered("bug")), Skip)


# --- /triage ---------------------------------------------------------------------------------------------------------


def test_triage_runs_afresh_where_a_maintainer_answered() -> None:
    given = commented("/triage", role="write", comments=(comment("On it", MAINTAINER, "MEMBER"),), **BUG)
    decided = decide(given)
    assert labels_of(decided) == ("bug",)
    assert isinstance(decided, Plan)
    assert decided.commanded


REPLIES = {
    "unsure": ({**VAGUE}, "cannot tell"),
    "already": ({**BUG, "item_labels": frozenset({"bug"})}, "already set"),
    "removed by a person": ({**BUG, "label_events": removed_by_people("bug")}, "took it off before"),
    "another kind of a person": ({**BUG, "item_labels": frozenset({"question"})}, "`question` was set by a person"),
    "other kinds of people": (
        {**BUG, "item_labels": frozenset({"question", "documentation"})},
        "`documentation`, `question` were set by people, so they stay",
    ),
    "no label": ({**BUG, "labels": ()}, "This looks like a bug, but the repository has no label for it"),
    "no label, a wish": ({**WISH, "labels": ()}, "This looks like an enhancement, but"),
    "nearly sure": (
        {"title": "Crash in the second window", "body": "This is what we see in the office with the new device."},
        "I cannot tell what kind this is (the likeliest is bug, but with a confidence of only 0.",
    ),
}


@pytest.mark.parametrize(("changes", "words"), REPLIES.values(), ids=REPLIES)
def test_triage_says_why_nothing_changes(changes: dict[str, Any], words: str) -> None:
    (reply,) = actions_of(decide(commented("/triage", role="triage", **changes)))
    assert isinstance(reply, Reply)
    assert words in rendered(reply.text)


@pytest.mark.parametrize(
    "given",
    [
        commented("/triage", role="read", **BUG),
        commented("> /triage", role="admin", **BUG),
        commented("`/triage`", role="admin", **BUG),
        commented("/help", role="admin", **BUG),
        commented("Thanks!", by=AUTHOR, **BUG),
    ],
    ids=["not permitted", "quoted", "code", "another command", "a plain comment"],
)
def test_not_commanded(given: Facts) -> None:
    assert isinstance(decide(given), Skip)


# --- pull requests ---------------------------------------------------------------------------------------------------


def changed(*paths: str) -> tuple[ChangedFile, ...]:
    return tuple(ChangedFile(path, "modified", None) for path in paths)


PULLS = {
    "a fix": ("fix(cli): leave the terminal as it was", ("src/cli.py",), ("bug",)),
    "a breaking feature": ("feat!: new format", ("src/a.py",), ("enhancement",)),
    "only documentation": ("Say how to install it", ("docs/install.md", "README.md"), ("documentation",)),
    "documentation by its paths, whatever the title": ("fix: the guide", ("docs/guide.md",), ("documentation",)),
    "documentation by its title": ("docs: comments", ("src/a.py",), ("documentation",)),
    "a chore": ("chore: bump", ("src/a.py",), ()),
    "a verb": ("Fix crash when the list is empty", ("src/a.py",), ("bug",)),
    "a verb about tests": ("Fix flaky tests", ("tests/a.py",), ()),
    "a new thing": ("Add a dark theme", ("src/a.py",), ("enhancement",)),
    "nothing said": ("Second try", ("src/a.py",), ()),
}


@pytest.mark.parametrize(("title", "paths", "labels"), PULLS.values(), ids=PULLS)
def test_pull_requests(title: str, paths: tuple[str, ...], labels: tuple[str, ...]) -> None:
    assert labels_of(decide(facts("pull_request.opened", title=title, files=changed(*paths)))) == labels


def test_areas_are_added_by_paths() -> None:
    options = TriageOptions(areas={"area: cli": ("src/cli/**",), "good first issue": ("docs/**",)})
    given = facts("pull_request.synchronize", title="Second try", files=changed("src/cli/a.py"))
    add, section = actions_of(decide(given, options=options))
    assert add == AddLabels(("area: cli",), Source.RULES)
    assert isinstance(section, SetSection)
    assert "`area: cli` by the changed paths" in read_text(section.text)


BOTH = TriageOptions(areas={"area: cli": ("src/cli/**",)})
A_FIX: dict[str, Any] = {"title": "fix: the colours", "files": (ChangedFile("src/cli/a.py", "modified", None),)}


def test_a_kind_and_an_area_are_undone_together() -> None:
    *_, section = actions_of(decide(facts("pull_request.opened", **A_FIX), options=BOTH))
    assert isinstance(section, SetSection)
    assert rendered(section.text).startswith(
        "Labelled `bug` because the title begins with “fix:”, and `area: cli` by the changed paths; "
        "`/why` tells more, `/unlabel bug, area: cli` undoes it."
    )


def test_a_kind_and_an_area_are_suggested_with_their_own_reasons() -> None:
    (section,) = actions_of(decide(facts("pull_request.opened", **A_FIX), options=BOTH, mode=Mode.SUGGEST))
    assert isinstance(section, SetSection)
    assert rendered(section.text).startswith(
        "Labels that may fit: `bug` because the title begins with “fix:”, and `area: cli` by the changed paths. "
        "A maintainer can set them with `/label bug, area: cli`."
    )


def test_an_area_that_a_person_removed_stays_away() -> None:
    options = TriageOptions(areas={"area: cli": ("src/**",)})
    removed = removed_by_people("area: cli")
    given = facts("pull_request.synchronize", title="x", files=changed("src/a"), label_events=removed)
    assert isinstance(decide(given, options=options), Skip)


def test_no_area_is_named_after_a_thumbs_down() -> None:
    options = TriageOptions(areas={"area: cli": ("src/**",)})
    disliked = (Feedback(5, ALL, "", Opinion.WRONG, "x", "reaction:1", NOW),)
    given = facts("pull_request.synchronize", title="x", files=changed("src/a"), feedback=disliked)
    assert isinstance(decide(given, options=options), Skip)


def test_extra_labels_are_areas_and_configured_kinds_only() -> None:
    options = TriageOptions.model_validate({"areas": {"area: cli": ["src/**"]}, "kinds": {"bug": ["defect"]}})
    assert options.extra_labels() == {"area: cli", "defect"}
    assert OPTIONS.extra_labels() == frozenset()
