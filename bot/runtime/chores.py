"""What runs by the clock: missed deliveries on start and hourly, retention daily, histories when nothing else is due.

One process at a time does it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import psycopg
import structlog

from bot.domain.errors import AssistantError
from bot.runtime.backfill import Backfill
from bot.runtime.gaps import GapScan
from bot.runtime.missed import SCOPE, Missed, NotYetError
from bot.store.limits import Limits
from bot.store.records import Records

log = structlog.get_logger()

HOUR: Final = timedelta(hours=1)
_TICK: Final = 30.0
_TURN: Final = timedelta(seconds=20)
_DECISIONS_FACTOR: Final = 6


class Chores:
    def __init__(
        self,
        missed: Missed,
        scan: GapScan,
        backfill: Backfill,
        *,
        records: Records,
        limits: Limits,
        retention: timedelta,
    ) -> None:
        self._missed = missed
        self._backfill = backfill
        self._scan = scan
        self._records = records
        self._limits = limits
        self._retention = retention

    async def run(self) -> None:
        """Until cancelled. GitHub or the database being away is logged and tried again at the next turn."""
        first = True
        while True:
            # guard: missed-deliveries (32)
            await self._try("missed deliveries", timedelta() if first else HOUR, self._fetch_missed)
            await self._try("retention", 24 * HOUR, self.tidy)
            await self._try("write rates", timedelta(minutes=1), self._limits.prune_writes)
            # Last, and a few requests at a time: the others do not wait for it.
            await self._try("history", _TURN, self._backfill.turn)
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
        """Store what was missed: what GitHub lists, then what it lists no more; returns how many deliveries."""
        until = await self._limits.window(SCOPE)
        if until is not None:
            raise NotYetError(f"catching up goes on at {until}")
        fetched = await self._missed.fetch(now)
        return fetched + await self._scan.settle(now, await self._missed.covered_from(now))
