"""An endpoint that answers as a test says, over real HTTP on the loopback, and keeps what it was sent."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[["Asked"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came over the wire. `level` is how the answer's form was asked for."""

    request: web.Request
    raw: bytes
    body: dict[str, Any]

    @property
    def level(self) -> str:
        if "tools" in self.body:
            return "tool_call"
        form = self.body.get("response_format", {"type": "text"})
        return f"{form['type']}_lenient" if "strict" not in form.get("json_schema", {"strict": True}) else form["type"]

    @property
    def said(self) -> list[str]:
        return [str(one["content"]) for one in self.body["messages"]]


@dataclass(slots=True)
class StandIn:
    """The running endpoint. `reply` may be exchanged at any time."""

    reply: Reply
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def levels(self) -> list[str]:
        return [one.level for one in self.asked]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked = Asked(request, raw, json.loads(raw) if raw else {})
        self.asked.append(asked)
        return await self.reply(asked)


@contextlib.asynccontextmanager
async def stand_in(reply: Reply) -> AsyncIterator[StandIn]:
    """The endpoint on a free port until the block ends."""
    made = StandIn(reply)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield made
    finally:
        await runner.cleanup()


def completion(text: object, *, tokens: object = 100, ended: str = "stop", **message: object) -> dict[str, Any]:
    """A chat completion as OpenAI describes it."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": ended,
        "logprobs": None,
    }
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": tokens}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "stand-in", "choices": [choice],
            "usage": usage}  # fmt: skip


def saying(*texts: object) -> Reply:
    """Answers with each text in turn, and with the last one from then on."""
    left = list(texts)

    async def reply(_asked: Asked) -> web.StreamResponse:
        return web.json_response(completion(left.pop(0) if len(left) > 1 else left[0]))

    return reply


def sending(body: object, *, status: int = 200, **headers: str) -> Reply:
    """Answers with that body: bytes as they are, anything else as JSON."""

    async def reply(_asked: Asked) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, bytes):
            return web.Response(body=body, status=status, headers={"Content-Type": "application/json", **named})
        return web.json_response(body, status=status, headers=named)

    return reply


def refusing(status: int, levels: frozenset[str], otherwise: Reply) -> Reply:
    """An endpoint that does not know those response formats."""
    error = {"error": {"message": "response_format is not supported", "type": "invalid_request_error", "code": None}}

    async def reply(asked: Asked) -> web.StreamResponse:
        return web.json_response(error, status=status) if asked.level in levels else await otherwise(asked)

    return reply


def not_knowing(parameters: frozenset[str], otherwise: Reply) -> Reply:
    """A reasoning model: refuses parameters, naming them one at a time."""

    async def reply(asked: Asked) -> web.StreamResponse:
        for name in sorted(parameters & asked.body.keys()):
            error = {"message": f"Unsupported parameter: '{name}'", "type": "invalid_request_error", "param": name}
            return web.json_response({"error": {**error, "code": "unsupported_parameter"}}, status=400)
        return await otherwise(asked)

    return reply


async def silence(_asked: Asked) -> web.StreamResponse:
    """Takes the request and never answers."""
    await asyncio.Event().wait()
    raise AssertionError


async def reset(asked: Asked) -> web.StreamResponse:
    """Takes the request and hangs up."""
    transport = asked.request.transport
    assert transport is not None
    transport.abort()
    return web.Response()


async def drip(asked: Asked) -> web.StreamResponse:
    """Sends a byte now and then, for ever: no single wait is long."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(asked.request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def flood(asked: Asked) -> web.StreamResponse:
    """Sends for as long as somebody reads."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(asked.request)
    while True:
        await response.write(b" " * 65536)
