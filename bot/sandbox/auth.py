"""Who calls: the App by its JSON web token, or an installation by an access token."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import jwt

from bot.sandbox.answers import ApiError
from bot.sandbox.model import Installation
from bot.sandbox.state import State

TOKEN_LIFETIME = timedelta(hours=1)
MAX_JWT_SECONDS = 600
CLOCK_DRIFT_SECONDS = 60
LEVELS = {"read": 1, "write": 2, "admin": 3}
_UNCHECKED = dict.fromkeys(
    ("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_iss", "verify_sub", "verify_jti"), False
)


@dataclass(frozen=True, slots=True)
class AppCaller:
    """The App itself."""

    app_id: int
    token_id: str = "jwt"  # noqa: S105 - the name in the request log, no secret


@dataclass(frozen=True, slots=True)
class InstallationCaller:
    """An installation token, with what it was narrowed to."""

    token_id: str
    installation_id: int
    permissions: Mapping[str, str]
    repository_ids: frozenset[int] | None
    expires_at: datetime

    def may(self, permission: str, level: str) -> bool:
        return LEVELS.get(self.permissions.get(permission, ""), 0) >= LEVELS[level]


Caller = AppCaller | InstallationCaller


@dataclass(slots=True)
class Authenticator:
    """Checks credentials against the state; keeps tokens by their SHA-256 only. `public_keys`: PEM by App id."""

    state: State
    public_keys: dict[int, bytes]
    now: Callable[[], datetime]
    tokens: dict[str, InstallationCaller] = field(default_factory=dict)
    issued: int = 0

    def caller(self, header: str | None) -> Caller:
        """Return who sends this `Authorization` header; ApiError 401 or 404 as GitHub words it."""
        if not header:
            raise ApiError(401, "Requires authentication")
        scheme, _, credential = header.partition(" ")
        if scheme.lower() not in ("bearer", "token") or not credential:
            raise ApiError(401, "Bad credentials")
        if credential.startswith("eyJ"):
            return self._app(credential)
        return self._installation(credential)

    def issue(
        self,
        installation: Installation,
        permissions: Mapping[str, str],
        repository_ids: frozenset[int] | None,
    ) -> tuple[str, InstallationCaller]:
        """Make an installation token in the long form of 2026: `ghs_` and about 520 characters."""
        self.issued += 1
        body = base64.urlsafe_b64encode(secrets.token_bytes(384)).decode()
        secret = f"ghs_{body[:40]}.{body[40:400]}.{body[400:512]}__"
        made = InstallationCaller(
            f"token-{self.issued}",
            installation.id,
            dict(permissions),
            repository_ids,
            self.now() + TOKEN_LIFETIME,
        )
        self.tokens[_digest(secret)] = made
        return secret, made

    def revoke_all(self) -> None:
        """Forget every token: each answers 401 from now on."""
        self.tokens.clear()

    def _installation(self, credential: str) -> InstallationCaller:
        found = self.tokens.get(_digest(credential))
        if found is None or found.expires_at <= self.now():
            raise ApiError(401, "Bad credentials")
        installation = self.state.installations.get(found.installation_id)
        if installation is None:
            raise ApiError(401, "Bad credentials")
        if installation.suspended_at is not None:
            raise ApiError(403, "This installation has been suspended")
        return replace(found, permissions=_still_granted(found.permissions, installation.permissions))

    def _app(self, credential: str) -> AppCaller:
        for app_id, key in self.public_keys.items():
            try:
                claims = jwt.decode(credential, key, algorithms=["RS256"], options=_UNCHECKED)  # type: ignore[arg-type]
            except jwt.PyJWTError:
                continue
            _check_times(claims, self.now().timestamp())
            if str(claims.get("iss")) not in (str(app_id), f"Iv1.{app_id:016x}"):
                raise ApiError(404, "Integration not found")
            return AppCaller(app_id)
        raise ApiError(401, "A JSON web token could not be decoded")


def _still_granted(held: Mapping[str, str], granted: Mapping[str, str]) -> dict[str, str]:
    """What a token may do once its installation has lost permissions: the lower of both levels."""
    present = {name: level for name, level in held.items() if name in granted}
    return {name: min(level, granted[name], key=lambda one: LEVELS.get(one, 0)) for name, level in present.items()}


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    """https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > now + CLOCK_DRIFT_SECONDS:
        message = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        raise ApiError(401, message)
    if not isinstance(expires, int | float) or expires <= now:
        message = (
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
            "the assertion expires"
        )
        raise ApiError(401, message)
    if expires > now + MAX_JWT_SECONDS:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
