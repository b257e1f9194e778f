"""What runs by the clock: missed deliveries on start and hourly, retention daily. One process at a time does it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
import structlog

from bot.domain.errors import AssistantError, Deferred
from bot.domain.events import route
from bot.github.auth import GitHubApp
from bot.github.errors import Absent
from bot.store.deliveries import Deliveries, Incoming, compress
from bot.store.limits import Limits
from bot.store.records import Records

log = structlog.get_logger()

HOUR: Final = timedelta(hours=1)
_KEPT_BY_GITHUB: Final = timedelta(days=3)
_OVERLAP: Final = timedelta(minutes=15)
_TICK: Final = 30.0
_DECISIONS_FACTOR: Final = 6
_GROUP: Final = 50
_PAGES: Final = 1000


class Chores:
    def __init__(
        self, app: GitHubApp, *, deliveries: Deliveries, records: Records, limits: Limits, handled: frozenset[str],
        retention: timedelta,
    ) -> None:  # fmt: skip
        self._app = app
        self._deliveries = deliveries
        self._records = records
        self._limits = limits
        self._handled = handled
        self._retention = retention

    async def run(self) -> None:
        """Until cancelled. GitHub or the database being away is logged and tried again at the next turn."""
        first = True
        while True:
            await self._try("missed deliveries", timedelta() if first else HOUR, self._fetch_missed)
            await self._try("retention", 24 * HOUR, self.tidy)
            await self._try("write rates", timedelta(minutes=1), self._limits.prune_writes)
            first = False
            await asyncio.sleep(_TICK)

    async def _try(self, name: str, every: timedelta, chore: Callable[[], Awaitable[None]]) -> None:
        """Do a chore if it is its time. No fault may end the service; the next tick tries again."""
        try:
            if not await self._limits.my_turn(name, every):
                return
            try:
                await chore()
            except BaseException:
                await self._limits.give_turn_back(name)
                raise
        except (AssistantError, psycopg.Error) as error:
            log.warning("chore_failed", chore=name, reason=f"{type(error).__name__}: {error}"[:300])
        except Exception:
            log.exception("chore_failed", chore=name)

    async def _fetch_missed(self) -> None:
        await self.fetch_missed(await self._limits.now())

    async def tidy(self) -> None:
        """Delete what is older than its retention."""
        gone = await self._records.expire(bodies=self._retention, decisions=self._retention * _DECISIONS_FACTOR)
        log.info("retention_kept", deliveries_deleted=gone)

    async def fetch_missed(self, now: datetime) -> int:
        """Store what GitHub could not deliver since the last look; returns how many deliveries that were.

        GitHub keeps deliveries for about three days and repeats none by itself:
        https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
        """
        last = await self._deliveries.load_progress("missed deliveries")
        since = datetime.fromisoformat(last["until"]) - _OVERLAP if last else now - _KEPT_BY_GITHUB
        failed, arrived = await self._listed(max(since, now - _KEPT_BY_GITHUB))
        known = await self._deliveries.known(sorted(failed.keys() - arrived))
        missed = [number for guid, number in failed.items() if guid not in arrived and guid not in known]
        stored = 0
        for start in range(0, len(missed), _GROUP):
            found = [await self._fetched(number) for number in reversed(missed[start : start + _GROUP])]
            group = [one for one in found if one is not None]
            stored += len(await self._deliveries.store(group)) if group else 0
        await self._deliveries.save_progress("missed deliveries", {"until": now.isoformat()})
        if stored:
            log.info("missed_deliveries_stored", count=stored)
        return stored

    async def _listed(self, since: datetime) -> tuple[dict[str, int], set[str]]:
        """Failed deliveries (GUID to the number of an attempt, newest first) and the GUIDs that arrived."""
        failed: dict[str, int] = {}
        arrived = set()
        async for one in self._app.api.pages("/app/hook/deliveries", most=_PAGES):
            if datetime.fromisoformat(one["delivered_at"]) < since:
                break
            if 200 <= one["status_code"] < 300:
                arrived.add(str(one["guid"]))
            elif f"{one['event']}.{one['action']}" in self._handled or one["event"] == "installation":
                failed.setdefault(str(one["guid"]), int(one["id"]))
        return failed, arrived

    async def _fetched(self, number: int) -> Incoming | None:
        try:
            data = await self._app.api.get(f"/app/hook/deliveries/{number}")
        except Absent:
            return None
        except Deferred as error:
            raise AssistantError(f"waiting until {error.until}") from error
        payload: dict[str, Any] = data["request"]["payload"]
        where = route(data["event"], payload, self._handled)
        if where.key is None:
            return None
        return Incoming(
            guid=str(data["guid"]), event=str(data["event"]), action=where.action, installation=where.installation,
            repository=where.repository, number=where.number, item_key=where.key,
            body=compress(json.dumps(payload).encode()), reason="fetched: it was missed",
        )  # fmt: skip
