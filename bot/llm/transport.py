"""HTTP to a model: no proxy, no redirect, no compression, and never more than a bounded answer in memory."""

from collections.abc import AsyncIterator
from typing import Final, cast

import httpx2
from openai import DefaultAsyncHttpxClient

MAX_ANSWER: Final = 1_000_000


class AnswerTooLarge(httpx2.TransportError):
    """The endpoint sent more than any answer can be, or compressed what should be plain."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > MAX_ANSWER:  # guard: bytes-of-answers (33)
                raise AnswerTooLarge(f"more than {MAX_ANSWER} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Transport(httpx2.AsyncBaseTransport):
    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        # guard: compressed-answers (33)
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise AnswerTooLarge("compressed, though plain text was asked for")
        response.stream = _Bounded(cast(httpx2.AsyncByteStream, response.stream))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def http_client() -> httpx2.AsyncClient:
    """A client for one endpoint. A redirect would replay the whole prompt to wherever it points: refused."""
    return DefaultAsyncHttpxClient(
        transport=_Transport(),
        follow_redirects=False,  # guard: redirects-of-models (20)
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
    )
