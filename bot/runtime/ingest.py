"""Takes deliveries in: concurrent ones share one commit, and nobody is answered before it."""

import asyncio
import time
from typing import Final

import psycopg
import structlog

from bot.store.deliveries import Deliveries, Incoming

log = structlog.get_logger()

_Group = list[tuple[Incoming, asyncio.Future[bool]]]

_GROUP: Final = 256
_PATIENCE: Final = 7.0
"""Seconds for which a database that is being restarted is waited for; GitHub waits ten."""
_PAUSE: Final = 0.2


class Ingest:
    """A group is written while the next one gathers, so that a commit is shared by all that came meanwhile.

    One writer only: with more the groups get smaller, and each costs as much as before.
    """

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._waiting: _Group = []
        self._writer: asyncio.Task[None] | None = None

    async def accept(self, incoming: Incoming) -> bool:
        """Durable when this returns; True if the GUID was new. Raises what the database raised at last."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((incoming, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
            await self._settle(group)

    async def _settle(self, group: _Group) -> None:
        """Answer every waiting request. A delivery that the database refuses does not take its neighbours with it."""
        try:
            new = await self._store(_distinct(group))
        except psycopg.DataError as error:
            if len(group) == 1:
                _fail(group, error)
                return
            for one in group:
                await self._settle([one])
        except Exception as error:  # noqa: BLE001 - handed to every waiting request
            _fail(group, error)
        else:
            for incoming, future in group:
                if not future.done():
                    future.set_result(incoming.guid in new)
                    new.discard(incoming.guid)

    async def _store(self, group: list[Incoming]) -> set[str]:
        """Storing is repeatable, so that a database that comes back within the time GitHub waits loses nothing."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return await self._deliveries.store(group)
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise
                log.warning("database_is_away", reason=type(error).__name__)
            await asyncio.sleep(_PAUSE)
            await self._deliveries.recheck()


def _fail(group: _Group, error: Exception) -> None:
    for _incoming, future in group:
        if not future.done():
            future.set_exception(error)


def _distinct(group: _Group) -> list[Incoming]:
    """One of each GUID: a statement may not insert the same key twice."""
    return list({incoming.guid: incoming for incoming, _future in reversed(group)}.values())[::-1]
