"""The life sign of processes that can receive deliveries; several processes are one liveness."""

import asyncio
from typing import Final

import psycopg
import structlog

from bot.store.gaps import Gaps

log = structlog.get_logger()

_EVERY: Final = 15.0


class Liveness:
    def __init__(self, gaps: Gaps) -> None:
        self._gaps = gaps

    async def run(self) -> None:
        """Until cancelled; a database that is away gets its next chance at the next beat."""
        while True:
            await asyncio.sleep(_EVERY)
            await self.note()

    async def note(self) -> None:
        """Deliveries can be received now; a gap that ends with this is recorded."""
        try:
            gap = await self._gaps.beat()
        except psycopg.Error as error:
            log.warning("liveness_not_noted", reason=type(error).__name__)
            return
        if gap is not None:
            begins, ends = gap
            log.warning("deliveries_were_not_received", begins=begins.isoformat(), ends=ends.isoformat())
