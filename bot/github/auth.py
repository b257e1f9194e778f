"""The App's identity, its JWT, and installation tokens narrowed to one repository."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import aiohttp
import jwt
from cachetools import LRUCache, TTLCache
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.domain.errors import Terminal
from bot.domain.facts import AppIdentity
from bot.domain.ports import Windows
from bot.github.client import GitHub
from bot.github.errors import Absent, Forbidden, Refused

_RENEW_BEFORE: Final = 5 * 60  # guard: early-renewal (31): as 0
_JWT_LIFETIME: Final = 9 * 60
_JWT_KEPT: Final = 4 * 60  # guard: kept-jwts (31): as 86400
_LONG_LIST: Final = 100
_LONG_TEXT: Final = 60_000
_OWNER_FILES: Final = 0
"""Stands for the owner's `.github` repository, whose id is not known."""
_LISTING: Final = -1
"""Stands for the list of an installation's repositories."""
_LEVELS: Final = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall` gives seconds since 1970 (for tokens that GitHub dates), `steady` never goes back (for ages)."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-credentials (16): without repr
class Credentials:
    """The App's id and private key (PEM). Reading a key takes as long as a hundred signatures: it is read once."""

    app_id: int
    private_key: str
    _key: RSAPrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", load_pem_private_key(self.private_key.encode(), password=None))

    def jwt(self, now: float) -> str:
        """RS256, back-dated 60 s against clock drift, good for 9 minutes (GitHub's limit is 10).

        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        """
        claims = {"iat": int(now) - 60, "exp": int(now) - 60 + _JWT_LIFETIME, "iss": str(self.app_id)}
        return jwt.encode(claims, self._key, algorithm="RS256")


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation granted; `suspended` ones may do nothing."""

    id: int
    permissions: Mapping[str, str]
    suspended: bool

    def grants(self, wanted: Mapping[str, str]) -> bool:
        """Whether every wanted permission was granted at that level or above."""
        return all(_level(self.permissions.get(name)) >= _level(level) for name, level in wanted.items())


class GitHubApp:
    """Gives clients for installations. `declared` are the permissions that a token asks for at most."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credentials: Credentials,
        *,
        api_url: str,
        windows: Windows,
        declared: Mapping[str, str],
        clock: Clock | None = None,
    ) -> None:
        self._session = session
        self._credentials = credentials
        self._api_url = api_url
        self._windows = windows
        self._declared = declared
        self._clock = clock or Clock()
        self._tokens: TTLCache[tuple[int, int], tuple[str, float]] = TTLCache(10_000, 3600)
        self._installations: TTLCache[int, Installation] = TTLCache(10_000, 300)
        self._without_owner_files: TTLCache[int, bool] = TTLCache(10_000, 600)
        self._etags: LRUCache[int, LRUCache[str, Any]] = LRUCache(200)
        self._locks: LRUCache[tuple[int, int], asyncio.Lock] = LRUCache(10_000)
        self._identity: AppIdentity | None = None
        self._jwts: TTLCache[str, str] = TTLCache(1, _JWT_KEPT, timer=self._clock.steady)

    @property
    def api(self) -> GitHub:
        """The client of the App itself (JWT)."""
        return GitHub(self._session, self._api_url, token=self._app_token, scope="app", windows=self._windows)

    async def identity(self) -> AppIdentity:
        """The App's id and slug, asked once; a server that does not tell leaves the slug empty."""
        if self._identity is None:
            try:
                slug = str((await self.api.get("/app")).get("slug") or "")
            except (Absent, Forbidden, Refused):
                slug = ""
            self._identity = AppIdentity(self._credentials.app_id, slug)
        return self._identity

    async def installation(self, installation: int) -> Installation:
        """What the installation granted, remembered for five minutes."""
        found = self._installations.get(installation)
        if found is None:
            try:
                data = await self.api.get(f"/app/installations/{installation}")
            except (Absent, Refused):
                # If it is gone, its token is refused next; if the server does not tell, all may be granted.
                data = {}
            permissions = data.get("permissions")
            found = Installation(
                installation,
                dict(permissions) if isinstance(permissions, Mapping) else dict(self._declared),
                data.get("suspended_at") is not None,
            )
            self._installations[installation] = found
        return found

    def forget(self, installation: int) -> None:
        """Ask anew next time: permissions or repositories have changed, or the App was removed."""
        self._installations.pop(installation, None)
        self._etags.pop(installation, None)
        for key in [key for key in self._tokens if key[0] == installation]:
            self._tokens.pop(key, None)

    def client(self, installation: int, repository: int) -> GitHub:
        """A client whose token is good for that repository only."""

        async def token(renew: bool) -> str:
            return await self._token(installation, repository, renew=renew)

        return GitHub(
            self._session,
            self._api_url,
            token=token,
            scope=f"installation:{installation}",
            windows=self._windows,
            installation=installation,
            cache=self._etag_cache(installation),
        )

    async def owner_client(self, installation: int, repository: int) -> GitHub:
        """A client for the owner's `.github` repository: with a token of its own where the App may have one.

        Elsewhere the repository's own client has to do, which reads a public `.github` like everybody can.
        """
        if installation in self._without_owner_files:
            return self.client(installation, repository)
        try:
            await self._token(installation, _OWNER_FILES, renew=False)
        except (Refused, Absent, Forbidden):
            self._without_owner_files[installation] = True
            return self.client(installation, repository)
        return self.client(installation, _OWNER_FILES)

    def listing_client(self, installation: int) -> GitHub:
        """A client that may list the installation's repositories, and can read nothing inside any of them."""
        return self.client(installation, _LISTING)

    async def _app_token(self, renew: bool) -> str:
        """Kept for less than half its life."""
        made = None if renew else self._jwts.get("app")
        if made is None:
            made = self._jwts["app"] = self._credentials.jwt(self._clock.wall())
        return f"Bearer {made}"

    async def _token(self, installation: int, repository: int, *, renew: bool) -> str:
        key = (installation, repository)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if renew:  # guard: refused-tokens-are-thrown-away (31)
                self._tokens.pop(key, None)
            token, good_until = self._tokens.get(key, ("", 0.0))
            if self._clock.steady() >= good_until:
                token, good_until = await self._new_token(installation, repository)
                self._tokens[key] = (token, good_until)
        return f"Bearer {token}"

    async def _new_token(self, installation: int, repository: int) -> tuple[str, float]:
        """A token and the monotonic time at which to renew it: five minutes before its hour ends."""
        granted = await self.installation(installation)
        if granted.suspended:  # guard: suspended-installations (34)
            raise Terminal("the installation is suspended")
        narrowed: dict[str, Any]
        if repository == _OWNER_FILES:
            # guard: tokens-of-owner-files (17, 19): each
            narrowed = {"repositories": [".github"], "permissions": {"contents": "read"}}
        elif repository == _LISTING:
            narrowed = {"permissions": {"metadata": "read"}}  # guard: tokens-that-list (17, 19): without 'permissions'
        else:
            permissions = intersection(self._declared, granted.permissions)
            # guard: tokens-of-one-repository (17, 19): without 'repository_ids'
            # guard: declared-permissions (3, 19): without 'permissions'
            narrowed = {"repository_ids": [repository], "permissions": permissions}
        data = await self.api.send("POST", f"/app/installations/{installation}/access_tokens", narrowed)
        asked = self._clock.steady()
        lifetime = (_time(data["expires_at"]) - self._clock.wall()) if data.get("expires_at") else 3600.0
        # The lifetime is at most an hour whatever our clock says, and never so short that we would ask in a loop.
        # guard: an-hour-at-most (31): without min
        return str(data["token"]), asked + min(max(lifetime, 360.0), 3600.0) - _RENEW_BEFORE

    def _etag_cache(self, installation: int) -> LRUCache[str, Any]:
        return self._etags.setdefault(installation, _Answers(300))


class _Answers(LRUCache[str, Any]):
    """Answers for conditional requests; large ones, and trees, which nobody asks for twice, are not kept."""

    def __setitem__(self, url: str, answer: Any, *arguments: Any, **keywords: Any) -> None:
        data = answer[2]
        size = (
            len(data) if isinstance(data, list) else len(str(data.get("content", ""))) if isinstance(data, dict) else 0
        )
        if "/git/trees/" not in url and size <= (_LONG_LIST if isinstance(data, list) else _LONG_TEXT):
            super().__setitem__(url, answer, *arguments, **keywords)


def intersection(declared: Mapping[str, str], granted: Mapping[str, str]) -> dict[str, str]:
    """The permissions that are both declared and granted, at the lower of the two levels."""
    # guard: lower-levels (19): without min
    return {name: min(level, granted[name], key=_level) for name, level in declared.items() if granted.get(name)}


def _level(name: str | None) -> int:
    return _LEVELS.get(name or "", 0)


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
