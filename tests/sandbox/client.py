"""A plain client of the stand-in, as an App would be one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt

from bot.sandbox import Sandbox

REPO = "sample-org/tidepool"
R = f"/repos/{REPO}"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Any
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def message(self) -> str:
        return str(self.json["message"])


class Client:
    """`token` is what is sent; `narrow()` gets a new one."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session
        self.token = ""

    def app_token(self, **claims: Any) -> str:
        now = int(self.sandbox.now().timestamp())
        payload = {"iat": now - 60, "exp": now + 500, "iss": str(self.sandbox.app_id), **claims}
        return jwt.encode(
            {name: value for name, value in payload.items() if value is not None},
            self.sandbox.private_key,
            algorithm="RS256",
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any = None,
        headers: dict[str, str] | None = None,
        follow: bool = False,
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.token if token is None else token}", **(headers or {})}
        if not sent["Authorization"].removeprefix("Bearer "):
            del sent["Authorization"]
        url = path if path.startswith("http") else self.sandbox.url + path
        async with self.session.request(method, url, json=json, headers=sent, allow_redirects=follow) as response:
            return Reply(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Reply:
        return await self.request("POST", path, json=json, **options)

    async def issue_token(self, body: Any = None) -> Reply:
        installation = next(iter(self.sandbox.state.installations))
        path = f"/app/installations/{installation}/access_tokens"
        return await self.post(path, body, token=self.app_token())

    async def narrow(self, body: Any = None) -> None:
        """Use a new token, narrowed by `body`, from now on."""
        made = await self.issue_token(body)
        assert made.status == 201, made.raw
        self.token = made.json["token"]
