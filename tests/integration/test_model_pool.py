"""Several endpoints: who is asked, who takes over, what may be spent, and what need not be asked again."""

import asyncio
import json
import socket
import time
from dataclasses import replace
from typing import Any, Final

import pytest
from aiohttp import web

from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Allowance, Learned
from bot.endpoints import Level, Privacy
from bot.llm import member as member_module
from bot.llm.client import Ask, ModelClient
from bot.llm.faults import Fault, ModelFault
from bot.llm.pool import Budgets
from bot.llm.probe import SYSTEM, probe
from tests.support.asking import DATA, GOOD, PROMPT, REQUEST, SCHEMA, asking, counted, endpoint, state_of
from tests.support.memory import Memory
from tests.support.model_modes import Api, calling, error, honest, pieces, streaming
from tests.support.stand_in_model import (
    Asked,
    Reply,
    completion,
    refusing,
    reset,
    saying,
    sending,
    silence,
    stand_in,
)

OTHER: Final = GOOD.replace("it broke", "from the other")
LATER: Final = ModelRequest("sort", {"title": "It broke on Tuesday", "body": "The import."})
BUSY: Final = sending({"error": {"message": "overloaded"}}, status=503)

# What the first endpoint does, and whether the second one is asked then.
TAKEN_OVER: Final[dict[str, tuple[Reply, bool]]] = {
    "a hang-up": (reset, True),
    "silence": (silence, True),
    "an overload": (BUSY, True),
    "too many requests": (error("Slow down", status=429), True),
    "a wrong key": (error("no", status=401), True),
    "a wrong model": (error("model not found", status=404), True),
    "a redirect": (sending(b"", status=302, Location="/"), True),
    "a page": (sending(b"<html>", Content_Type="text/html"), True),
    "every form refused": (error("response_format and tools are not supported"), True),
    "a context too small": (error("maximum context length is 300 tokens"), True),
    "nonsense": (saying("I cannot say."), False),
    "a refusal": (sending(completion(None, refusal="No.")), False),
    "a filtered answer": (sending(completion("", ended="content_filter")), False),
    "a filtered prompt": (error("content management policy", code="content_filter"), False),
}


@pytest.mark.parametrize(("first", "other"), TAKEN_OVER.values(), ids=TAKEN_OVER)
async def test_who_takes_over(first: Reply, other: bool) -> None:
    async with (
        stand_in(first) as one,
        stand_in(saying(OTHER)) as two,
        asking(endpoint(one.url, "first", timeout=1.0), endpoint(two.url, "second")) as asker,
    ):
        found = await asker.ask()
        assert isinstance(found, ModelAnswer) is other
        assert (len(two.asked) > 0) is other
        if isinstance(found, ModelAnswer):
            assert (found.model, found.data["evidence"]) == ("model-second", "from the other")


async def test_the_first_that_is_well_is_asked_alone() -> None:
    async with (
        stand_in(saying(GOOD)) as one,
        stand_in(saying(OTHER)) as two,
        asking(endpoint(one.url, "first"), endpoint(two.url, "second")) as asker,
    ):
        found = await asker.ask()
        assert isinstance(found, ModelAnswer)
        assert (found.data, found.model, found.prompt) == (DATA, "model-first", "sort 3")
        assert two.asked == []


async def test_the_next_one_has_time_left() -> None:
    """The first may hang for longer than the whole event may take: half of the time is the second's."""
    async with (
        stand_in(silence) as one,
        stand_in(saying(OTHER)) as two,
        asking(endpoint(one.url, "first", timeout=60.0), endpoint(two.url, "second", timeout=60.0)) as asker,
    ):
        allowance = Allowance(seconds=2.4)
        started = time.monotonic()
        assert isinstance(await asker.ask(allowance=allowance), ModelAnswer)
        assert 1.1 < time.monotonic() - started < 2.4
        assert 0.0 < allowance.seconds < 1.3


async def test_without_time_nothing_is_begun() -> None:
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url)) as asker:
        assert await asker.ask(allowance=Allowance(seconds=0.01)) == NoAnswer("no model answered in time")
    assert server.asked == []


async def test_an_endpoint_that_fails_rests_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(member_module, "monotonic", lambda: now[0])
    async with stand_in(BUSY) as server, asking(endpoint(server.url, "resting")) as asker:
        for _ in range(3):
            assert state_of("resting") == ["closed"]
            assert isinstance(await asker.ask(), NoAnswer)
        assert state_of("resting") == ["open"]
        assert await asker.ask() == NoAnswer("no model could be reached")
        assert len(server.asked) == 3
        now[0] += 11
        server.reply = saying(GOOD)
        assert isinstance(await asker.ask(), ModelAnswer)
        assert state_of("resting") == ["closed"]
        assert asker.details == "model endpoint resting: well, structured answers by json_schema"


async def test_one_trial_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(member_module, "monotonic", lambda: now[0])
    async with stand_in(error("no", status=401)) as server, asking(endpoint(server.url, "tried")) as asker:
        assert isinstance(await asker.ask(), NoAnswer)
        assert state_of("tried") == ["open"]
        now[0] += 11
        server.reply = streaming(pieces(GOOD), pause=0.02)
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(5)))
        assert [isinstance(one, ModelAnswer) for one in found].count(True) == 1
        assert len(server.asked) == 2


