"""Asks GitHub about the App itself: who it is, what time it is, what it may do and where its webhook goes."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from bot.bootstrap import declared_permissions
from bot.capabilities import REGISTRY
from bot.doctor import grants
from bot.doctor.checks import Check, failure, ok, skipped, warning
from bot.domain.errors import AssistantError
from bot.github.auth import Credentials, GitHubApp
from bot.github.client import GitHub, open_session
from bot.settings import Settings

_DEFAULT: Final = tuple(one.manifest for one in REGISTRY if one.manifest.default)
PERMISSIONS: Final = declared_permissions(_DEFAULT)
EVENTS: Final = frozenset(event.split(".")[0] for one in _DEFAULT for event in one.events)
_ACCESS: Final = "App access"
_APP_REMEDY: Final = "Compare the App's settings on GitHub (Permissions & events) with app.yaml."


class _NoWindows:
    """Fits `domain.ports.Windows`: without a database nothing is known of back-off windows."""

    async def back_off(self, scope: str, duration: timedelta, reason: str) -> datetime:
        del scope, reason
        return datetime.now(UTC) + duration

    async def window(self, scope: str) -> datetime | None:
        del scope
        return None

    async def take_write(self, installation: int) -> float:
        raise AssertionError(f"a look writes nothing to installation {installation}")

    async def now(self) -> datetime:
        return datetime.now(UTC)


async def look(settings: Settings) -> list[Check]:
    """All checks at GitHub; reads only."""
    if settings.app is None:
        return [skipped(_ACCESS, "the App's variables are not all set, or cannot be read")]
    async with open_session() as session:
        app = GitHubApp(
            session, Credentials(settings.app.app_id, settings.app.private_key), api_url=settings.app.api_url,
            windows=_NoWindows(), declared=PERMISSIONS,
        )  # fmt: skip
        api = app.api
        try:
            identity = await api.get("/app")
        except AssistantError as error:
            return [_refused(error, settings.app.api_url), grants.clock(_skew(api))]
        checks = [ok(_ACCESS, f"{identity.get('name')} ({settings.app.api_url})"), grants.clock(_skew(api))]
        checks.append(grants.permissions("App: permissions", _table(identity, "permissions"), PERMISSIONS, _APP_REMEDY))
        checks.append(grants.events("App: events", identity.get("events") or (), EVENTS, _APP_REMEDY))
        checks += await _installations(api)
        return checks + await _webhook(api, settings.public_url)


def _refused(error: AssistantError, api_url: str) -> Check:
    return failure(
        _ACCESS, f"{error}",
        f"Check that GITHUB_APP_ID and the private key are of the same App at {api_url}, that the clock is right and "
        "that this machine reaches that address.",
    )  # fmt: skip


def _skew(api: GitHub) -> float | None:
    """How many seconds our clock is ahead of GitHub's."""
    try:
        return time.time() - parsedate_to_datetime(api.answered_at).timestamp()
    except ValueError:
        return None


async def _installations(api: GitHub) -> list[Check]:
    checks: list[Check] = []
    try:
        async for one in api.pages("/app/installations"):
            checks += grants.installation(one, PERMISSIONS, EVENTS)
    except AssistantError as error:
        return [failure("installations", f"{error}", "Try again later; GitHub would not list them.")]
    nowhere = warning("installations", "the App is installed nowhere", "Install it for an organisation or account.")
    return checks or [nowhere]


async def _webhook(api: GitHub, public_url: str | None) -> list[Check]:
    try:
        return grants.webhook(await api.get("/app/hook/config"), public_url)
    except AssistantError as error:
        return [failure("webhook", f"{error}", "Try again later; GitHub would not show it.")]


def _table(data: Any, name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
