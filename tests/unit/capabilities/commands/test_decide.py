"""What becomes of commands."""

from datetime import timedelta
from typing import Any

import pytest

from bot.capabilities.commands import CAPABILITY
from bot.capabilities.commands.config import CommandsOptions
from bot.domain.actions import Action, AddLabels, React, Reaction, RemoveLabels, Reply, Source
from bot.domain.facts import DecisionRecord, Facts, Need
from bot.domain.plan import Plan, Skip
from tests.unit.capabilities.build import (
    NOW,
    actions_of,
    commented,
    context,
    facts,
    read_text,
    rendered,
    set_by_people,
    set_by_us,
)

DONE, CONFUSED = React(Reaction.DONE), React(Reaction.CONFUSED)
MIXED: dict[str, Any] = {
    "item_labels": frozenset({"bug", "question"}),
    "label_events": (*set_by_us("bug"), *set_by_people("question")),
}


def decide(given: Facts, options: CommandsOptions | None = None, **of: Any) -> Plan | Skip:
    return CAPABILITY.decide(given, None, context(options or CommandsOptions(), **of))


def run(text: str, *, role: str = "triage", **changes: Any) -> tuple[Action, ...]:
    return actions_of(decide(commented(text, role=role, **changes)))


def reply_of(actions: tuple[Action, ...]) -> str:
    (reply,) = [one for one in actions if isinstance(one, Reply)]
    return rendered(reply.text)


def add(*names: str) -> AddLabels:
    return AddLabels(names, Source.COMMAND)


def remove(*names: str, any_owner: bool = False) -> RemoveLabels:
    return RemoveLabels(names, Source.COMMAND, any_owner=any_owner)


CARRIED_OUT: dict[str, tuple[str, dict[str, Any], tuple[Action, ...]]] = {
    "label": ("/label bug", {}, (add("bug"),)),
    "several, quoted": ('/label bug, "good first issue"', {}, (add("bug", "good first issue"),)),
    "any case": ("/label BUG", {}, (add("bug"),)),
    "spaces without quotes": ("/label good first issue", {}, (add("good first issue"),)),
    "already there": ("/label bug", MIXED, ()),
    "repeated": ("/label bug\n/label bug", {}, (add("bug"),)),
    "one that a person removed": ("/label bug", {"label_events": set_by_people("x")}, (add("bug"),)),
    "unlabel ours": ("/unlabel bug", MIXED, (remove("bug"),)),
    "unlabel what is not there": ("/unlabel bug", {}, ()),
    "label and unlabel": ("/label enhancement\n/unlabel bug", MIXED, (add("enhancement"), remove("bug"))),
    "taken back": ("/label enhancement\n/unlabel enhancement", {}, ()),
    "put back": ("/unlabel bug\n/label bug", MIXED, ()),
    "triage is another capability's": ("/triage", {}, ()),
}


@pytest.mark.parametrize(("text", "changes", "expected"), CARRIED_OUT.values(), ids=CARRIED_OUT)
def test_carried_out(text: str, changes: dict[str, Any], expected: tuple[Action, ...]) -> None:
    assert run(text, **changes) == (*expected, DONE)


IGNORED: dict[str, Facts] = {
    "no command": commented("Thanks!", role="admin"),
    "quoted": commented("> /label bug", role="admin"),
    "in a code block": commented("```\n/label bug\n```", role="admin"),
    "in a code span": commented("`/label bug`", role="admin"),
    "in the middle of a line": commented("please /label bug", role="admin"),
    "in a comment of HTML": commented("<!--\n/label bug\n-->", role="admin"),
    "a path": commented("/usr/bin is full", role="admin"),
    "nothing like ours": commented("/deploy", role="admin"),
}


@pytest.mark.parametrize("given", IGNORED.values(), ids=IGNORED)
def test_ignored(given: Facts) -> None:
    assert isinstance(decide(given), Skip)


@pytest.mark.parametrize("role", ["none", "read", "custom", ""])
@pytest.mark.parametrize("name", ["label", "unlabel", "triage"])
def test_not_permitted(name: str, role: str) -> None:
    actions = run(f"/{name} bug", role=role, **MIXED)
    assert [type(one) for one in actions] == [Reply, React]
    assert actions[-1] == CONFUSED
    assert "at least the triage role" in reply_of(actions)


@pytest.mark.parametrize("role", ["triage", "write", "maintain", "admin"])
def test_permitted(role: str) -> None:
    assert run("/label bug", role=role) == (add("bug"), DONE)


