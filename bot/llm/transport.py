"""HTTP to a model: checked addresses, no proxy, no redirect, no compression, and a bounded answer in memory."""

import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, cast

import httpcore2
import httpx2
from openai import DefaultAsyncHttpxClient

from bot.llm.endpoint import resolve
from bot.llm.faults import Fault, ModelFault

MAX_ANSWER: Final = 1_000_000

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class _Dropped(httpcore2.ReadError):
    """The server closed a connection that it had answered on before, and sent no byte of this answer.

    It closes idle connections when it likes, so that this request may never have reached it.
    """


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that knows whether it was used before and whether the answer has begun."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner
        self._used = False
        self._waiting = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the library's own
        dropped = _Dropped() if self._used and self._waiting else None
        try:
            found = await self._inner.read(max_bytes, timeout)
        except httpcore2.ReadError:
            if dropped:  # guard: reset-connections (33)
                raise dropped from None
            raise
        if dropped and not found:  # guard: dropped-connections (33)
            raise dropped
        self._used, self._waiting = True, False
        return found

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the library's own
        self._waiting = True
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
    ) -> httpcore2.AsyncNetworkStream:  # fmt: skip
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


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
                return _Stream(await self._inner.connect_tcp(address, port, timeout, local_address, socket_options))
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
        def pool(kept: int) -> httpcore2.AsyncConnectionPool:
            return httpcore2.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=256,
                max_keepalive_connections=kept,
                keepalive_expiry=15.0,
                network_backend=_CheckedBackend(near_only=near_only),
            )

        self._pool = pool(16)
        self._fresh = pool(0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._pool.handle_async_request(_core(request))
        except _Dropped:
            response = await self._fresh.handle_async_request(_core(request))
        made = httpx2.Response(status_code=response.status, headers=response.headers, stream=_Bounded(response))
        # guard: compressed-answers (33)
        if made.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise ModelFault(Fault.COMPRESSED)
        return made

    async def aclose(self) -> None:
        await self._pool.aclose()
        await self._fresh.aclose()


def _core(request: httpx2.Request) -> httpcore2.Request:
    return httpcore2.Request(
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
