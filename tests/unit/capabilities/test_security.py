"""Who is pointed to the security policy, and that nobody else touches such a report."""

from typing import Any

import pytest

from bot.capabilities import REGISTRY
from bot.capabilities.security import CAPABILITY
from bot.domain.actions import Action, DropSection, RemoveLabels, Reply, SetSection, Source
from bot.domain.capability import Capability
from bot.domain.events import Actor
from bot.domain.facts import AuthorHistory, Community, DecisionRecord, Facts, ThreadMemory
from bot.domain.gate import judge
from bot.domain.plan import Plan, Skip
from bot.domain.sensitive import LEFT_ALONE
from tests.unit.capabilities.build import (
    MAINTAINER,
    NOW,
    actions_of,
    comment,
    commented,
    context,
    facts,
    rendered,
    set_by_people,
    set_by_us,
)

TITLE = "Remote code execution by a crafted log file"
BODY = "It crashes, then an attacker runs `rm -rf` with the secret frobnicator."
POLICY_PAGE = "https://github.com/octo/rocket/blob/main/SECURITY.md"


def sensitive(**changes: Any) -> Facts:
    return facts(title=TITLE, body=BODY, author=AuthorHistory(0, 0), **changes)


def said(given: Facts) -> str:
    (section,) = actions_of(CAPABILITY.decide(given, None, context(CAPABILITY.manifest.options())))
    assert isinstance(section, SetSection)
    return rendered(section.text)


def test_it_points_to_the_policy_and_repeats_nothing() -> None:
    text = said(sensitive(community=Community(security=POLICY_PAGE)))
    assert f"[The security policy]({POLICY_PAGE})" in text
    assert not {"frobnicator", "execution", "crafted", "rm -rf"} & set(text.split())
    assert "frobnicator" not in text


def test_without_a_policy_it_asks_for_a_private_way() -> None:
    assert "ask the maintainers here for a private way" in said(sensitive())


SILENT = {
    "an ordinary report": facts(title="It crashes", body="It crashes at the start."),
    "a pull request": facts("pull_request.opened", title=TITLE, body=BODY),
    "a maintainer's": sensitive(item_association="MEMBER"),
    "a bot's": sensitive(item_author=Actor("reporter[bot]", 9, "Bot")),
    "closed": sensitive(item_state="closed"),
    "locked": sensitive(item_locked=True),
}


@pytest.mark.parametrize("given", SILENT.values(), ids=SILENT)
def test_when_it_is_silent(given: Facts) -> None:
    assert isinstance(CAPABILITY.decide(given, None, context(CAPABILITY.manifest.options())), Skip)


def test_the_pointer_goes_when_the_details_do() -> None:
    edited = facts("issues.edited", title="A bug", memory=ThreadMemory(sections=frozenset({"security"})))
    (action,) = actions_of(CAPABILITY.decide(edited, None, context(CAPABILITY.manifest.options())))
    assert isinstance(action, DropSection)


TALKERS = {
    one.manifest.id: one
    for one in REGISTRY
    if one.manifest.id in {"welcome", "missing_info", "triage", "priority", "duplicates"}
}


@pytest.mark.parametrize("one", TALKERS.values(), ids=TALKERS)
def test_nobody_else_touches_such_a_report(one: Capability) -> None:
    options = context(one.manifest.options())
    assert one.ask(sensitive(), options) is None
    assert one.decide(sensitive(), None, options) == Skip(LEFT_ALONE)


STATES: dict[str, tuple[dict[str, Any], bool]] = {
    "open": ({}, True),
    "closed": ({"item_state": "closed"}, False),
    "a maintainer has answered": ({"comments": (comment("Confirmed, thanks", MAINTAINER, "MEMBER"),)}, False),
}


@pytest.mark.parametrize("name", [name for name in TALKERS if name != "welcome"])
@pytest.mark.parametrize(("given", "is_ours"), STATES.values(), ids=STATES)
def test_what_was_said_and_set_before_an_edit_goes(name: str, given: dict[str, Any], is_ours: bool) -> None:
    """Labels only while the thread is in our hands: those that a maintainer has seen, or that are history, stay."""
    edited = facts(
        "issues.edited", title=TITLE, body=BODY, item_labels=frozenset({"bug", "theirs"}), **given,
        label_events=(*set_by_us("bug"), *set_by_people("theirs")), memory=ThreadMemory(sections=frozenset({name})),
    )  # fmt: skip
    one = TALKERS[name]
    plan = one.decide(edited, None, context(one.manifest.options()))
    dropped: list[Action] = [DropSection(())]
    labels: list[Action] = [RemoveLabels(("bug",), Source.RULES)] if is_ours and name != "duplicates" else []
    assert list(actions_of(plan)) == labels + dropped
    assert isinstance(plan, Plan)
    assert plan.why.outcome == ("took everything back" if is_ours else "took back what was said")
    assert [
        one.action for one in judge(one.manifest, plan, edited, context(one.manifest.options()))
    ] == labels + dropped


def test_the_pointer_stands_alone() -> None:
    (section,) = actions_of(CAPABILITY.decide(sensitive(), None, context(CAPABILITY.manifest.options())))
    assert isinstance(section, SetSection)
    assert section.alone


def test_only_this_part_may_write_under_such_a_report() -> None:
    assert [one.manifest.id for one in REGISTRY if one.manifest.discreet] == ["security"]


@pytest.mark.parametrize(("title", "shown"), [(TITLE, False), ("It crashes", True)])
def test_why_repeats_nothing_of_such_a_report(title: str, shown: bool) -> None:
    commands = next(one for one in REGISTRY if one.manifest.id == "commands")
    record = DecisionRecord(
        "priority", NOW, "issues.opened", "labelled P1", ("it crashes: “the frobnicator”",), "rules"
    )
    asked = commented("/why", title=title, body="An attacker.", decisions=(record,))
    (reply,) = (
        one for one in actions_of(commands.decide(asked, None, context(commands.manifest.options())))
        if isinstance(one, Reply)
    )  # fmt: skip
    assert "labelled P1" in rendered(reply.text)
    assert ("frobnicator" in rendered(reply.text)) is shown


def test_a_maintainers_triage_command_asks_no_model_either() -> None:
    triage = next(one for one in REGISTRY if one.manifest.id == "triage")
    options = context(triage.manifest.options())
    asked = {
        title: triage.ask(
            commented("/triage", title=title, body="Is this the way it is with crafted input?", role="admin"), options
        )
        for title in ("Odd", "Path traversal by an attacker")
    }
    assert [title for title, request in asked.items() if request] == ["Odd"]
