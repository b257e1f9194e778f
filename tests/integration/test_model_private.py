"""Text of private repositories: who gets to see it."""

import asyncio
import socket
from typing import Any

import pytest

from bot.domain.plan import ModelAnswer, NoAnswer
from bot.endpoints import Privacy
from tests.support.asking import (
    GOOD,
    LATER,
    OTHER,
    asking,
    endpoint,
)
from tests.support.model_modes import BUSY
from tests.support.stand_in_model import (
    saying,
    stand_in,
)


async def test_private_text_goes_only_to_endpoints_that_are_marked() -> None:
    async with stand_in(saying(GOOD)) as one, stand_in(saying(OTHER)) as two:
        first = endpoint(one.url, "first", privacy=Privacy.NEVER)
        async with asking(first, endpoint(two.url, "second", privacy=Privacy.ALWAYS)) as asker:
            found = await asker.ask(private=True)
            assert isinstance(found, ModelAnswer)
            assert (found.model, one.asked) == ("model-second", [])
            public = await asker.ask(LATER, private=False)
            assert isinstance(public, ModelAnswer)
            assert public.model == "model-first"
        async with asking(first) as alone:
            assert await alone.ask(private=True) == NoAnswer(
                "no model was asked: none here may see the text of private repositories"
            )
    assert len(one.asked) == 1


async def test_an_unmarked_endpoint_gets_no_private_text_even_when_the_other_is_away() -> None:
    async with stand_in(BUSY) as one, stand_in(saying(OTHER)) as two:
        second = endpoint(two.url, "second", privacy=Privacy.NEVER)
        async with asking(endpoint(one.url, "first", privacy=Privacy.ALWAYS), second) as asker:
            assert isinstance(await asker.ask(private=True), NoAnswer)
    assert two.asked == []


def rebinding(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """A resolver whose answers change; returns what it still has to say."""
    left = list(answers)

    async def getaddrinfo(*_args: object, **_more: object) -> list[tuple[Any, ...]]:
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return left


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is near when it is checked and elsewhere a moment later must not get the text."""
    async with stand_in(saying(GOOD)) as server:
        port = server.url.rsplit(":", 1)[1]
        left = rebinding(monkeypatch, "127.0.0.1", "198.51.100.1")
        async with asking(endpoint(f"http://model.example:{port}")) as asker:
            assert isinstance(await asker.ask(private=True), ModelAnswer)
            assert left == ["198.51.100.1"]
        async with asking(endpoint(f"http://model.example:{port}", timeout=0.5)) as again:
            assert await again.ask(private=True) == NoAnswer(
                "no model was asked: none here may see the text of private repositories"
            )
    assert len(server.asked) == 1
    assert server.asked[0].request.headers["Host"] == f"model.example:{port.removesuffix('/v1')}"


async def test_a_connection_of_public_text_is_not_used_for_private_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is still open was checked for public text only."""
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url)) as asker:
        monkeypatch.setattr("bot.llm.endpoint._PRIVATE", ())
        assert isinstance(await asker.ask(), ModelAnswer)
        assert isinstance(await asker.ask(LATER, private=True), NoAnswer)
    assert len(server.asked) == 1
