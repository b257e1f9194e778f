"""`/_sandbox/…`: the same powers as the Python methods, for other processes and for the page."""

from __future__ import annotations

import base64
import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.faults import fault_from_json
from bot.sandbox.gitstore import Content, Submodule, Symlink
from bot.sandbox.hooks import Delivery
from bot.sandbox.model import Issue, Json, Repository
from bot.sandbox.ops.reviews import NotInDiffError
from bot.sandbox.pages.page import Page
from bot.sandbox.people import People
from bot.sandbox.shapes.links import stamp

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

ACTIONS = frozenset(name for name, _ in inspect.getmembers(People, inspect.isfunction) if not name.startswith("_"))


class Control:
    """The JSON interface and the page; needs no credentials, so serve it on loopback only."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def add_routes(self, app: web.Application) -> None:
        router = app.router
        router.add_post("/_sandbox/act/{name}", self.act)
        router.add_get("/_sandbox/thread/{owner}/{repo}/{number}", self.thread)
        router.add_get("/_sandbox/requests", self.requests)
        router.add_get("/_sandbox/unknown", self.unknown)
        router.add_get("/_sandbox/deliveries", self.deliveries)
        router.add_post("/_sandbox/deliveries/{id}/redeliver", self.redeliver)
        router.add_get("/_sandbox/faults", self.list_faults)
        router.add_post("/_sandbox/faults", self.add_fault)
        router.add_delete("/_sandbox/faults", self.clear_faults)
        router.add_post("/_sandbox/settings", self.settings)
        Page(self._sandbox).add_routes(app)

    async def act(self, request: web.Request) -> web.Response:
        """Call a method of `People` with the JSON body as its arguments."""
        name = request.match_info["name"]
        if name not in ACTIONS:
            return _refused(404, f"unknown action {name}; known: {', '.join(sorted(ACTIONS))}")
        body = await _json_body(request)
        if body is None:
            return _refused(400, "a JSON object with content type application/json is needed")
        try:
            if "files" in body:
                body["files"] = {path: _content(value) for path, value in body["files"].items()}
            method: Callable[..., Any] = getattr(self._sandbox, name)
            inspect.signature(method).bind(**body)
            made = method(**body)
        except KeyError as error:
            return _refused(404, f"not there: {error}")
        except (TypeError, ValueError, AttributeError, NotInDiffError) as error:
            return _refused(422, str(error))
        return web.json_response(self._result(made))

    async def thread(self, request: web.Request) -> web.Response:
        info = request.match_info
        try:
            shown = self._sandbox.thread(f"{info['owner']}/{info['repo']}", int(info["number"]))
        except (KeyError, ValueError):
            return _refused(404, "no such thread")
        return web.json_response(plain(shown))

    async def requests(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([plain(entry) for entry in self._sandbox.requests])

    async def unknown(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([plain(entry) for entry in self._sandbox.unknown_requests])

    async def deliveries(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([_delivery(item) for item in self._sandbox.deliveries])

    async def redeliver(self, request: web.Request) -> web.Response:
        try:
            made = self._sandbox.redeliver(int(request.match_info["id"]))
        except (KeyError, ValueError):
            return _refused(404, "no such delivery")
        return web.json_response(_delivery(made), status=202)

    async def list_faults(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([plain(armed) for armed in self._sandbox.faults.armed])

    async def add_fault(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        try:
            armed = self._sandbox.faults.add(fault_from_json(body or {}))
        except (KeyError, TypeError, ValueError, re.error) as error:
            return _refused(422, f"not a fault: {error}")
        return web.json_response(plain(armed), status=201)

    async def clear_faults(self, request: web.Request) -> web.Response:
        del request
        self._sandbox.faults.clear()
        return web.Response(status=204)

    async def settings(self, request: web.Request) -> web.Response:
        """Set `webhook_url`, `webhook_secret`, `api_prefix` or `clock_offset_seconds`."""
        body = await _json_body(request) or {}
        sandbox = self._sandbox
        sandbox.webhook_url = body.get("webhook_url", sandbox.webhook_url)
        sandbox.webhook_secret = body.get("webhook_secret", sandbox.webhook_secret)
        sandbox.api_prefix = body.get("api_prefix", sandbox.api_prefix)
        if "clock_offset_seconds" in body:
            sandbox.clock_offset = timedelta(seconds=float(body["clock_offset_seconds"]))
        return web.json_response({"webhook_url": sandbox.webhook_url, "api_prefix": sandbox.api_prefix})

    def _result(self, made: object) -> Json:
        if isinstance(made, str):
            return {"sha": made}
        if isinstance(made, Repository):
            return {"id": made.id, "full_name": made.full_name}
        found: Json = {}
        if isinstance(made, Issue):
            found["head_sha"] = made.pull.head_sha if made.pull else None
        for name in ("id", "number", "login", "review_id"):
            if hasattr(made, name):
                found[name] = getattr(made, name)
        return found


def plain(value: Any) -> Any:
    """Turn a value object into JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _delivery(item: Delivery) -> Json:
    shown = {key: value for key, value in _without_bytes(item).items() if key != "headers"}
    return {**shown, "payload": item.payload}


def _without_bytes(item: Delivery) -> Json:
    fields = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    return {name: plain(value) for name, value in fields.items() if not isinstance(value, bytes)}


def _content(value: Any) -> Content | None:
    """Text, null, or one of `{"base64": …}`, `{"symlink": target}`, `{"submodule": sha}`."""
    if value is None or isinstance(value, str):
        return value
    if "symlink" in value:
        return Symlink(value["symlink"])
    if "submodule" in value:
        return Submodule(value["submodule"])
    return base64.b64decode(value["base64"])


async def _json_body(request: web.Request) -> Json | None:
    # a page of another site cannot send this content type without asking first
    if request.content_type != "application/json":
        return None
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
