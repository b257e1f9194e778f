"""The REST API over HTTP: faults, authentication, routes, pages, ETags and limits, in that order."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web
from multidict import CIMultiDict

from bot.sandbox.answers import Answer, ApiError, Listing, not_found
from bot.sandbox.api.table import ROUTES
from bot.sandbox.auth import AppCaller, Authenticator, Caller, InstallationCaller
from bot.sandbox.call import Call, moved_permanently
from bot.sandbox.faults import LIMITS, Fault, FaultBook, FaultKind, limited
from bot.sandbox.hooks import Hookshot
from bot.sandbox.ratelimit import RateLimit, asked_to_wait
from bot.sandbox.record import LoggedRequest, Record, visible_headers
from bot.sandbox.routing import PAGED, check_query, find_route, parse_body
from bot.sandbox.shapes.links import Links
from bot.sandbox.world import World

ENTERPRISE_PREFIX = "/api/v3"
API_VERSIONS = frozenset({"2022-11-28", "2026-03-10"})
JSON_MEDIA = frozenset(
    {
        "application/json",
        "application/vnd.github+json",
        "application/vnd.github.v3+json",
        "*/*",
        "application/*",
    }
)


@dataclass(slots=True)
class RestServer:
    """Answers requests of the REST API; every one is in `record`."""

    world: World
    hooks: Mapping[int, Hookshot]
    """By App id."""
    auth: Authenticator
    limits: RateLimit
    act: Callable[[str, Mapping[str, Any]], object]
    """Does what people can do, by its name."""
    faults: FaultBook = field(default_factory=FaultBook)
    record: Record = field(default_factory=Record)
    waiting: dict[str, datetime] = field(default_factory=dict)
    """Until when whom was asked to send nothing."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        entry = self._log(request, raw)
        self._check_windows(request, entry)
        fault = self.faults.take(entry.method, unquote(entry.path))
        entry.fault = fault.kind.value if fault else None
        if fault is not None:
            early = await self._before(request, entry, fault)
            if early is not None:
                self._note_window(entry, early)
                return early
        entry.status = 500  # stays when an endpoint fails, which is a mistake of the stand-in
        response = self._respond(request, entry, raw, fault)
        if fault is not None:
            response = await self._after(request, response, entry, fault)
        entry.status = 0 if _is_reset(fault) else response.status
        if not _is_reset(fault):
            self._note_window(entry, response)
        return response

    def _check_windows(self, request: web.Request, entry: LoggedRequest) -> None:
        """Note whose request it is, and whether it comes while its owner was asked to wait."""
        try:
            entry.owner = _owner(self.auth.caller(request.headers.get("Authorization")))
        except ApiError:
            return
        entry.too_early = entry.at < self.waiting.get(entry.owner, entry.at)

    def _note_window(self, entry: LoggedRequest, response: web.StreamResponse) -> None:
        raw = response.body if isinstance(response, web.Response) and response.status >= 400 else None
        body = _readable(raw) if isinstance(raw, bytes) else None
        entry.wait_until = asked_to_wait(response.status, response.headers, body, self.world.now())
        if entry.wait_until is not None:
            self.waiting[entry.owner] = max(entry.wait_until, self.waiting.get(entry.owner, entry.wait_until))

    def _log(self, request: web.Request, raw: bytes) -> LoggedRequest:
        path = request.raw_path.partition("?")[0]
        prefix = ENTERPRISE_PREFIX if path.startswith(ENTERPRISE_PREFIX + "/") else ""
        entry = LoggedRequest(
            method=request.method,
            path=path.removeprefix(prefix),
            prefix=prefix,
            query=dict(request.query),
            headers=visible_headers(request.headers),
            body=_readable(raw),
            at=self.world.now(),
        )
        self.record.requests.append(entry)
        return entry

    async def _before(self, request: web.Request, entry: LoggedRequest, fault: Fault) -> web.StreamResponse | None:
        """Return the answer of a fault that keeps the request from having an effect."""
        made: web.Response
        if fault.kind is FaultKind.DELAY:
            await asyncio.sleep(fault.seconds)
            return None
        if fault.kind is FaultKind.RESET_BEFORE:
            return _broken(request)
        if fault.kind in (FaultKind.ACT, FaultKind.EXPIRE):
            self._happen(fault)
            return None
        if fault.kind is FaultKind.STATUS_BEFORE:
            made = self._faulty(fault)
        elif fault.kind is FaultKind.REDIRECT:
            moved = dataclasses.replace(fault, headers={**fault.headers, "Location": fault.location})
            made = self._faulty(moved)
        elif fault.kind is FaultKind.BAD_TOKEN:
            made = self._error(ApiError(401, "Bad credentials"), None)
        elif fault.kind in LIMITS:
            made = self._faulty(limited(fault, self.world.now()))
        else:
            return None
        entry.status = made.status
        return made

    def _happen(self, fault: Fault) -> None:
        if fault.kind is FaultKind.EXPIRE:
            self.auth.revoke_all()
        else:
            self.act(fault.act, fault.arguments)

    async def _after(
        self, request: web.Request, response: web.StreamResponse, entry: LoggedRequest, fault: Fault
    ) -> web.StreamResponse:
        if fault.kind is FaultKind.DELAY_AFTER:
            await asyncio.sleep(fault.seconds)
        if fault.kind is FaultKind.RESET_AFTER:
            return _broken(request)
        return self._faulty(fault) if fault.kind is FaultKind.STATUS_AFTER else response

    def _respond(
        self, request: web.Request, entry: LoggedRequest, raw: bytes, fault: Fault | None
    ) -> web.StreamResponse:
        caller: Caller | None = None
        try:
            _check_headers(request)
            caller = self.auth.caller(request.headers.get("Authorization"))
            entry.token_id = caller.token_id
            call = self._call(request, entry, raw, caller, fault)
            self._check_limit(caller, call)
            call.authorise()
            result = call.route.handler(call)
            answer = self._page(call, result) if isinstance(result, Listing) else result
            if call.route.path == "/rate_limit":
                answer = Answer(body=self.limits.overview(_owner(caller), self.world.now()))
            return self._finish(request, answer, caller)
        except ApiError as error:
            if error.unknown:
                entry.unknown = error.message
            return self._error(error, caller)

    def _call(
        self, request: web.Request, entry: LoggedRequest, raw: bytes, caller: Caller, fault: Fault | None
    ) -> Call:
        path = self._by_id(entry.path)
        route, params = find_route(ROUTES, entry.method, path)
        entry.route = f"{route.method} {route.path}"
        links = links_of(request, entry.prefix)
        if "repo" in params:
            params["repo"] = params["repo"].removesuffix(".git")
            self._check_name(entry, links, params)
        check_query(route, entry.query)
        lags = fault is not None and fault.kind is FaultKind.LAG
        return Call(
            world=self.world,
            hooks=self.hooks[self._app_id(caller)],
            auth=self.auth,
            caller=caller,
            links=links,
            route=route,
            params=params,
            query=entry.query,
            body=parse_body(route, raw),
            media=_media(request, route.media),
            log=entry,
            writes_ago=fault.writes_ago if fault and fault.kind is FaultKind.STALE else 0,
            lists_at=self.world.now() - timedelta(seconds=fault.seconds) if fault and lags else None,
        )

    def _app_id(self, caller: Caller) -> int:
        if isinstance(caller, AppCaller):
            return caller.app_id
        return self.world.state.installations[caller.installation_id].app.id

    def _by_id(self, path: str) -> str:
        # /repositories/{id}/… is where redirects of renamed repositories lead
        head, _, rest = path.removeprefix("/repositories/").partition("/")
        if not path.startswith("/repositories/") or not head.isdigit():
            return path
        repo = self.world.state.repositories.get(int(head))
        if repo is None:
            raise not_found()
        return f"/repos/{repo.full_name}" + (f"/{rest}" if rest else "")

    def _check_name(self, entry: LoggedRequest, links: Links, params: dict[str, str]) -> None:
        name = f"{params['owner']}/{params['repo']}"
        moved_to = self.world.state.former_names.get(name.lower())
        if moved_to is None or self.world.state.find_repository(name) is not None:
            return
        rest = "/".join(entry.path.strip("/").split("/")[3:])
        query = f"?{urlencode(entry.query)}" if entry.query else ""
        url = f"{links.api}/repositories/{moved_to}" + (f"/{rest}" if rest else "") + query
        raise moved_permanently(url, entry.method)

    def _check_limit(self, caller: Caller, call: Call) -> None:
        owner, now = _owner(caller), self.world.now()
        if call.route.path == "/rate_limit":
            return
        if self.limits.exhausted(owner, now):
            raise ApiError(403, f"API rate limit exceeded for {owner}.")
        self.limits.window(owner, now).used += 1

    def _page(self, call: Call, listing: Listing) -> Answer:
        """Cut out the asked page: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
        size = min(max(_number(call.query.get("per_page"), 30), 1), 100)
        page = max(_number(call.query.get("page"), 1), 1)
        if not call.route.query >= PAGED:
            size, page = max(len(listing.items), 1), 1
        shown = [listing.shape(item) for item in listing.items[(page - 1) * size : page * size]]
        last = max((len(listing.items) + size - 1) // size, 1)
        headers = _link_header(call, page, last)
        if listing.wrap is None:
            return Answer(body=shown, headers=headers)
        body = {"total_count": len(listing.items), **listing.extra, listing.wrap: shown}
        return Answer(body=body, headers=headers)

    def _finish(self, request: web.Request, answer: Answer, caller: Caller) -> web.StreamResponse:
        data = answer.raw if answer.raw is not None else _dumps(answer.body)
        headers = self._headers(caller)
        headers.update(answer.headers)
        if answer.status == 204:
            return web.Response(status=204, headers=headers)
        headers["Content-Type"] = answer.content_type
        if request.method == "GET":
            tag = f'W/"{hashlib.sha256(data).hexdigest()}"'
            headers["ETag"] = tag
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if tag in request.headers.get("If-None-Match", ""):
                self._forgive(caller)
                headers.update(self.limits.headers(_owner(caller), self.world.now()))
                del headers["Content-Type"]
                return web.Response(status=304, headers=headers)
        return web.Response(status=answer.status, body=data, headers=headers)

    def _forgive(self, caller: Caller) -> None:
        # an authorised conditional request answered 304 does not count
        window = self.limits.window(_owner(caller), self.world.now())
        window.used = max(window.used - 1, 0)

    def _error(self, error: ApiError, caller: Caller | None) -> web.Response:
        headers = self._headers(caller)
        headers.update(error.headers)
        headers["Content-Type"] = "application/json; charset=utf-8"
        body = error.body()
        if "Location" in error.headers:
            body["url"] = error.headers["Location"]
        return web.Response(status=error.status, body=_dumps(body), headers=headers)

    def _faulty(self, fault: Fault) -> web.Response:
        headers = self._headers(None)
        body = fault.body if fault.body is not None else {"message": "Injected fault", "status": str(fault.status)}
        is_text = isinstance(body, str)
        headers["Content-Type"] = "text/html; charset=utf-8" if is_text else "application/json; charset=utf-8"
        headers.update(fault.headers)
        data = body.encode() if isinstance(body, str) else _dumps(body)
        return web.Response(status=fault.status, body=data, headers=headers)

    def _headers(self, caller: Caller | None) -> CIMultiDict[str]:
        now = self.world.now()
        limits = self.limits.headers(_owner(caller), now) if caller is not None else {}
        return CIMultiDict(
            {
                "Date": format_datetime(now, usegmt=True),
                "Server": "github.com",
                "x-github-media-type": "github.v3; format=json",
                "x-github-request-id": uuid.uuid4().hex[:20].upper(),
                "x-github-api-version-selected": "2022-11-28",
                **limits,
            }
        )


def links_of(request: web.Request, prefix: str) -> Links:
    base = f"{request.scheme}://{request.host}"
    return Links(f"{base}{prefix}", base)


def _check_headers(request: web.Request) -> None:
    if not request.headers.get("User-Agent"):
        message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
        raise ApiError(403, message)
    version = request.headers.get("X-GitHub-Api-Version")
    if version is not None and version not in API_VERSIONS:
        raise ApiError(400, f"The requested API version {version} is not supported", unknown=True)


def _media(request: web.Request, special: frozenset[str]) -> str:
    """Return the first accepted media type that this route can answer with; ApiError 415 when none."""
    accepted = request.headers.get("Accept", "*/*").split(",")
    for part in accepted:
        media = part.partition(";")[0].strip().lower()
        if media in special or media in JSON_MEDIA:
            return media
    raise ApiError(415, f"Unsupported 'Accept' header: {accepted}. Must accept 'application/json'.", unknown=True)


def _owner(caller: Caller | None) -> str:
    if isinstance(caller, InstallationCaller):
        return f"installation ID {caller.installation_id}"
    return f"app ID {caller.app_id}" if caller is not None else "nobody"


def _link_header(call: Call, page: int, last: int) -> dict[str, str]:
    wanted: list[tuple[str, int]] = []
    if page > 1:
        wanted += [("prev", min(page - 1, last)), ("first", 1)]
    if page < last:
        wanted += [("next", page + 1), ("last", last)]
    if not wanted:
        return {}
    path = call.route.path
    for name, value in call.params.items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}*}}", value)

    def url(number: int) -> str:
        return f"{call.links.api}{path}?{urlencode({**call.query, 'page': number})}"

    return {"Link": ", ".join(f'<{url(number)}>; rel="{rel}"' for rel, number in wanted)}


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default


def _readable(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def _dumps(body: object) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(body).encode()


def _is_reset(fault: Fault | None) -> bool:
    return fault is not None and fault.kind in (FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER)


def _broken(request: web.Request) -> web.Response:
    """Break the connection: the client sees it closed without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
