"""The whole service with a scripted model: what a model may decide, what it gets to see, and what it cannot do."""

import asyncio
import json
from dataclasses import replace
from typing import Final

import pytest
from aiohttp import ClientSession

from bot.capabilities.missing_info import CAPABILITY as MISSING_INFO
from bot.capabilities.welcome import CAPABILITY as WELCOME
from bot.domain.facts import Facts
from bot.domain.plan import ModelRequest
from bot.endpoints import Endpoint
from bot.llm.pool import ModelPool
from bot.sandbox import Sandbox
from bot.settings import ModelSettings, Settings
from bot.store.profiles import Text
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
    return with_model(settings, ModelSettings.plain(url, KEY, "stand-in", tokens_per_day=budget))


def report(assistant: Assistant, title: str = TITLE) -> int:
    return assistant.sandbox.open_issue(REPOSITORY, "stranger", title, BODY).number


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
        second = report(assistant, f"{TITLE}, once more")
        await assistant.settled()
        assert len(model.asked) == 1
        assert kinds(assistant, first) == {"enhancement"}
        assert kinds(assistant, second) == set()
        assert "tokens for today are used up" in await why(assistant, second)


async def test_vectors_are_paid_from_the_money_of_a_day(sandbox: Sandbox, settings: Settings) -> None:
    vector = {"data": [{"index": 0, "embedding": [1.0]}], "usage": {"total_tokens": 5}}
    async with stand_in(sending(vector)) as server:
        endpoint = Endpoint(server.url, KEY, "vectors", price_in=2.0)
        paid = replace(settings, embedding=ModelSettings((endpoint,), money_per_day=10))
        async with running(sandbox, paid) as assistant:
            embedding, text = assistant.service.embedding, Text(1, TITLE, BODY)
            assert (await embedding.of_text(1, text, private=False)).first == (1.0,)
            assert await assistant.service.limits.spent("money:1") == 10
            assert "money for today is used up" in (await embedding.of_text(1, text, private=False)).objection
    assert len(server.asked) == 1


async def why(assistant: Assistant, number: int) -> str:
    """What /why answers in the thread."""
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/why")
    await assistant.settled()
    return str(assistant.sandbox.thread(REPOSITORY, number).comments[-1].body)


async def test_a_cached_answer_says_so(sandbox: Sandbox, settings: Settings) -> None:
    async with (
        stand_in(saying(SURE)) as model,
        running(sandbox, settings_of(model.url, settings, budget=100)) as assistant,
    ):
        first = report(assistant)
        await assistant.settled()
        second = report(assistant)
        await assistant.settled()
        assert len(model.asked) == 1
        assert kinds(assistant, first) == kinds(assistant, second) == {"enhancement"}
        assert "from the cache" not in await why(assistant, first)
        assert "from the cache" in await why(assistant, second)


async def test_two_calls_for_all_capabilities_together(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ask(self: object, facts: Facts, context: object) -> ModelRequest:
        asked.append(type(self).__name__)
        return ModelRequest(
            "triage",
            {"title": type(self).__name__, "body": BODY, "kinds": "bug", "guesses": "none", "examples": "none"},
        )

    for capability in (WELCOME, MISSING_INFO):
        monkeypatch.setattr(type(capability), "ask", ask)
    async with stand_in(saying("nonsense")) as model, running(sandbox, settings_of(model.url, settings)) as assistant:
        report(assistant)
        await assistant.settled()
        assert len(asked) == 2
        assert len(model.asked) == 2


async def test_two_endpoints_and_the_first_is_away(sandbox: Sandbox, settings: Settings) -> None:
    async with stand_in(reset) as one, stand_in(saying(SURE)) as two:
        endpoints = (Endpoint(one.url, KEY, "big", name="first"), Endpoint(two.url, KEY, "small", name="second"))
        async with running(sandbox, with_model(settings, ModelSettings(endpoints))) as assistant:
            number = report(assistant)
            await assistant.settled()
            assert kinds(assistant, number) == {"enhancement"}
            assert (len(one.asked), len(two.asked)) == (1, 1)
            assert "model small" in await why(assistant, number)


async def test_an_endpoint_that_is_wrong_is_told_but_the_service_is_ready(sandbox: Sandbox, settings: Settings) -> None:
    async with (
        stand_in(sending({"error": {"message": KEY}}, status=401)) as model,
        running(sandbox, settings_of(model.url, settings)) as assistant,
        ClientSession() as session,
    ):
        looking = asyncio.create_task(model_of(assistant).run())
        try:
            async with asyncio.timeout(10):
                while "it refuses the key (HTTP 401)" not in (text := await readyz(assistant, session)):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        assert model.url not in text
        assert KEY not in text
        async with session.get(f"{assistant.url}/metrics") as response:
            metrics = await response.text()
        assert 'assistant_model_endpoint_state{endpoint="model",state="open"} 1.0' in metrics
        assert "127.0.0.1" not in metrics


async def readyz(assistant: Assistant, session: ClientSession) -> str:
    async with session.get(f"{assistant.url}/readyz") as response:
        assert response.status == 200
        return await response.text()


def model_of(assistant: Assistant) -> ModelPool:
    assert assistant.service.model is not None
    return assistant.service.model
