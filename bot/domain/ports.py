"""What the inner parts need of the outer ones, so that siblings need not know each other."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.facts import Misspelling
from bot.domain.plan import ModelAnswer, ModelRequest


class Spelling(Protocol):
    async def check(self, texts: Mapping[str, str], lines: Mapping[str, frozenset[int]]) -> tuple[Misspelling, ...]:
        """Misspelled words on those lines (1-based) of each text. Raises AssistantError if it cannot be done."""
        ...


class Model(Protocol):
    async def answer(self, request: ModelRequest, *, private: bool, scope: str) -> ModelAnswer | None:
        """A validated answer, or None where the deterministic result stands (never raises for the model's faults).

        `private`: the text belongs to a private repository. `scope` names whose daily budget is spent.
        """
        ...


class Windows(Protocol):
    """Back-off windows and write rates that all processes share."""

    async def back_off(self, scope: str, duration: timedelta, reason: str) -> datetime: ...

    async def window(self, scope: str) -> datetime | None: ...

    async def take_write(self, installation: int) -> float: ...

    async def now(self) -> datetime: ...


class Fence(Protocol):
    """Raises ClaimLost if this worker must not write any more."""

    async def __call__(self) -> None: ...


class Spending(Protocol):
    """Daily budgets that all processes share."""

    async def spend(self, scope: str, amount: int, limit: int) -> bool: ...

    async def spent(self, scope: str) -> int: ...


class Levels(Protocol):
    """What each model endpoint was found to be able to do."""

    async def load_level(self, endpoint: str) -> str | None: ...

    async def save_level(self, endpoint: str, level: str) -> None: ...
