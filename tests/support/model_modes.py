"""Further ways in which endpoints behave: streams, routes beside the completions, and each failure by its name."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from bot.llm.fitting import estimate
from tests.support.stand_in_model import Asked, Reply, completion, sending

_EVENTS: Final = {"Content-Type": "text/event-stream"}
BUSY: Final = sending({"error": {"message": "overloaded"}}, status=503)


def event(delta: Mapping[str, object] | None, *, ended: str | None = None, **more: object) -> bytes:
    """One event of a stream; `delta` None is the last one, which holds the usage and no choice."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": ended}]
    data = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": choices, **more}
    return f"data: {json.dumps(data)}\n\n".encode()


def pieces(text: str, size: int = 7) -> list[bytes]:
    """A whole stream: the role, the text in pieces, the end, the usage, the last word."""
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    usage = {"prompt_tokens": 80, "completion_tokens": 20, "total_tokens": 100}
    return [
        event({"role": "assistant", "content": None}), *(event({"content": one}) for one in parts),
        event({}, ended="stop"), event(None, usage=usage), b"data: [DONE]\n\n",
    ]  # fmt: skip


def streaming(chunks: Sequence[bytes], *, pause: float = 0.0, first: float = 0.0) -> Reply:
    """Sends the chunks as events: the headers at once, the first chunk after `first` seconds, then one per `pause`."""

    async def reply(asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse(headers=_EVENTS)
        await response.prepare(asked.request)
        await asyncio.sleep(first)
        for chunk in chunks:
            await response.write(chunk)
            await asyncio.sleep(pause)
        return response

    return reply


def hanging_up_after(chunks: Sequence[bytes]) -> Reply:
    """Sends the chunks as events and hangs up in the middle."""

    async def reply(asked: Asked) -> web.StreamResponse:
        response = await streaming(chunks)(asked)
        transport = asked.request.transport
        assert transport is not None
        transport.abort()
        return response

    return reply


def keeping_alive(seconds: float, chunks: Sequence[bytes]) -> Reply:
    """Sends comments, which are no tokens, for a while (as OpenRouter does), then the chunks."""

    async def reply(asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse(headers=_EVENTS)
        await response.prepare(asked.request)
        for _ in range(int(seconds / 0.05)):
            await response.write(b": PROCESSING\n\n")
            await asyncio.sleep(0.05)
        for chunk in chunks:
            await response.write(chunk)
        return response

    return reply


def calling(arguments: object, *, name: str = "answer") -> Reply:
    """Answers with a tool call."""
    call = {"id": "call-1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return sending(completion(None, tool_calls=[call], ended="tool_calls"))


def error(message: str, *, status: int = 400, headers: Mapping[str, str] | None = None, **more: object) -> Reply:
    """An error as OpenAI words it."""
    named = {name.replace("-", "_"): value for name, value in (headers or {}).items()}
    return sending({"error": {"message": message, "type": "invalid_request_error", **more}}, status=status, **named)


@dataclass(slots=True)
class Api:
    """An endpoint with more routes: a list of models, llama.cpp's or vLLM's tokenizer, a context of a certain size.

    `characters` make one of its tokens; `words` are what it says of a prompt that is too long. Fits `Reply`, like the
    replies that it is made of.
    """

    chat: Reply
    models: Sequence[Mapping[str, object]] | None = None
    context: int | None = None
    characters: float = 1.0
    tokenizer: bool = False
    words: str = ""
    paths: list[str] = field(default_factory=list)

    async def __call__(self, asked: Asked) -> web.StreamResponse:
        path = asked.request.path
        self.paths.append(path)
        if path.endswith("/chat/completions"):
            tokens = self.tokens("".join(asked.said)) if asked.body else 0
            if self.context is not None and tokens > self.context:
                return await self._too_long(tokens)(asked)
            return await self.chat(asked)
        if path.endswith("/models") and self.models is not None:
            return web.json_response({"object": "list", "data": self.models})
        if path == "/tokenize" and self.tokenizer:
            return web.json_response({"tokens": [1] * self.tokens(asked.body["content"])})
        return web.json_response({"error": {"message": "File Not Found"}}, status=404)

    def tokens(self, text: str) -> int:
        return int(len(text) / self.characters) + 1

    def _too_long(self, tokens: int) -> Reply:
        if self.words:
            return error(self.words)
        message = f"request ({tokens} tokens) exceeds the available context size ({self.context} tokens)"
        return error(message, type="exceed_context_size_error", n_prompt_tokens=tokens, n_ctx=self.context)


def honest(text: str) -> Reply:
    """Answers with the text, and counts the prompt's tokens about as they are."""

    async def reply(asked: Asked) -> web.StreamResponse:
        prompt = estimate("".join(asked.said))
        usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": 20, "total_tokens": prompt + 20}
        return web.json_response({**completion(text), "usage": usage})

    return reply
