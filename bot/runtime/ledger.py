"""The executor's ledger, bound to one delivery."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.status import Thread
from bot.store.limits import Limits
from bot.store.records import EffectRow, Ended, Records, Subject
from bot.store.threads import Threads


@dataclass(slots=True)
class DeliveryLedger:
    """What is done is written down with what is begun next, which follows at once, or by `settle`."""

    records: Records
    threads: Threads
    limits: Limits
    subject: Subject
    installation: int
    _ended: Ended | None = None

    async def begin(self, key: str, detail: dict[str, Any] | None = None, *, follows: bool = False) -> EffectRow:
        writer = self.installation if follows else None
        row = await self.records.begin(key, self.subject, detail, ended=self._ended, writer=writer)
        self._ended = None
        return row

    async def announce(self, key: str, detail: dict[str, Any]) -> None:
        await self.records.announce(key, detail)

    async def heard(self, since: datetime) -> Sequence[Mapping[str, Any]]:
        return [json.loads(one) for one in await self.records.heard(self.subject.repository, since)]

    async def done(self, key: str, *, target: int | None = None, detail: dict[str, Any] | None = None) -> None:
        await self.settle()
        self._ended = Ended(key, target, detail)

    async def settle(self) -> None:
        if self._ended is not None:
            await self.records.done(self._ended)
            self._ended = None

    async def refused(self, key: str) -> None:
        await self.records.refused(key)

    async def save_thread(self, thread: Thread, *, made: str | None = None) -> None:
        await self.threads.save(self.subject.repository, self.subject.number, thread, made=made)

    async def now(self) -> datetime:
        return await self.limits.now()
