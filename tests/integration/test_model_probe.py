"""What an endpoint can do, found out by looking: at the start, while it fails, and when nothing is known."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.domain.plan import ModelAnswer
from bot.domain.ports import Learned
from bot.endpoints import Level
from bot.llm import member as member_module
from bot.llm.client import Ask, ModelClient
from bot.llm.faults import Fault, ModelFault
from bot.llm.probe import SYSTEM, probe
from tests.support.asking import (
    GOOD,
    SCHEMA,
    Asker,
    asking,
    endpoint,
)
from tests.support.model_modes import Api, calling, error
from tests.support.stand_in_model import (
    Asked,
    Reply,
    reset,
    saying,
    sending,
    stand_in,
)


def conforming(*, levels: frozenset[str]) -> Reply:
    """A server that holds its model to the form at these levels, and ignores what was asked for at the others."""

    async def reply(asked: Asked) -> web.StreamResponse:
        if asked.level not in levels:
            return await saying("Sure! Everything is working.")(asked)
        schema: Any = asked.body.get("response_format", {}).get("json_schema", {}).get("schema")
        if asked.level == "tool_call":
            schema = asked.body["tools"][0]["function"]["parameters"]
        data = {"working": True} if schema is None else {"code": schema["properties"]["code"]["enum"][0], "sure": True}
        return await (calling if asked.level == "tool_call" else saying)(json.dumps(data))(asked)

    return reply


@pytest.mark.parametrize("level", list(Level))
async def test_the_level_is_what_the_server_really_does(level: Level) -> None:
    order = list(Level)
    reply = conforming(levels=frozenset(order[order.index(level) :]))
    async with stand_in(Api(reply, models=[{"id": "model-one", "max_model_len": 5_000}])) as server:
        client = ModelClient(endpoint(server.url))
        found = await probe(client)
        await client.close()
    assert (found.level, found.listing.listed, found.listing.context, found.tokenizer) == (level, True, 5_000, False)
    assert [one.level for one in server.asked if one.body.get("messages")] == order[: order.index(level) + 1]
    assert all("quartz" not in "".join(one.said) for one in server.asked if one.body.get("messages"))


@pytest.mark.parametrize(
    ("chat", "models", "fault"),
    [
        (saying(GOOD), error("no", status=401), Fault.WRONG_KEY),
        (error("no", status=401), error("no", status=500), Fault.WRONG_KEY),
        (error("model not found", status=404), error("no", status=404), Fault.WRONG_MODEL),
        (error("no", status=404), error("no", status=404), Fault.WRONG_URL),
        (saying(GOOD), sending(b"<html>", Content_Type="text/html"), Fault.HTML),
        (saying(GOOD), sending(b"", status=308, Location="/"), Fault.REDIRECT),
        (reset, error("no", status=404), Fault.HUNG_UP),
    ],
)
async def test_a_probe_names_what_is_wrong(chat: Reply, models: Reply, fault: Fault) -> None:
    async def reply(asked: Asked) -> web.StreamResponse:
        return await (models if asked.request.path.endswith("/models") else chat)(asked)

    async with stand_in(reply) as server:
        client = ModelClient(endpoint(server.url))
        with pytest.raises(ModelFault) as caught:
            await probe(client)
        await client.close()
    assert caught.value.fault is fault


async def test_the_pool_looks_after_its_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start a probe; what fails is looked at again; a level that became too old is found anew, and may rise."""
    monkeypatch.setattr(member_module, "TICK", 0.02)
    now = [1000.0]
    monkeypatch.setattr(member_module, "monotonic", lambda: now[0])
    strict = Api(conforming(levels=frozenset(Level)), models=[{"id": "model-one", "max_model_len": 5_000}])
    async with (
        stand_in(error("no", status=401)) as server,
        asking(endpoint(server.url, "watched")) as asker,
        watched(asker),
    ):
        await until(lambda: "it refuses the key" in asker.details)
        count = len(server.asked)
        await asyncio.sleep(0.1)
        assert len(server.asked) == count
        server.reply = strict
        now[0] += 30
        await until(lambda: "well" in asker.details)
        assert asker.details == (
            "model endpoint watched: well, structured answers by json_schema, context of 5000 tokens"
        )
        assert [one.said[0] for one in server.asked if one.body.get("messages")] == [SYSTEM]
        asker.memory.known.clear()
        server.reply = Api(conforming(levels=frozenset({"json_object"})), models=[{"id": "model-one"}])
        await until(lambda: asker.memory.known.get(asker.endpoints[0].key, Learned()).level == "json_object")


@contextlib.asynccontextmanager
async def watched(asker: Asker) -> AsyncIterator[None]:
    """While the pool looks after its endpoints."""
    watching = asyncio.create_task(asker.pool.run())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_what_a_question_took_for_granted_is_found_out_later() -> None:
    """The endpoint was away at the start, and the first question was quicker than the next look. That it was not
    refused proves nothing about a server that ignores what it is asked for."""
    async with stand_in(error("no", status=503)) as server, asking(endpoint(server.url, "late")) as asker:
        async with watched(asker):
            await until(lambda: "error of its own" in asker.details)
        server.reply = Api(saying(GOOD), models=[{"id": "model-late"}])
        assert isinstance(await asker.ask(), ModelAnswer)
        assert asker.memory.known[asker.endpoints[0].key].level == "json_schema"
        async with watched(asker):
            await until(lambda: asker.memory.known[asker.endpoints[0].key].level == "json_object")


async def test_a_question_that_was_under_way_takes_nothing_back() -> None:
    """It began before the look that found the level, and ended after it."""
    looked = asyncio.Event()

    async def slow(asked: Asked) -> web.StreamResponse:
        if SYSTEM not in asked.said:
            await looked.wait()
        return await saying(GOOD)(asked)

    async with stand_in(Api(slow, models=[{"id": "model-slow"}])) as server, asking(endpoint(server.url)) as asker:
        question = asyncio.create_task(asker.ask())
        await until(lambda: server.asked)
        async with watched(asker):
            await until(lambda: asker.memory.known)
            looked.set()
            assert isinstance(await question, ModelAnswer)
        assert asker.memory.known[asker.endpoints[0].key].level == "json_object"


async def until(true: Any) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_the_stand_in_knows_the_schema() -> None:
    """What `conforming` answers to is asked for as a real question is."""
    async with stand_in(saying(GOOD)) as server:
        client = ModelClient(endpoint(server.url))
        form = {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}}
        await client.complete(Ask([{"role": "user", "content": "x"}], form, 5, 1.0))
        await client.close()
    assert server.levels == ["json_schema_lenient"]
