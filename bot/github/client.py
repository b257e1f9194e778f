"""gidgethub with its traps mended in one place: tokens, origins, redirects, rate limits, conditional requests."""

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp
import gidgethub
import structlog
from gidgethub import sansio
from gidgethub.abc import GitHubAPI

from bot.domain.errors import AssistantError, Deferred
from bot.domain.ports import Fence, Windows
from bot.github.errors import Absent, Forbidden, Moved, Refused, Unavailable
from bot.github.limits import rate_limit_pause

log = structlog.get_logger()

TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
_MAX_ANSWER: Final = 60 * 1024 * 1024
_MAX_PAGES: Final = 30
_PATIENCE: Final = 5.0
_API_VERSION: Final = "2022-11-28"
NOT_MODIFIED: Final = 304
USER_AGENT: Final = "contribution-assistant"
_FRESH: Final = 1.0
"""Seconds for which an answer of the fence is believed: a process may be suspended while it is read."""

TokenSource = Callable[[bool], Awaitable[str]]
"""Gives the authorization header's value; True asks for a new token because the old one was refused."""


def open_session() -> aiohttp.ClientSession:
    """A session for `GitHub`: no cookies, no proxy of the environment, and a last look before fenced requests."""
    looking = aiohttp.TraceConfig()
    looking.on_request_headers_sent.append(_last_look)
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, trace_configs=[looking])


async def _last_look(_session: object, context: SimpleNamespace, _told: object) -> None:
    """Ask the fence when the connection stands and nothing was sent yet, despite the name of aiohttp's signal.

    A worker can be suspended anywhere before; what it asked then is stale. After this only microseconds are left.
    """
    fence: Fence | None = context.trace_request_ctx
    while fence is not None:
        asked = time.monotonic()
        await fence()  # guard: last-looks (29)
        # guard: fresh-fences (29): as True
        if time.monotonic() - asked < _FRESH:
            return


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `more`: there is a next one. Where it is `unchanged` since the ETag, it has no items."""

    items: tuple[Any, ...]
    more: bool
    etag: str
    unchanged: bool = False


class GitHub(GitHubAPI):
    """Requests of one installation (or of the App itself) to one API origin.

    `scope` names the back-off window; `installation` is None for the App's own requests, which never write content.
    Raises Absent, Forbidden, Refused, Moved, Unavailable, or Deferred inside a back-off window.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        token: TokenSource,
        scope: str,
        windows: Windows,
        installation: int | None = None,
        cache: MutableMapping[str, Any] | None = None,
    ) -> None:
        super().__init__(USER_AGENT, cache=cache, base_url=base_url)
        self._session = session
        self._origin = urlsplit(base_url)[:2]
        self._token = token
        self._scope = scope
        self._windows = windows
        self._installation = installation
        self._fence: Fence | None = None
        self.answered_at = ""
        """The server's `Date` of the last answer, whatever its status."""

    async def get(self, url: str, **query: str | int) -> Any:
        """One object or list (first page only)."""
        return await self._guarded(self.getitem(with_query(url, query)))

    async def pages(
        self, url: str, *, most: int = _MAX_PAGES, under: str = "", **query: str | int
    ) -> AsyncIterator[Any]:
        """All items of a list, page by page; at most `most` pages of 100. `under`: the list's name where it has one."""
        current: str | None = with_query(url, {"per_page": 100, **query})
        for _ in range(most):
            if current is None:
                return
            data, current, _status = await self._guarded(
                self._make_request("GET", current, None, b"", "application/vnd.github+json")
            )
            current = current and self._rebased(current)  # guard: origin-of-next-pages (19): as current
            for one in data[under] if under else data:
                yield one

    async def page(self, url: str, *, etag: str = "", **query: str | int) -> "Page":
        """One page of a list, 100 at most. With the ETag of an earlier answer, an unchanged page costs no request."""
        asked = with_query(url, {"per_page": 100, **query})
        cache: MutableMapping[str, Any] = self._cache if self._cache is not None else {}
        address = sansio.format_url(asked, None, base_url=self.base_url)
        cache.pop(address, None)
        if etag:
            cache[address] = (etag, None, [], None)
        data, more, status = await self._guarded(
            self._make_request("GET", asked, None, b"", "application/vnd.github+json")
        )
        # Many pages are read once: what they say is kept elsewhere.
        answer = cache.pop(address, None)
        return Page(tuple(data), more is not None, (answer and answer[0]) or "", unchanged=status == NOT_MODIFIED)

    def _rebased(self, url: str) -> str:
        """The next page under the address that we know the API by; servers may call themselves otherwise."""
        return urlunsplit((*self._origin, *urlsplit(url)[2:]))

    async def send(
        self,
        method: str,
        url: str,
        data: Mapping[str, Any] | None = None,
        *,
        fence: Fence | None = None,
        has_slot: bool = False,
    ) -> Any:
        """A write. Returns the answer; an answer without success or, for new things, without an id is Unavailable.

        A slot of the installation's write rate is taken first, if this write has none; Deferred if none is free soon.
        `fence` is asked when the first byte is about to leave, and what it raises is raised.
        """
        if not has_slot:  # guard: write-rates (5)
            await self.take_slot()
        body: Any = b"" if data is None else dict(data)
        answer, _more, status = await self._guarded(
            self._fenced(fence)._make_request(method, url, None, body, "application/vnd.github+json")
        )
        if method == "POST" and status not in (200, 201, 202):  # guard: confirmed-writes (30)
            raise Unavailable(f"{method} was answered {status}")
        return answer

    def _fenced(self, fence: Fence | None) -> "GitHub":
        # guard: sessions-of-fenced-writes (29)
        if fence is not None and not any(
            _last_look in one.on_request_headers_sent for one in self._session.trace_configs
        ):
            raise RuntimeError("fenced writes need a session of open_session()")
        fenced = copy.copy(self)
        fenced._fence = fence  # guard: fences-of-writes (29): as None
        return fenced

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def manage_rate_limit(self, *, method: str, url: str) -> None:
        """No request leaves inside a back-off window, whichever process opened it."""
        until = await self._windows.window(self._scope)
        if until is not None:  # guard: back-off-windows (31)
            raise Deferred(until, "GitHub asked us to wait")

    async def take_slot(self) -> None:
        """A slot of the installation's write rate, for a write that follows at once. Deferred if none is free soon."""
        end = time.monotonic() + _PATIENCE
        while self._installation is not None and (wait := await self._windows.take_write(self._installation)) > 0:
            if time.monotonic() + wait > end:
                # By the clock that the queue goes by: this process's own may be another.
                until = await self._windows.now() + timedelta(seconds=wait)
                raise Deferred(until, "this installation's write rate is used up")
            await asyncio.sleep(wait)

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send with a token that fits, to the API's origin only; one renewal after a 401."""
        if urlsplit(url)[:2] != self._origin:  # guard: api-origin (19)
            raise Refused(f"not an address of the API: {urlsplit(url).netloc}")
        answer = await self._send_once(method, url, headers, body, renew=False)
        if answer[0] == 401:  # guard: renewal-after-401 (31)
            answer = await self._send_once(method, url, headers, body, renew=True)
        return answer

    async def _send_once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, renew: bool
    ) -> tuple[int, Mapping[str, str], bytes]:
        sent = {
            **headers,
            "authorization": await self._token(renew),
            "x-github-api-version": _API_VERSION,
        }
        async with self._session.request(
            method,
            url,
            headers=sent,
            data=body or None,
            allow_redirects=False,  # guard: redirected-writes (19)
            timeout=TIMEOUT,
            trace_request_ctx=self._fence,  # guard: fences-at-the-wire (29)
        ) as response:
            content = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                content += chunk
                if len(content) > _MAX_ANSWER:  # guard: answer-sizes (25)
                    raise Refused("the answer is larger than 60 MB")
            lowered = {name.lower(): value for name, value in response.headers.items()}
            self.answered_at = lowered.get("date", "")
            return response.status, lowered, bytes(content)

    async def _guarded(self, request: Awaitable[Any]) -> Any:
        try:
            return await request
        except gidgethub.HTTPException as error:
            raise await self._translated(error) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Unavailable(f"{type(error).__name__} while asking GitHub") from error
        except ValueError as error:
            # A success whose body is no JSON: a proxy's page, or a cut answer.
            raise Unavailable("GitHub's answer could not be read") from error

    async def _translated(self, error: gidgethub.HTTPException) -> Exception:
        status, headers = int(error.status_code), error.headers or {}
        pause = rate_limit_pause(status, headers, str(error), datetime.now(UTC))
        if pause is not None:  # guard: rate-limit-answers (31)
            until = await self._windows.back_off(self._scope, pause, f"GitHub answered {status}")
            log.warning("rate_limited", scope=self._scope, status=status, until=until.isoformat())
            return Deferred(until, f"GitHub answered {status} and asked us to wait")
        if status in (301, 302, 307, 308):  # guard: moved-items-are-terminal (34)
            location = headers.get("location", "")
            # guard: moves-within-the-api (19): always
            return Moved(location) if urlsplit(location)[:2] == self._origin else Refused("redirected away")
        if status in (404, 410):  # guard: gone-is-terminal (34)
            return Absent(f"GitHub answered {status}: {_reason(error)}")
        if status == 401:  # guard: refused-credentials-pass (31)
            # A token was renewed already: our clock, a key that is being rotated, or GitHub's own trouble. All pass.
            return Unavailable("GitHub does not accept our credentials")
        if status == 403:  # guard: forbidden-is-terminal (34)
            return Forbidden(f"GitHub answered {status}: {_reason(error)}")
        if status >= 500 or status in (408, 425):  # guard: server-faults-pass (33)
            return Unavailable(f"GitHub answered {status}")
        return Refused(f"GitHub answered {status}: {_reason(error)}")


