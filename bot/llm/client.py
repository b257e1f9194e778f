"""HTTP with one endpoint: a completion, a list of models, a count of tokens. Every failure is a named one."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpcore2
import httpx2
import openai
from openai import AsyncAPIResponse, AsyncOpenAI

from bot.endpoints import Endpoint, Privacy
from bot.llm.completion import Assembly, Completion, read_completion, read_data
from bot.llm.faults import Crowded, Fault, ModelFault
from bot.llm.refusals import is_page, refusal
from bot.llm.transport import http_client, tls_context

# What an endpoint was found to be like, besides the parameters of `refusals.PARAMETERS` that it does not take.
REASONS: Final = "reasons"
NO_TOKENIZER: Final = "no_tokenizer"
# llama-cpp-python's server hangs up on one stream when the next request comes.
ALONE: Final = "alone"
_STREAM: Final = "stream"
_SEVERAL: Final = 5

Dialogue = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for one completion. `form` asks for the answer's form; `seconds` are all that it may take."""

    dialogue: Dialogue
    form: Mapping[str, Any]
    max_tokens: int
    seconds: float
    private: bool = False


@dataclass(frozen=True, slots=True)
class _Connections:
    api: AsyncOpenAI
    http: httpx2.AsyncClient


class _Quiet(AsyncOpenAI):
    """Tells the endpoint nothing about this machine: to find it out, the library starts `file` and `uname`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._platform = "Unknown"

    def platform_headers(self) -> dict[str, str]:
        return {}


class ModelClient:
    """One endpoint. Text of private repositories has connections of its own, which are checked more strictly."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.quirks: set[str] = set()
        self._slots = asyncio.Semaphore(endpoint.concurrency)
        self._turn = asyncio.Lock()
        self._in_turn = False
        self._under_way = 0
        tls = tls_context(endpoint.base_url)
        self._connections = {near: _connections(endpoint, tls, near_only=near) for near in (False, True)}

    async def close(self) -> None:
        for one in self._connections.values():
            await one.api.close()

    async def complete(self, ask: Ask) -> Completion:
        """A completion of any quality; raises ModelFault where there is none.

        A parameter that this endpoint does not take is left out from then on; if it hangs up on one of several
        requests, they are sent one at a time from then on.
        """
        end = time.monotonic() + ask.seconds
        async with self._slot(min(ask.seconds, self.endpoint.first_token_timeout)):
            while True:
                crowded = self._under_way > 1
                try:
                    found = await self._send(ask, end - time.monotonic())
                except ModelFault as fault:
                    self._in_turn = fault.fault is Fault.HUNG_UP and (crowded or self._under_way > 1)
                    if self._in_turn:
                        raise Crowded from None
                    if not fault.parameter or fault.parameter in self.quirks:
                        raise
                    self.quirks.add(fault.parameter)
                else:
                    if self._in_turn:
                        # It was the company: a server that had gone away would not answer now.
                        self.quirks.add(ALONE)
                    return found

    async def fetch(self, method: str, path: str, *, body: Any = None, private: bool = False, seconds: float) -> Any:
        """JSON from a path below the address, or from `/…` below it without its /v1. Raises ModelFault."""
        base = self.endpoint.base_url.removesuffix("/v1") if path.startswith("/") else f"{self.endpoint.base_url}/"
        headers = {"Authorization": f"Bearer {self.endpoint.api_key}"} if self.endpoint.api_key else {}
        try:
            async with asyncio.timeout(seconds):
                response = await self._connected(private).http.request(
                    method, f"{base}{path}", json=body, headers=headers, timeout=seconds
                )
        except Exception as error:  # noqa: BLE001 - what is not a failure of HTTP is raised again
            raise _fault_of(error) from None
        lowered = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code != 200:
            raise refusal(response.status_code, response.content, lowered)
        if is_page(response.content, lowered):
            raise ModelFault(Fault.HTML, status=200)
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise ModelFault(Fault.NOT_A_COMPLETION, status=200) from None

    async def count(self, text: str, *, private: bool, seconds: float) -> int | None:
        """How many tokens a text has, by the endpoint's own tokenizer (llama.cpp, vLLM); None where it has none."""
        if NO_TOKENIZER in self.quirks:
            return None
        # llama.cpp reads `content`, vLLM `prompt`; both leave the rest alone.
        body = {"content": text, "prompt": text, "model": self.endpoint.model}
        try:
            data = await self.fetch("POST", "/tokenize", body=body, private=private, seconds=seconds)
        except ModelFault as fault:
            if fault.fault in (Fault.WRONG_URL, Fault.HTML, Fault.REDIRECT, Fault.WRONG_KEY, Fault.REFUSED):
                self.quirks.add(NO_TOKENIZER)
            return None
        tokens = data.get("tokens") if isinstance(data, dict) else None
        return len(tokens) if isinstance(tokens, list) and tokens else None

    @asynccontextmanager
    async def _slot(self, seconds: float) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(seconds):
                    await held.enter_async_context(self._slots)
                    if self._in_turn or ALONE in self.quirks:
                        await held.enter_async_context(self._turn)
            except TimeoutError:
                raise ModelFault(Fault.BUSY) from None
            self._under_way += 1
            try:
                yield
            finally:
                self._under_way -= 1

    async def _send(self, ask: Ask, seconds: float) -> Completion:
        patience = self.endpoint.first_token_timeout if _STREAM not in self.quirks else None
        try:
            async with (
                asyncio.timeout(min(self.endpoint.timeout, seconds)),
                asyncio.timeout(patience) as first_token,
                self._connected(ask.private).api.chat.completions.with_streaming_response.create(
                    **self._body(ask)
                ) as response,
            ):
                return await self._receive(response, first_token)
        except TimeoutError:
            seen = first_token.when() is None
            raise ModelFault(Fault.SLOW_ANSWER if seen else Fault.SLOW_FIRST_TOKEN) from None
        except Exception as error:  # noqa: BLE001 - what is not a failure of HTTP is raised again
            fault = _fault_of(error)
            if fault.fault is Fault.FORMAT_REFUSED and fault.status >= 500 and not ask.form:
                raise ModelFault(Fault.SERVER_ERROR, status=fault.status) from None
            raise fault from None

    async def _receive(self, response: AsyncAPIResponse[Any], first_token: asyncio.Timeout) -> Completion:
        if "text/event-stream" in response.headers.get("content-type", "").lower():
            return await _streamed(response, first_token)
        raw = await response.read()
        if is_page(raw, {"content-type": response.headers.get("content-type", "")}):
            raise ModelFault(Fault.HTML, status=response.status_code)
        found = read_completion(raw)
        if found.flaw is None:
            # It was asked to stream, and did not.
            self.quirks.add(_STREAM)
        return found

    def _body(self, ask: Ask) -> dict[str, Any]:
        """The request. Reasoning models refuse `max_tokens`: their limit counts what they think as well."""
        found: dict[str, Any] = {"model": self.endpoint.model, "messages": ask.dialogue, **ask.form}
        if "temperature" not in self.quirks:
            found["temperature"] = 0
        if "max_tokens" in self.quirks:
            found["max_completion_tokens"] = ask.max_tokens + self.endpoint.reasoning_tokens
        else:
            found["max_tokens"] = ask.max_tokens + (self.endpoint.reasoning_tokens if REASONS in self.quirks else 0)
        if _STREAM not in self.quirks:
            found["stream"] = True
            if "stream_options" not in self.quirks:
                found["stream_options"] = {"include_usage": True}
        return found

    def _connected(self, private: bool) -> _Connections:
        return self._connections[private and self.endpoint.privacy is not Privacy.ALWAYS]


