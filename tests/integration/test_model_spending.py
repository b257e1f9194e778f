"""What may be spent in a day and by an event, and what need not be asked again."""

from dataclasses import replace
from typing import Any, Final

import pytest

from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Allowance
from bot.endpoints import Level
from bot.llm.pool import Budgets
from tests.support.asking import GOOD, LATER, OTHER, PROMPT, REQUEST, asking, endpoint
from tests.support.memory import Memory
from tests.support.model_modes import BUSY
from tests.support.stand_in_model import (
    refusing,
    saying,
    silence,
    stand_in,
)

# -- budgets


@pytest.mark.parametrize(("spent", "asked"), [(0, True), (99, True), (100, False)])
async def test_tokens_of_a_day(spent: int, asked: bool) -> None:
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url), budgets=Budgets(100)) as asker:
        asker.memory.used["tokens:1"] = spent
        found = await asker.ask()
        assert bool(server.asked) is asked
        if not asked:
            assert found == NoAnswer("no model was asked: this repository's tokens for today are used up")


async def test_money_of_a_day_and_endpoints_that_cost_nothing() -> None:
    async with stand_in(saying(GOOD)) as paid, stand_in(saying(OTHER)) as free:
        dear = endpoint(paid.url, "dear", price_in=2.0, price_out=30.0)
        async with asking(dear, endpoint(free.url, "free"), budgets=Budgets(10**6, 2_000)) as asker:
            assert isinstance(await asker.ask(), ModelAnswer)
            # One token of the prompt and 99 others, by the stand-in's usage: millionths of the currency.
            assert asker.memory.used["money:1"] == 2 + 99 * 30
            found = await asker.ask(LATER)
            assert isinstance(found, ModelAnswer)
            assert (found.model, len(paid.asked), len(free.asked)) == ("model-free", 1, 1)
            assert asker.memory.used["money:1"] == 2 + 99 * 30
            assert isinstance(await asker.ask(scope="2"), ModelAnswer)
            assert len(paid.asked) == 2


async def test_without_money_nobody_who_costs_is_asked() -> None:
    async with (
        stand_in(saying(GOOD)) as server,
        asking(endpoint(server.url, price_out=0.1), budgets=Budgets(10**6, 0)) as asker,
    ):
        assert await asker.ask() == NoAnswer("no model was asked: this repository's money for today is used up")
    assert server.asked == []


async def test_tokens_of_an_endpoint() -> None:
    async with stand_in(saying(GOOD)) as one, stand_in(saying(OTHER)) as two:
        limited = endpoint(one.url, "limited", tokens_per_day=100)
        async with asking(limited, endpoint(two.url, "second")) as asker:
            assert isinstance(await asker.ask(scope="1"), ModelAnswer)
            found = await asker.ask(scope="2")
            assert isinstance(found, ModelAnswer)
            assert (found.model, len(one.asked)) == ("model-second", 1)
        async with asking(limited, memory=asker.memory) as alone:
            assert await alone.ask() == NoAnswer("no model was asked: the endpoints' tokens for today are used up")


# -- calls of one event


async def test_two_calls_and_no_more() -> None:
    async with stand_in(saying("nonsense")) as server, asking(endpoint(server.url)) as asker:
        allowance = Allowance()
        assert isinstance(await asker.ask(allowance=allowance), NoAnswer)
        assert await asker.ask(LATER, allowance=allowance) == NoAnswer(
            "no model was asked: this event has used its calls"
        )
    assert len(server.asked) == 2


async def test_a_second_question_has_no_second_try() -> None:
    async with stand_in(saying(GOOD, "nonsense")) as server, asking(endpoint(server.url)) as asker:
        allowance = Allowance()
        assert isinstance(await asker.ask(allowance=allowance), ModelAnswer)
        assert isinstance(await asker.ask(LATER, allowance=allowance), NoAnswer)
    assert len(server.asked) == 2


async def test_what_was_refused_is_no_call() -> None:
    reply = refusing(400, frozenset(list(Level)[:4]), saying("nonsense", GOOD))
    async with (
        stand_in(BUSY) as one,
        stand_in(reply) as two,
        asking(endpoint(one.url, "first"), endpoint(two.url, "second")) as asker,
    ):
        allowance = Allowance()
        assert isinstance(await asker.ask(allowance=allowance), ModelAnswer)
        assert allowance.calls == 0
        assert (len(one.asked), len(two.asked)) == (1, 6)


async def test_what_nobody_waited_for_was_a_call() -> None:
    async with (
        stand_in(silence) as one,
        stand_in(saying("nonsense")) as two,
        asking(endpoint(one.url, "first", timeout=0.5), endpoint(two.url, "second")) as asker,
    ):
        assert isinstance(await asker.ask(), NoAnswer)
        assert (len(one.asked), len(two.asked)) == (1, 1)


# -- the cache


async def test_the_same_question_is_not_asked_twice() -> None:
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url), memory=Memory(repeats=True)) as asker:
        first = await asker.ask()
        again = await asker.ask()
        assert isinstance(first, ModelAnswer)
        assert again == replace(first, tokens=0, cached=True)
        assert asker.memory.used["tokens:1"] == 100
        asker.memory.used["tokens:1"] = 10**9
        assert isinstance(await asker.ask(), ModelAnswer)
    assert len(server.asked) == 1


OTHERWISE: Final[dict[str, dict[str, Any]]] = {
    "another title": {"request": ModelRequest("sort", {**REQUEST.inputs, "title": "It broke on Sunday"})},
    "another repository": {"scope": "2"},
    "another version": {"prompt": replace(PROMPT, version=4)},
    "other words of the prompt": {"prompt": replace(PROMPT, system="You sort.")},
    "another model": {"model": "model-two"},
}


@pytest.mark.parametrize("change", OTHERWISE.values(), ids=OTHERWISE)
async def test_another_question_is_asked(change: dict[str, Any]) -> None:
    memory = Memory(repeats=True)
    async with stand_in(saying(GOOD)) as server:
        one = endpoint(server.url)
        async with asking(one, memory=memory) as asker:
            await asker.ask()
        two = replace(one, model=change.get("model", one.model))
        async with asking(two, memory=memory, prompts={"sort": change.get("prompt", PROMPT)}) as asker:
            found = await asker.ask(change.get("request", REQUEST), scope=change.get("scope", "1"))
            assert isinstance(found, ModelAnswer)
            assert not found.cached
    assert len(server.asked) == 2


async def test_answers_that_were_of_no_use_are_not_kept() -> None:
    async with (
        stand_in(saying("no", "no", GOOD)) as server,
        asking(endpoint(server.url), memory=Memory(repeats=True)) as asker,
    ):
        assert isinstance(await asker.ask(), NoAnswer)
        assert isinstance(await asker.ask(), ModelAnswer)
    assert len(server.asked) == 3