async def together(steps: list[Awaitable[Any]]) -> list[Any]:
    """All results; of several errors the first of ours, once all steps have ended."""
    results = await asyncio.gather(*steps, return_exceptions=True)
    errors = [one for one in results if isinstance(one, BaseException)]
    ours = [one for one in errors if isinstance(one, AssistantError)]
    if errors:
        raise (ours or errors)[0]
    return list(results)


def with_query(url: str, query: Mapping[str, str | int]) -> str:
    """`url` with query parameters, encoded; braces are encoded too, as the URL is used as a template later."""
    if not query:
        return url
    pairs = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    return f"{url}{'&' if '?' in url else '?'}{pairs}"


def path(*segments: str | int) -> str:
    """A path below the API's root from raw segments, each fully encoded ("a/b" stays one segment)."""
    return "/" + "/".join(_segment(str(one)) for one in segments)


def file_path(name: str) -> str:
    """A file's path with its slashes kept and everything else encoded."""
    return "/".join(_segment(one) for one in name.split("/"))


def _segment(raw: str) -> str:
    """`.` and `..` survive encoding and mean another address: the labels of an issue instead of one label."""
    if raw in (".", ".."):  # guard: dots-in-addresses (1, 23)
        raise Refused("a name that cannot be part of an address")
    return quote(raw, safe="")  # guard: encoded-segments (1, 23): without quote


def _reason(error: gidgethub.HTTPException) -> str:
    return " ".join(str(one) for one in error.args)[:200]
