"""A server that drops one stream when the next request comes (as llama-cpp-python's does) is asked one at a time."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bot.domain.plan import ModelAnswer, NoAnswer
from bot.domain.ports import Allowance, Learned
from bot.llm.faults import Fault
from tests.support.asking import GOOD, asking, counted, endpoint
from tests.support.model_modes import pieces, streaming
from tests.support.stand_in_model import Asked, reset, silence, stand_in

SLOW: Final = streaming(pieces(GOOD), pause=0.004)


@dataclass(slots=True)
class Jealous:
    """Fits `Reply`: the newest request alone is answered, unless it does not mind company."""

    drops: bool = True
    newest: Asked | None = None
    dropped: int = 0
    together: int = 0
    most: int = 0

    async def __call__(self, asked: Asked) -> web.StreamResponse:
        if self.drops and self.together and self.newest is not None and self.newest.request.transport is not None:
            self.newest.request.transport.abort()
            self.dropped += 1
        self.newest = asked
        self.together += 1
        self.most = max(self.most, self.together)
        try:
            return await SLOW(asked)
        finally:
            self.together -= 1


async def test_requests_that_drop_each_other_are_sent_in_turn() -> None:
    before = counted("one", Fault.HUNG_UP)
    jealous = Jealous()
    async with stand_in(jealous) as server, asking(endpoint(server.url)) as asker:
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(4)))
        assert all(isinstance(one, ModelAnswer) for one in found)
        assert counted("one", Fault.HUNG_UP) - before == jealous.dropped > 0
        jealous.most, jealous.dropped = 0, 0
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(4)))
        assert all(isinstance(one, ModelAnswer) for one in found)
        assert (jealous.most, jealous.dropped) == (1, 0)
        assert asker.memory.known[asker.endpoints[0].key].quirks == {"alone"}


async def test_what_was_learned_is_kept_in_mind() -> None:
    jealous = Jealous()
    async with stand_in(jealous) as server, asking(endpoint(server.url)) as asker:
        asker.memory.known[asker.endpoints[0].key] = Learned("json_schema", quirks=frozenset({"alone"}))
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(4)))
    assert all(isinstance(one, ModelAnswer) for one in found)
    assert jealous.most == 1


async def test_who_waits_for_a_turn_waits_no_longer_than_for_a_token() -> None:
    before = counted("one", Fault.BUSY)
    options: dict[str, Any] = {"first_token_timeout": 0.3, "timeout": 3.0}
    reply = streaming(pieces(GOOD), pause=0.04)
    async with stand_in(reply) as server, asking(endpoint(server.url, **options)) as asker:
        asker.memory.known[asker.endpoints[0].key] = Learned("json_schema", quirks=frozenset({"alone"}))
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(2)))
    assert sorted(isinstance(one, ModelAnswer) for one in found) == [False, True]
    assert counted("one", Fault.BUSY) == before + 1


async def test_a_server_that_goes_away_is_not_jealous() -> None:
    """All of its connections drop, also those of who asks alone; when it is back, several are sent again."""
    held, back = asyncio.Event(), Jealous(drops=False)

    async def dying(asked: Asked) -> web.StreamResponse:
        await held.wait()
        return await reset(asked)

    async with stand_in(dying) as server, asking(endpoint(server.url)) as asker:
        asked = [asyncio.create_task(asker.ask(scope=str(n))) for n in range(2)]
        while len(server.asked) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        held.set()
        assert all(isinstance(one, NoAnswer) for one in await asyncio.gather(*asked))
        server.reply = back
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(2)))
        assert all(isinstance(one, ModelAnswer) for one in found)
        assert back.most == 2
        assert asker.memory.known[asker.endpoints[0].key].quirks == frozenset()


async def test_two_calls_and_no_third_for_the_turn() -> None:
    """The retry is a call: a server that drops everybody for ever costs each event two."""

    async def never(asked: Asked) -> web.StreamResponse:
        if len(server.asked) < 2:
            return await silence(asked)
        for one in server.asked:
            if one.request.transport is not None:
                one.request.transport.abort()
        return web.Response()

    async with stand_in(never) as server, asking(endpoint(server.url)) as asker:
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(2)))
        assert all(isinstance(one, NoAnswer) for one in found)
        assert len(server.asked) == 4


async def test_the_last_call_is_not_sent_again() -> None:
    """Who has no call left does not say of an answer that never came that it was of no use."""
    async with stand_in(Jealous()) as server, asking(endpoint(server.url)) as asker:
        found = await asyncio.gather(*(asker.ask(scope=str(n), allowance=Allowance(calls=1)) for n in range(2)))
        assert NoAnswer("no model could be reached", asker.memory.used["tokens:0"]) in found
        assert len(server.asked) == 2
