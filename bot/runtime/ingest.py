"""Takes deliveries in: concurrent ones share one commit, and nobody is answered before it."""

import asyncio
from typing import Final

import structlog

from bot.store.deliveries import Deliveries, Incoming

log = structlog.get_logger()

_GROUP: Final = 256


class Ingest:
    """A group is written while the next one gathers, so that a commit is shared by all that came during the last."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._waiting: list[tuple[Incoming, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def accept(self, incoming: Incoming) -> bool:
        """Durable when this returns; True if the GUID was new. Raises what the database raised."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((incoming, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
            try:
                new = await self._deliveries.store(_distinct(group))
            except Exception as error:  # noqa: BLE001 - handed to every waiting request
                for _incoming, future in group:
                    if not future.done():
                        future.set_exception(error)
                continue
            for incoming, future in group:
                if not future.done():
                    future.set_result(incoming.guid in new)
                    new.discard(incoming.guid)


def _distinct(group: list[tuple[Incoming, asyncio.Future[bool]]]) -> list[Incoming]:
    """One of each GUID: a statement may not insert the same key twice."""
    return list({incoming.guid: incoming for incoming, _future in reversed(group)}.values())[::-1]
