"""Who is pointed to the security policy, and that nobody else touches such a report."""

from typing import Any

import pytest

from bot.capabilities import REGISTRY
from bot.capabilities.security import CAPABILITY
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Capability
from bot.domain.events import Actor
from bot.domain.facts import AuthorHistory, Community, Facts, ThreadMemory
from bot.domain.plan import Skip
from bot.domain.sensitive import LEFT_ALONE
from tests.unit.capabilities.build import actions_of, commented, context, facts, rendered

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
    one.manifest.id: one for one in REGISTRY if one.manifest.id in {"welcome", "missing_info", "triage", "priority"}
}


@pytest.mark.parametrize("one", TALKERS.values(), ids=TALKERS)
def test_nobody_else_touches_such_a_report(one: Capability) -> None:
    options = context(one.manifest.options())
    assert one.ask(sensitive(), options) is None
    assert one.decide(sensitive(), None, options) == Skip(LEFT_ALONE)


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
