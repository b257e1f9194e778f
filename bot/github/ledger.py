"""What the executor needs of whoever remembers its writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.domain.status import Thread


class EffectState(Protocol):
    @property
    def state(self) -> str: ...
    @property
    def fresh(self) -> bool: ...
    @property
    def target_id(self) -> int | None: ...
    @property
    def begun_at(self) -> datetime: ...
    @property
    def added(self) -> tuple[str, ...]: ...
    @property
    def wait(self) -> float | None: ...
    @property
    def slot_at(self) -> float | None: ...


class Ledger(Protocol):
    """Announces and confirms writes, bound to one delivery."""

    async def begin(self, key: str, detail: dict[str, Any] | None = None, *, follows: bool = False) -> EffectState:
        """Announce a write, the first attempt with its `detail`; what is there already is returned as it is.

        `follows`: the first attempt is sent at once, so that its write slot may be taken with this: `slot_at` is when
        (`time.monotonic()`), or `wait` says in how many seconds there will be one.
        """
        ...

    async def announce(self, key: str, detail: dict[str, Any]) -> None:
        """A write is sent now: `begun_at` is this moment from now on. Needless right after a fresh `begin`."""
        ...

    async def heard(self, since: datetime) -> Sequence[Mapping[str, Any]]:
        """Payloads of comments and reviews by bots in this repository that were delivered since, newest first."""
        ...

    async def done(self, key: str, *, target: int | None = None, detail: dict[str, Any] | None = None) -> None:
        """A write arrived. This may be written down with the next `begin`; `settle` is for the last one."""
        ...

    async def settle(self) -> None: ...
    async def refused(self, key: str) -> None: ...
    async def save_thread(self, thread: Thread, *, made: str | None = None) -> None:
        """Remember the thread; `made` is the key of the write that made its comment, which is done then."""
        ...

    async def now(self) -> datetime: ...
