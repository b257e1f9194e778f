"""The whole service with a scripted model: what a model may decide, what it gets to see, and what it cannot do."""

import json
from typing import Final

import pytest

from bot.sandbox import Sandbox
from bot.settings import ModelSettings, Settings
from tests.support.assistant import REPOSITORY, Assistant, running, with_model
from tests.support.stand_in_model import Reply, completion, reset, saying, sending, stand_in

KEY: Final = "canary-key-of-the-model"
TITLE: Final = "Thoughts about the export"
BODY: Final = (
    "We were talking about the export of the reports with my team this week, "
    "and there are some things about it that we noticed."
)
CRASH: Final = (
    'It crashes.\n\n```\nTraceback (most recent call last):\n  File "x.py", line 1\nValueError: no rows\n```\n'
)
SURE: Final = json.dumps({"kind": "enhancement", "confidence": 0.95, "evidence": "some things about it"})

USELESS: Final[dict[str, Reply]] = {
    "unsure": saying(SURE.replace("enhancement", "unsure")),
    "a label of its own": saying(SURE.replace("enhancement", "wontfix")),
    "another target": saying(SURE[:-1] + ', "number": 1}'),
    "a command": saying("/close"),
    "a tool call": sending(completion(None, tool_calls=[{"function": {"name": "close_issue", "arguments": "{}"}}])),
    "a hang-up": reset,
    "an error": sending({"error": {"message": KEY}}, status=401),
}


def settings_of(url: str, settings: Settings, *, budget: int = 10**6) -> Settings:
    return with_model(settings, ModelSettings(url, KEY, "stand-in", private_text=False, tokens_per_day=budget))


def report(assistant: Assistant) -> int:
    return assistant.sandbox.open_issue(REPOSITORY, "stranger", TITLE, BODY).number


def kinds(assistant: Assistant, number: int) -> set[str]:
    """The kind labels of an issue; other labels are other capabilities' business."""
    labels = set(assistant.sandbox.thread(REPOSITORY, number).labels)
    return labels & {"bug", "enhancement", "question", "documentation", "wontfix"}


async def test_a_model_decides_where_the_rules_are_unsure(sandbox: Sandbox, settings: Settings) -> None:
    async with stand_in(saying(SURE)) as model, running(sandbox, settings_of(model.url, settings)) as assistant:
        number = report(assistant)
        await assistant.settled()
        assert kinds(assistant, number) == {"enhancement"}
        assert len(model.asked) == 1


async def test_where_the_rules_are_sure_nothing_is_asked(sandbox: Sandbox, settings: Settings) -> None:
    async with stand_in(saying(SURE)) as model, running(sandbox, settings_of(model.url, settings)) as assistant:
        number = sandbox.open_issue(REPOSITORY, "stranger", "Crash: ValueError on an empty log", CRASH).number
        await assistant.settled()
        assert kinds(assistant, number) == {"bug"}
        assert model.asked == []


async def test_the_prompt_holds_the_report_and_none_of_our_secrets(sandbox: Sandbox, settings: Settings) -> None:
    async with stand_in(saying(SURE)) as model, running(sandbox, settings_of(model.url, settings)) as assistant:
        report(assistant)
        await assistant.settled()
        (asked,) = model.asked
    assert TITLE in asked.said[1]
    assert BODY in asked.said[1]
    seen = asked.raw.decode() + str([(name, value) for name, value in asked.request.headers.items()])
    seen = seen.replace(f"Bearer {KEY}", "")
    secrets = settings_of(model.url, settings).secrets
    assert len(secrets) >= 4
    for secret in (*secrets, *(line for line in settings.required_app().private_key.splitlines() if line)):
        assert secret not in seen
    assert "ghs_" not in seen


@pytest.mark.parametrize("reply", USELESS.values(), ids=USELESS)
async def test_useless_and_hostile_answers_change_nothing(sandbox: Sandbox, settings: Settings, reply: Reply) -> None:
    async with stand_in(reply) as model, running(sandbox, settings_of(model.url, settings)) as assistant:
        number = report(assistant)
        await assistant.settled()
        assert model.asked
        assert kinds(assistant, number) == set()
        assert all(" done: " in one or " ignored: " in one for one in (await assistant.reasons()).values())


async def test_over_the_day_s_budget_the_rules_go_on_alone(sandbox: Sandbox, settings: Settings) -> None:
    async with (
        stand_in(saying(SURE)) as model,
        running(sandbox, settings_of(model.url, settings, budget=100)) as assistant,
    ):
        first = report(assistant)
        await assistant.settled()
        second = report(assistant)
        await assistant.settled()
        assert len(model.asked) == 1
        assert kinds(assistant, first) == {"enhancement"}
        assert kinds(assistant, second) == set()