def test_unknown_labels_are_named_and_the_others_added() -> None:
    actions = run("/label bug, documentaton, zzz")
    assert actions[0] == add("bug")
    assert actions[-1] == CONFUSED
    assert "no label `documentaton` in this repository. Did you mean `documentation`?" in reply_of(actions)
    assert "no label `zzz` in this repository." in reply_of(actions)


@pytest.mark.parametrize("name", ["label", "unlabel"])
def test_without_labels_the_usage_is_shown(name: str) -> None:
    actions = run(f"/{name}")
    assert actions[-1] == CONFUSED
    assert f'`/{name} name, "another name"`' in reply_of(actions)


def test_labels_of_people_are_refused_kindly() -> None:
    actions = run("/unlabel bug, question", **MIXED)
    assert actions[0] == remove("bug")
    assert actions[-1] == CONFUSED
    assert "A person set `question`" in reply_of(actions)


def test_labels_of_people_go_where_the_maintainers_allow_it() -> None:
    given = commented("/unlabel bug, question", role="triage", **MIXED)
    actions = actions_of(decide(given, CommandsOptions(unlabel_any=True)))
    assert actions == (remove("bug"), remove("question", any_owner=True), DONE)


def test_unread_labels_change_nothing() -> None:
    actions = run("/label bug", labels=(), unread=frozenset({Need.LABELS}))
    assert [type(one) for one in actions] == [Reply, React]
    assert "could not be read" in reply_of(actions)


def test_did_you_mean() -> None:
    actions = run("/lable bug")
    assert actions[-1] == CONFUSED
    assert "I do not know `/lable`. Did you mean `/label`?" in reply_of(actions)


def test_did_you_mean_can_be_switched_off() -> None:
    assert isinstance(decide(commented("/lable bug"), CommandsOptions(did_you_mean=False)), Skip)


def test_triage_that_is_off_says_so() -> None:
    actions = actions_of(decide(commented("/triage", role="admin"), off=("triage",)))
    assert actions[-1] == CONFUSED
    assert "`/triage` is switched off" in reply_of(actions)


def test_several_commands_have_one_reply_and_one_receipt() -> None:
    actions = run("/help\n/why\n/help\n/label nonsense-label")
    assert [type(one) for one in actions] == [Reply, React]
    assert reply_of(actions).count("what it does") == 1
    assert actions[-1] == CONFUSED


@pytest.mark.parametrize(
    ("role", "shown", "more"), [("read", False, True), ("triage", True, False)], ids=["stranger", "triage role"]
)
def test_help_shows_what_the_sender_may_use(role: str, shown: bool, more: bool) -> None:
    text = reply_of(run("/help", role=role))
    assert "`/why`" in text
    assert ("`/unlabel" in text) is shown
    assert ("have more commands" in text) is more


def test_why_tells_the_last_decision_of_each_capability() -> None:
    def record(capability: str, minutes: int, outcome: str, *evidence: str) -> DecisionRecord:
        at = NOW + timedelta(minutes=minutes)
        return DecisionRecord(capability, at, "issues.opened", outcome, evidence, "rules 1")

    decisions = (
        record("triage", 5, "labelled bug", "the title begins with [BUG] @octo"),
        record("triage", 1, "labelled question"),
        record("welcome", 2, "welcomed"),
        record("commands", 9, "carried out"),
    )
    actions = run("/why", role="none", decisions=decisions)
    assert actions[-1] == DONE
    reply = actions[0]
    assert isinstance(reply, Reply)
    source = read_text(reply.text)
    assert source.index("triage: labelled bug") < source.index("welcome: welcomed")
    assert "labelled question" not in source
    assert "carried out" not in source
    assert "by rules 1" in source
    assert "[BUG]" not in source.replace("\\[BUG\\]", "")


CHANGED: dict[str, tuple[str, dict[str, Any], str, tuple[str, ...]]] = {
    "a label": (
        '/label "good first issue"',
        {},
        "added good first issue, asked for by grace",
        ('asked for by grace: /label "good first issue"',),
    ),
    "several": ("/label bug, question", {}, "added bug, question, asked for by grace", ()),
    "one taken off": ("/unlabel bug", MIXED, "took off bug, asked for by grace", ()),
    "both": (
        "/label enhancement\n/unlabel bug",
        MIXED,
        "added enhancement and took off bug, asked for by grace",
        ("asked for by grace: /label enhancement", "asked for by grace: /unlabel bug"),
    ),
    "in part": ("/label bug, zzz", {}, "added bug, asked for by grace", ()),
    "beside a question": ("/label bug\n/why", {}, "added bug, asked for by grace", ("asked for by grace: /label bug",)),
}


