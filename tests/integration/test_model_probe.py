"""What an endpoint can do, found out by looking: at the start, while it fails, and when nothing is known."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from aiohttp import web

from bot.domain.plan import ModelAnswer
from bot.domain.ports import Learned
from bot.endpoints import Level
from bot.llm import member as member_module
from bot.llm.client import Ask, ModelClient
from bot.llm.faults import Fault, ModelFault
from bot.llm.probe import SYSTEM, Listing, look, probe
from tests.support.asking import (
    GOOD,
    SCHEMA,
    Asker,
    asking,
    endpoint,
)
from tests.support.model_modes import Api, calling, error, pieces, streaming
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


LISTED: Final[dict[str, tuple[dict[str, Any], int | None]]] = {
    "vLLM": ({"max_model_len": 8_192}, 8_192),
    "llama.cpp": ({"meta": {"n_ctx": 8_192, "n_ctx_train": 40_960}}, 8_192),
    "OpenRouter": ({"context_length": 131_072}, 131_072),
    "LM Studio": ({"loaded_context_length": 4_096, "max_context_length": 32_768}, 4_096),
    "Mistral": ({"max_context_length": 32_768}, 32_768),
    "Groq": ({"context_window": 131_072}, 131_072),
    "OpenAI": ({"owned_by": "openai"}, None),
    "nonsense": ({"context_length": "8192", "max_model_len": -1, "meta": []}, None),
}


@pytest.mark.parametrize(("entry", "context"), LISTED.values(), ids=LISTED)
async def test_contexts_as_servers_tell_them(entry: dict[str, Any], context: int | None) -> None:
    models = [{"id": "other", "context_length": 999}, {"id": "model-one", **entry}]
    async with stand_in(Api(saying(GOOD), models=models)) as server:
        client = ModelClient(endpoint(server.url))
        found = await look(client)
        await client.close()
    assert found == Listing(True, context, ("other", "model-one"))


PROBED: Final = '{"code": "quartz-7", "sure": true}'


@pytest.mark.parametrize(
    ("chunks", "faster"), [(pieces(PROBED), True), (pieces(PROBED, 100), False)], ids=["in pieces", "as a whole"]
)
async def test_the_speed_is_that_of_a_model_that_runs_already(chunks: list[bytes], faster: bool) -> None:
    """Before its first token a server may load the model. Who sends all at once only tells how long all of it took."""
    async with stand_in(Api(streaming(chunks, pause=0.005, first=0.3))) as server:
        client = ModelClient(endpoint(server.url))
        began = time.monotonic()
        speed = (await probe(client)).tokens_per_second
        overall = 20 / (time.monotonic() - began)
        await client.close()
    assert speed is not None
    assert (speed > 2 * overall) is faster


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
