"""What GitHub could not deliver, fetched from its list of deliveries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from bot.domain.errors import AssistantError
from bot.domain.events import LIFECYCLE_EVENTS, route
from bot.github.auth import GitHubApp
from bot.github.client import GitHub
from bot.github.errors import Absent, Refused, Unavailable
from bot.store.deliveries import Deliveries, Incoming, compress
from bot.store.limits import Limits

log = structlog.get_logger()

SCOPE: Final = "catching up"
"""The back-off window of everything that is fetched after the fact."""
KEPT_BY_GITHUB: Final = timedelta(days=3)
_PROGRESS: Final = "missed deliveries"
_OVERLAP: Final = timedelta(minutes=15)
_GROUP: Final = 50
_PAGES: Final = 1000
_RESERVE: Final = 0.2
"""The part of the App's own hourly requests that stays for tokens, without which nothing else works."""
_LATER: Final = timedelta(minutes=5)
_HOUR: Final = timedelta(hours=1)
_IN_A_ROW: Final = 3


class NotYetError(AssistantError):
    """Catching up goes on later, from where it stopped."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A failed attempt to deliver, the oldest of its GUID."""

    guid: str
    number: int
    at: datetime


@dataclass(slots=True)
class _Listing:
    """What the list says; `reaches` is the time from which on nothing can be missing in it."""

    reaches: datetime
    arrived: set[str] = field(default_factory=set)
    failed: dict[str, Attempt] = field(default_factory=dict)

    def missed(self) -> list[Attempt]:
        """Oldest first, so that an item's deliveries are stored in their order."""
        attempts = (one for one in self.failed.values() if one.guid not in self.arrived)
        return sorted(attempts, key=lambda one: (one.at, one.number))


@dataclass(slots=True)
class _Harvest:
    """What was fetched of a group, and how it goes; `reaches` as in the listing."""

    reaches: datetime
    group: list[Incoming] = field(default_factory=list)
    failed: int = 0
    in_a_row: int = 0


class Missed:
    def __init__(self, app: GitHubApp, *, deliveries: Deliveries, limits: Limits, handled: frozenset[str]) -> None:
        self._app = app
        self._deliveries = deliveries
        self._limits = limits
        self._handled = handled

    async def fetch(self, now: datetime) -> int:
        """Store what GitHub could not deliver since the last look; returns how many deliveries that were.

        GitHub keeps deliveries for about three days and repeats none by itself:
        https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
        What was stored stays stored: after an interruption (NotYetError, or any other) the next call goes on there.
        """
        last = await self._deliveries.load_progress(_PROGRESS)
        since = max(_time(last, "until", now - KEPT_BY_GITHUB) - _OVERLAP, now - KEPT_BY_GITHUB)
        api = self._app.api
        listing = await self._listed(api, since, now)
        attempts = listing.missed()
        known = await self._deliveries.known([one.guid for one in attempts])
        # guard: stored-deliveries (31): without one.guid not in known
        attempts = [one for one in attempts if one.guid not in known]
        stored, reaches = await self._store(api, attempts, listing.reaches)
        # guard: joined-looks (32): without reaches <= _time(last, 'until', now)
        joined = bool(last) and reaches <= _time(last, "until", now)
        covered = min(_time(last, "from", reaches), reaches) if joined else reaches
        await self._deliveries.save_progress(_PROGRESS, {"until": now.isoformat(), "from": covered.isoformat()})
        if stored:
            log.info("missed_deliveries_stored", count=stored)
        return stored

    async def covered_from(self, now: datetime) -> datetime:
        """Since then, without a break, no delivery can have been missed."""
        return _time(await self._deliveries.load_progress(_PROGRESS), "from", now)

    async def _listed(self, api: GitHub, since: datetime, now: datetime) -> _Listing:
        """All attempts since then; a list that ends before was cut, and its last row is where it begins to be whole."""
        listing = _Listing(reaches=now)
        async for one in api.pages("/app/hook/deliveries", most=_PAGES):
            await self._keep_reserve(api)
            at, guid = datetime.fromisoformat(one["delivered_at"]), str(one["guid"])
            if at < since:
                listing.reaches = since
                break
            listing.reaches = at
            if 200 <= one["status_code"] < 300:  # guard: arrived-deliveries (28, 31)
                listing.arrived.add(guid)
            elif f"{one['event']}.{one['action']}" in self._handled or one["event"] in LIFECYCLE_EVENTS:
                listing.failed[guid] = Attempt(guid, int(one["id"]), at)
        return listing

    async def _store(self, api: GitHub, attempts: list[Attempt], reaches: datetime) -> tuple[int, datetime]:
        """How many were stored, and the time from which on nothing is missing; raises NotYetError for the rest."""
        harvest = _Harvest(reaches)
        stored = 0
        for start in range(0, len(attempts), _GROUP):
            try:
                for attempt in attempts[start : start + _GROUP]:
                    await self._gather(api, attempt, harvest)
            finally:
                stored += len(await self._deliveries.store(harvest.group)) if harvest.group else 0
                harvest.group.clear()
        if harvest.failed:  # guard: later-what-failed (32)
            await self._limits.back_off(SCOPE, _LATER, "deliveries could not be fetched")
            raise NotYetError(f"{harvest.failed} deliveries could not be fetched; {stored} were")
        return stored, harvest.reaches

    async def _gather(self, api: GitHub, attempt: Attempt, harvest: _Harvest) -> None:
        """One delivery; a single one that GitHub cannot give now does not keep the others back."""
        try:
            found = await self._fetched(api, attempt.number)
        except Unavailable:
            harvest.failed += 1
            harvest.in_a_row += 1
            if harvest.in_a_row == _IN_A_ROW:  # guard: fetches-in-a-row (34)
                raise
            return
        harvest.in_a_row = 0
        if found is None:
            harvest.reaches = max(harvest.reaches, attempt.at)
        else:
            harvest.group.append(found)
        await self._keep_reserve(api)

    async def _fetched(self, api: GitHub, number: int) -> Incoming | None:
        """The delivery as it was sent; None if GitHub does not have it (any more)."""
        try:
            data = await api.get(f"/app/hook/deliveries/{number}")
        except (Absent, Refused):
            return None
        request = data.get("request")
        payload = request.get("payload") if isinstance(request, Mapping) else None
        if not isinstance(payload, Mapping):
            return None
        where = route(str(data["event"]), payload, self._handled)
        # guard: proofs-that-were-missed (30): without where.proof
        body = compress(json.dumps(payload).encode()) if where.key or where.proof else b""
        # What needs no work is kept too, so that it is not fetched again.
        reason = "fetched: it was missed" if where.key else where.reason
        return Incoming.routed(where, guid=str(data["guid"]), event=str(data["event"]), body=body, reason=reason)

    async def _keep_reserve(self, api: GitHub) -> None:
        """Stop before the App's own requests are used up: live events need them for their tokens."""
        rate = api.rate_limit
        if rate is None or rate.remaining >= rate.limit * _RESERVE:  # guard: reserve-for-tokens (31): as True
            return
        pause = rate.reset_datetime - datetime.now(UTC)
        until = await self._limits.back_off(SCOPE, min(max(pause, _LATER), _HOUR), "the App's requests run low")
        raise NotYetError(f"the App's requests run low; catching up goes on at {until}")


def _time(progress: Mapping[str, Any], name: str, default: datetime) -> datetime:
    return datetime.fromisoformat(progress[name]) if name in progress else default
