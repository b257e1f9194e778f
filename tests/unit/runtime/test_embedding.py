"""An event does not wait long for a vector, and a repository has only so many of them in a day."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from bot.domain.ports import Pay
from bot.endpoints import Endpoint
from bot.runtime import embedding
from bot.runtime.embedding import Budget, Embedded, Embedding
from bot.store.profiles import Text
from tests.support.memory import Memory


class Hanging:
    async def embed(self, _texts: object, *, private: bool, pay: Pay | None = None) -> None:
        del private, pay
        await asyncio.sleep(60)


class Willing:
    """Each text has 25 tokens."""

    asked = 0

    async def embed(
        self, texts: Sequence[str], *, private: bool, pay: Pay | None = None
    ) -> list[tuple[float, ...]]:  # fmt: skip
        del private
        self.asked += 1
        if pay:
            await pay(25 * len(texts))
        return [(1.0,) for _ in texts]


async def _yes() -> bool:
    return True


KEPT: Final = cast(Any, SimpleNamespace(available=_yes))
TEXT: Final = Text(1, "A title of some words", "and a body " * 20)


async def test_an_event_does_not_wait_for_an_endpoint_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "PATIENCE", 0.05)
    made = Embedding(cast(Any, Hanging()), KEPT, "m", lambda: "m: resting")
    async with asyncio.timeout(5):
        assert await made.of_text(9, Text(1, "a", "b"), private=False) == Embedded()
    assert made.details() == ("m: resting",)


def budgeted(memory: Memory, *, tokens: int = 10**6, money: int | None = None, price: float = 0.0) -> Budget:
    return Budget(memory, Endpoint("", "", "m", price_in=price), tokens, money)


async def test_a_repository_s_budget_ends_and_another_one_s_does_not() -> None:
    endpoint, spent = Willing(), Memory()
    made = Embedding(endpoint, KEPT, "m", budget=budgeted(spent, tokens=20))
    assert (await made.of_text(9, TEXT, private=False)).first == (1.0,)
    assert spent.used["embedding:9"] > 20
    over = await made.of_text(9, TEXT, private=False)
    assert over == Embedded((), "no vectors were asked for: this repository's tokens for them are used up for today")
    assert over.first == ()
    assert (await made.of_text(10, TEXT, private=False)).first == (1.0,)
    assert endpoint.asked == 2


async def test_money_is_one_budget_for_questions_and_vectors() -> None:
    spent = Memory(used={"tokens:9": 7, "money:9": 30})
    made = Embedding(Willing(), KEPT, "m", budget=budgeted(spent, money=100, price=3.0))
    assert (await made.of_text(9, TEXT, private=False)).first == (1.0,)
    assert spent.used == {"tokens:9": 7, "money:9": 30 + 75, "embedding:9": 25}
    over = await made.of_text(9, TEXT, private=False)
    assert over == Embedded((), "no vectors were asked for: this repository's money for today is used up")
    assert (await made.of_text(10, TEXT, private=False)).first == (1.0,)


@pytest.mark.parametrize(
    ("money", "price", "asked"), [(100, 3.0, 0), (101, 3.0, 1), (100, 0.0, 1), (None, 3.0, 1)],
    ids=["used up", "one left", "an endpoint that costs nothing", "no limit"],
)  # fmt: skip
async def test_whom_the_money_of_a_day_stops(money: int | None, price: float, asked: int) -> None:
    endpoint = Willing()
    made = Embedding(endpoint, KEPT, "m", budget=budgeted(Memory(used={"money:9": 100}), money=money, price=price))
    await made.of_text(9, TEXT, private=False)
    assert endpoint.asked == asked