@pytest.mark.parametrize(("text", "changes", "outcome", "evidence"), CHANGED.values(), ids=CHANGED)
def test_the_record_says_who_asked_for_labels(
    text: str, changes: dict[str, Any], outcome: str, evidence: tuple[str, ...]
) -> None:
    decided = decide(commented(text, role="triage", **changes))
    assert isinstance(decided, Plan)
    assert decided.why.outcome == outcome
    assert not evidence or decided.why.evidence == evidence
    assert decided.why.method == "a person's command"


@pytest.mark.parametrize(
    "text", ["/help", "/why", "/triage", "/label zzz", "/label", "/unlabel documentation", "/lable x"]
)
def test_a_command_that_changes_no_label_is_recorded_as_nothing(text: str) -> None:
    decided = decide(commented(text, role="triage", **MIXED))
    assert isinstance(decided, Plan)
    assert decided.why.method == ""


def test_a_refused_command_is_recorded_as_nothing() -> None:
    decided = decide(commented("/label bug", role="read"))
    assert isinstance(decided, Plan)
    assert decided.why.method == ""


def test_why_tells_of_a_label_that_a_person_asked_for() -> None:
    asked = decide(commented('/label "good first issue"', role="triage"))
    assert isinstance(asked, Plan)
    why = asked.why
    record = DecisionRecord("commands", NOW, "issue_comment.created", why.outcome, why.evidence, why.method)
    reply = reply_of(run("/why", role="none", decisions=(record,)))
    assert "commands: added good first issue, asked for by grace" in reply
    assert "by a person's command." in reply


def test_why_leaves_out_what_says_nothing() -> None:
    idle = (
        DecisionRecord("configuration", NOW, "issues.opened", "the configuration is not touched", (), ""),
        DecisionRecord("commands", NOW, "issue_comment.created", "no command of ours in the comment", (), ""),
        DecisionRecord("commands", NOW, "issue_comment.created", "answered", ("/help",), ""),
    )
    triage = DecisionRecord("triage", NOW, "issues.opened", "not sure", (), "")
    reply = reply_of(run("/why", role="none", decisions=(*idle, triage)))
    assert "- triage: not sure" in reply
    assert "configuration:" not in reply
    assert "commands:" not in reply
    alone = reply_of(run("/why", role="none", decisions=idle[:1]))
    assert alone == "I left this thread alone."


def test_why_tells_of_mistakes_in_the_configuration() -> None:
    record = DecisionRecord("configuration", NOW, "issues.opened", "the configuration in use is broken", (), "schema")
    assert "configuration: the configuration in use is broken" in reply_of(run("/why", decisions=(record,)))


def test_why_says_why_nothing_was_done() -> None:
    record = DecisionRecord("triage", NOW, "issues.opened", "the rules are not sure", (), "")
    reply = reply_of(run("/why", role="none", decisions=(record,)))
    assert "left this thread alone" in reply
    assert "triage: the rules are not sure" in reply


def test_why_without_decisions() -> None:
    assert "not looked at" in reply_of(run("/why", role="none"))


@pytest.mark.parametrize("kind", ["pull_request_review_comment.created", "pull_request_review.submitted"])
@pytest.mark.parametrize("name", ["label", "help", "triage"])
def test_reviews_are_told_where_commands_belong(kind: str, name: str) -> None:
    (reply,) = actions_of(decide(commented(f"/{name} bug", kind=kind, role="admin")))
    assert isinstance(reply, Reply)
    assert "not read here" in rendered(reply.text)


@pytest.mark.parametrize("text", ["/deploy", "/lable bug", "Looks good"])
def test_other_words_in_reviews_are_left_alone(text: str) -> None:
    assert isinstance(decide(commented(text, kind="pull_request_review.submitted")), Skip)


def test_plans_are_commanded_so_that_an_answered_thread_still_obeys() -> None:
    for given in (commented("/help"), commented("/help", kind="pull_request_review.submitted")):
        decided = decide(given)
        assert isinstance(decided, Plan)
        assert decided.commanded


def test_no_line_of_a_reply_begins_with_a_command() -> None:
    text = reply_of(run("/help\n/why\n/label\n/lable x\n/unlabel question", **MIXED))
    assert not [line for line in text.splitlines() if line.startswith(("/", "@"))]


def test_editing_fires_nothing() -> None:
    events = CAPABILITY.manifest.events
    assert all(one.endswith((".created", ".submitted")) for one in events)
    assert facts().event.kind not in events


def test_a_review_carries_out_nothing() -> None:
    decided = decide(commented("/label bug", kind="pull_request_review.submitted", role="admin"))
    assert isinstance(decided, Plan)
    assert {type(one) for one in decided.actions} == {Reply}
