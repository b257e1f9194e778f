"""A stand-in GitHub that remembers its answers too."""

import json
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bot.sandbox import Credentials, Sandbox, State

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `path` is raw; `body` is the answer's JSON, None when it is empty."""

    method: str
    path: str
    status: int
    body: Any
    is_json: bool

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class RecordingSandbox(Sandbox):
    """See `exchanges`; what armed faults did to a connection is not in it."""

    def __init__(self, state: State | None = None, *, credentials: Credentials | None = None) -> None:
        super().__init__(state, credentials=credentials)
        self.exchanges: list[Exchange] = []

    async def handle_rest(self, request: web.Request) -> web.StreamResponse:
        response = await super().handle_rest(request)
        if isinstance(response, web.Response) and response.status < 500:
            self.exchanges.append(_exchange(request, response))
        return response


def _exchange(request: web.Request, response: web.Response) -> Exchange:
    path = request.raw_path.partition("?")[0]
    is_json = response.content_type == JSON
    raw = response.body if isinstance(response.body, bytes) else b""
    body = json.loads(raw) if raw and is_json else None
    return Exchange(request.method, path, response.status, body, is_json or not raw)