def _connections(endpoint: Endpoint, tls: ssl.SSLContext | None, *, near_only: bool) -> _Connections:
    http = http_client(tls, near_only=near_only)
    api = _Quiet(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key or "none",
        # Our own limits end a request before this one does.
        timeout=httpx2.Timeout(endpoint.timeout + 10, connect=10),
        max_retries=0,  # guard: no-retries-of-the-library (33)
        http_client=http,
    )
    return _Connections(api, http)


async def _streamed(response: AsyncAPIResponse[Any], first_token: asyncio.Timeout) -> Completion:
    found = Assembly()
    heard: list[float] = []
    async for line in _lines(response.iter_bytes()):
        if found.add(line):
            heard.append(time.monotonic())
            first_token.reschedule(None)
        if found.failed is not None:
            break
    if found.failed is not None:
        code = found.failed.get("code") if isinstance(found.failed, dict) else None
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        raise refusal(status, json.dumps({"error": found.failed}).encode(), {})
    # Who waits for the whole before it sends anything does not tell how fast it is.
    return replace(read_data(found.data()), seconds=heard[-1] - heard[0] if len(heard) >= _SEVERAL else None)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Lines that end with a newline, and nothing else: JSON may hold other line separators as they are."""
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        *whole, last = rest.split(b"\n")
        rest = last
        for line in whole:
            yield line.decode("utf-8", "replace").strip("\r")
    yield rest.decode("utf-8", "replace")


def _fault_of(error: Exception) -> ModelFault:
    """The name of a failure; raises what is none of HTTP's."""
    match error:
        case ModelFault():
            return error
        case openai.APIStatusError():
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            return refusal(error.status_code, error.response.content, headers)
        case TimeoutError() | openai.APITimeoutError() | httpx2.TimeoutException() | httpcore2.ReadTimeout():
            return ModelFault(Fault.SLOW_ANSWER)
        case httpcore2.ConnectTimeout() | httpcore2.PoolTimeout():
            return ModelFault(Fault.UNREACHABLE)
        case httpcore2.ConnectError():
            tls = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
            return ModelFault(Fault.CERTIFICATE if tls else Fault.UNREACHABLE)
        case (
            openai.OpenAIError()
            | httpx2.HTTPError()
            | httpx2.StreamError()
            | httpx2.InvalidURL()
            | httpcore2.TimeoutException()
            | httpcore2.NetworkError()
            | httpcore2.ProtocolError()
            | OSError()
        ):
            return ModelFault(Fault.HUNG_UP)
    raise error