async def test_a_rest_is_as_long_as_the_endpoint_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(member_module, "monotonic", lambda: now[0])
    reply = error("Slow down", status=429, headers={"Retry-After": "60"})
    async with stand_in(reply) as server, asking(endpoint(server.url)) as asker:
        await asker.ask()
        now[0] += 59
        await asker.ask()
        assert len(server.asked) == 1
        now[0] += 2
        await asker.ask()
        assert len(server.asked) == 2


async def test_a_trial_that_is_given_up_is_no_verdict() -> None:
    async with stand_in(silence) as server, asking(endpoint(server.url, "dropped", timeout=20.0)) as asker:
        task = asyncio.create_task(asker.ask(allowance=Allowance()))
        while not server.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert state_of("dropped") == ["closed"]
        assert asker.memory.used["tokens:1"] > 0


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


# -- private text


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


# -- the context

LONG: Final = ModelRequest("sort", {"title": "It broke on Monday", "body": "The export stops. " * 400})


async def test_a_context_that_the_endpoint_names_is_learned() -> None:
    api = Api(saying(GOOD), context=2_000)
    async with stand_in(api) as server, asking(endpoint(server.url, context=8_000)) as asker:
        found = await asker.ask(LONG)
        assert isinstance(found, ModelAnswer)
        assert found.cut == ("body",)
        assert asker.memory.known[asker.endpoints[0].key].context == 2_000
        assert api.paths.count("/v1/chat/completions") == 2
        assert "It broke on Monday" in server.asked[-1].said[1]
        later = await asker.ask(replace(LONG, inputs={**LONG.inputs, "title": "Again"}))
        assert isinstance(later, ModelAnswer)
        assert api.paths.count("/v1/chat/completions") == 3


# What servers say of a prompt of 7,400 tokens, and whether they say how many it had: then the next one fits.
IN_OTHER_WORDS: Final = {
    "OpenAI": (
        "This model's maximum context length is 2000 tokens. However, your messages resulted in 7400 tokens.", True
    ),
    "vLLM": (
        "This model's maximum context length is 2000 tokens. However, you requested 7400 tokens (7340 in the messages)",
        True,
    ),
    "llama-cpp-python": ("Requested tokens (7400) exceed context window of 2000", True),
    "LM Studio": ("The model was loaded with context length of only 2000 tokens", False),
}  # fmt: skip


@pytest.mark.parametrize(("words", "fits"), IN_OTHER_WORDS.values(), ids=IN_OTHER_WORDS)
async def test_a_context_in_other_words(words: str, fits: bool) -> None:
    api = Api(saying(GOOD), context=2_000, words=words)
    async with stand_in(api) as server, asking(endpoint(server.url, context=8_000)) as asker:
        assert isinstance(await asker.ask(LONG), ModelAnswer) is fits
        assert asker.memory.known[asker.endpoints[0].key].context == 2_000
    assert api.paths.count("/v1/chat/completions") == 2


async def test_a_context_that_nobody_names_is_guessed_for_this_time() -> None:
    api = Api(saying(GOOD), context=2_000, characters=2.5, words="the prompt is too long")
    async with stand_in(api) as server, asking(endpoint(server.url)) as asker:
        assert isinstance(await asker.ask(LONG), ModelAnswer)
        assert asker.memory.known[asker.endpoints[0].key].context is None
    assert api.paths.count("/v1/chat/completions") == 2


async def test_the_endpoint_s_own_tokenizer_counts() -> None:
    api = Api(saying(GOOD), context=2_000, tokenizer=True)
    async with stand_in(api) as server, asking(endpoint(server.url, context=2_000)) as asker:
        found = await asker.ask(LONG)
        assert isinstance(found, ModelAnswer)
        assert found.cut == ("body",)
    assert api.paths == ["/tokenize", "/v1/chat/completions"]


async def test_an_endpoint_without_a_tokenizer_is_asked_for_it_once() -> None:
    api = Api(honest(GOOD))
    async with stand_in(api) as server, asking(endpoint(server.url, context=1_500)) as asker:
        assert isinstance(await asker.ask(LONG), ModelAnswer)
        assert isinstance(await asker.ask(replace(LONG, inputs={**LONG.inputs, "title": "Again"})), ModelAnswer)
    assert api.paths.count("/tokenize") == 1


async def test_what_a_token_is_is_learned_from_usage() -> None:
    async with stand_in(honest(GOOD)) as server, asking(endpoint(server.url)) as asker:
        await asker.ask(LONG)
        known = asker.memory.known[asker.endpoints[0].key].chars_per_token
    assert known == pytest.approx(3.0, rel=0.02)


async def test_instructions_alone_may_be_too_much() -> None:
    before = counted("one", Fault.CONTEXT_TOO_SMALL)
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url, context=256)) as asker:
        assert await asker.ask(LONG) == NoAnswer("the text does not fit in the model's context")
        assert "give it a larger one" in asker.details
    assert counted("one", Fault.CONTEXT_TOO_SMALL) == before + 1
    assert not any(one.request.path.endswith("completions") for one in server.asked)


# -- the probe


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
    async with stand_in(error("no", status=401)) as server, asking(endpoint(server.url, "watched")) as asker:
        watching = asyncio.create_task(asker.pool.run())
        try:
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
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


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
