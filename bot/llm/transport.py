"""HTTP to a model: checked addresses, no proxy, no redirect, no compression, and a bounded answer in memory."""

import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Final, cast

import httpcore2
import httpx2
from openai import DefaultAsyncHttpxClient

from bot.llm.endpoint import resolve
from bot.llm.faults import Fault, ModelFault

MAX_ANSWER: Final = 1_000_000

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to the very addresses that were checked: a name that is resolved twice may mean two machines.

    TLS still checks the certificate against the name.
    """

    def __init__(self, *, near_only: bool) -> None:
        self._near_only = near_only
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:  # fmt: skip
        last: Exception = httpcore2.ConnectError("no address")
        for address in await resolve(host, near_only=self._near_only):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
        raise last

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpcore2.Response) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner.aiter_stream():
            seen += len(chunk)
            if seen > MAX_ANSWER:  # guard: bytes-of-answers (33)
                raise ModelFault(Fault.TOO_LARGE)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Transport(httpx2.AsyncBaseTransport):
    def __init__(self, tls: ssl.SSLContext | None, *, near_only: bool) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=256,
            max_keepalive_connections=16,
            keepalive_expiry=15.0,
            network_backend=_CheckedBackend(near_only=near_only),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=cast(httpx2.AsyncByteStream, request.stream),
                extensions=request.extensions,
            )
        )
        made = httpx2.Response(status_code=response.status, headers=response.headers, stream=_Bounded(response))
        # guard: compressed-answers (33)
        if made.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise ModelFault(Fault.COMPRESSED)
        return made

    async def aclose(self) -> None:
        await self._pool.aclose()


def tls_context(url: str) -> ssl.SSLContext | None:
    """The trusted certificates, which take a while to load, if the address needs them."""
    return httpx2.create_ssl_context(trust_env=False) if url.startswith("https:") else None


def http_client(tls: ssl.SSLContext | None, *, near_only: bool) -> httpx2.AsyncClient:
    """A client for one endpoint; `near_only`: its connections go to this machine or a private network only.

    A redirect would replay the whole prompt to wherever it points: refused.
    """
    return DefaultAsyncHttpxClient(
        transport=_Transport(tls, near_only=near_only),
        follow_redirects=False,  # guard: redirects-of-models (20)
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
    )
