"""An event does not wait long for a vector."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.runtime import embedding
from bot.runtime.embedding import Embedding
from bot.store.profiles import Text


class Hanging:
    async def embed(self, _texts: object, *, private: bool) -> None:
        del private
        await asyncio.sleep(60)


async def _yes() -> bool:
    return True


async def test_an_event_does_not_wait_for_an_endpoint_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "PATIENCE", 0.05)
    made = Embedding(cast(Any, Hanging()), cast(Any, SimpleNamespace(available=_yes)), "m", lambda: "m: resting")
    async with asyncio.timeout(5):
        assert await made.of_text(Text(1, "a", "b"), private=False) == ()
    assert made.details() == ("m: resting",)
