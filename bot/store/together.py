"""Look-ups that come at about the same time share one statement."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """While one look-up runs the next one gathers; what it found never answers a question that came after it began.

    After a look-up that several shared the next one waits `pause` seconds for company: alone nobody waits.
    """

    def __init__(self, look: Callable[[list[K]], Awaitable[Mapping[K, V]]], *, pause: float = 0.0) -> None:
        self._look = look
        self._pause = pause
        self._busy = False
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, key: K) -> V | None:
        """What is found for the key, or None. Raises what the look-up raised."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._run())
        # Several may wait for the same answer, and one of them may be cancelled.
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            if self._busy:
                await asyncio.sleep(self._pause)
            group, self._waiting = self._waiting, {}
            self._busy = len(group) > 1
            try:
                found = await self._look(list(group))
            except asyncio.CancelledError:
                for future in group.values():
                    future.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - handed to everyone who asked
                for future in group.values():
                    future.set_exception(error)
            else:
                for key, future in group.items():
                    future.set_result(found.get(key))
