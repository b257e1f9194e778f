"""The executor's ledger, bound to one delivery."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.status import Thread
from bot.store.limits import Limits
from bot.store.records import EffectRow, Records, Subject
from bot.store.threads import Threads


@dataclass(frozen=True, slots=True)
class DeliveryLedger:
    records: Records
    threads: Threads
    limits: Limits
    subject: Subject

    async def begin(self, key: str, detail: dict[str, Any] | None = None) -> EffectRow:
        return await self.records.begin(key, self.subject, detail)

    async def announce(self, key: str, detail: dict[str, Any]) -> None:
        await self.records.announce(key, detail)

    async def heard(self, since: datetime) -> Sequence[Mapping[str, Any]]:
        return [json.loads(one) for one in await self.records.heard(self.subject.repository, since)]

    async def done(self, key: str, *, target: int | None = None, detail: dict[str, Any] | None = None) -> None:
        await self.records.done(key, target=target, detail=detail)

    async def refused(self, key: str) -> None:
        await self.records.refused(key)

    async def save_thread(self, thread: Thread, *, made: str | None = None) -> None:
        await self.threads.save(self.subject.repository, self.subject.number, thread, made=made)

    async def now(self) -> datetime:
        return await self.limits.now()
