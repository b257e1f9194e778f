"""Several endpoints: who is asked, who takes over, and who rests."""

import asyncio
import time
from typing import Final

import pytest

from bot.domain.plan import ModelAnswer, NoAnswer
from bot.domain.ports import Allowance
from bot.llm import member as member_module
from tests.support.asking import (
    DATA,
    GOOD,
    OTHER,
    asking,
    endpoint,
    state_of,
)
from tests.support.model_modes import BUSY, error, pieces, streaming
from tests.support.stand_in_model import (
    Reply,
    completion,
    reset,
    saying,
    sending,
    silence,
    stand_in,
)

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
