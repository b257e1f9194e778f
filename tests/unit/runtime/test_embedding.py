"""An event does not wait long for a vector."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.runtime import embedding
from bot.runtime.embedding import Budget, Embedding
from bot.store.profiles import Text


class Hanging:
    async def embed(self, _texts: object, *, private: bool) -> None:
        del private
        await asyncio.sleep(60)


class Willing:
    asked = 0

    async def embed(self, texts: Sequence[str], *, private: bool) -> list[tuple[float, ...]]:
        del private
        self.asked += 1
        return [(1.0,) for _ in texts]


@dataclass
class Spent:
    """Fits `Spending`."""

    used: Counter[str] = field(default_factory=Counter)

    async def spend(self, scope: str, amount: int, limit: int) -> bool:
        del limit
        self.used[scope] += amount
        return True

    async def spent(self, scope: str) -> int:
        return self.used[scope]


async def _yes() -> bool:
    return True


async def test_an_event_does_not_wait_for_an_endpoint_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "PATIENCE", 0.05)
    made = Embedding(cast(Any, Hanging()), cast(Any, SimpleNamespace(available=_yes)), "m", lambda: "m: resting")
    async with asyncio.timeout(5):
        assert await made.of_text(9, Text(1, "a", "b"), private=False) == ()
    assert made.details() == ("m: resting",)


async def test_a_repository_s_budget_ends_and_another_one_s_does_not() -> None:
    endpoint, spent = Willing(), Spent()
    made = Embedding(endpoint, cast(Any, SimpleNamespace(available=_yes)), "m", budget=Budget(spent, 20))
    text = Text(1, "A title of some words", "and a body " * 20)
    assert await made.of_text(9, text, private=False) == (1.0,)
    assert spent.used["embedding:9"] > 20
    assert await made.of_text(9, text, private=False) == ()
    assert await made.of_text(10, text, private=False) == (1.0,)
    assert endpoint.asked == 2
