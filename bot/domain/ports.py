"""What the inner parts need of the outer ones, so that siblings need not know each other."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from bot.domain.facts import Misspelling
from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer

CALLS_PER_EVENT: Final = 2
SECONDS_PER_EVENT: Final = 90.0


class Spelling(Protocol):
    async def check(self, texts: Mapping[str, str], lines: Mapping[str, frozenset[int]]) -> tuple[Misspelling, ...]:
        """Misspelled words on those lines (1-based) of each text. Raises AssistantError if it cannot be done."""
        ...


@dataclass(slots=True)
class Allowance:
    """What one event may still use of models, all capabilities together: calls, and seconds of waiting.

    A call is a completion that an endpoint may have worked for: what it refused, or what never reached it, is none.
    """

    calls: int = CALLS_PER_EVENT
    seconds: float = SECONDS_PER_EVENT

    def take(self) -> bool:
        """Begin a call; False if there is none left."""
        if self.calls <= 0:
            return False
        self.calls -= 1
        return True

    def give_back(self) -> None:
        """The call that was begun was none."""
        self.calls += 1


class Model(Protocol):
    async def answer(
        self, request: ModelRequest, *, private: bool, scope: str, allowance: Allowance
    ) -> ModelAnswer | NoAnswer:
        """A validated answer, or why the deterministic result stands (never raises for the model's faults).

        `private`: the text belongs to a private repository. `scope` names whose daily budget is spent, and whose
        answers may be repeated. What is used of the allowance is taken off it.
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


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known about an endpoint. `level` is empty where it is unknown, or was learned too long ago.

    `context` is in tokens; `quirks` are parameters that it does not take, and other habits, by name.
    """

    level: str = ""
    context: int | None = None
    chars_per_token: float | None = None
    quirks: frozenset[str] = frozenset()


class Knowledge(Protocol):
    """What model endpoints were found to be like; all processes share it."""

    async def recall(self, endpoint: str) -> Learned: ...

    async def learn(self, endpoint: str, learned: Learned) -> None:
        """Remember; an empty level or None leaves what is known as it is, quirks are replaced."""
        ...


class Answers(Protocol):
    """Answers that were given before; the same question in the same repository need not be asked again."""

    async def find(self, keys: Sequence[str]) -> ModelAnswer | None:
        """The answer under the first of the keys that has one."""
        ...

    async def keep(self, key: str, scope: str, answer: ModelAnswer) -> None: ...


Pay = Callable[[int], Awaitable[None]]
"""Hears of tokens that an endpoint may have worked for."""


class Embedder(Protocol):
    async def embed(
        self, texts: Sequence[str], *, private: bool, pay: Pay | None = None
    ) -> list[tuple[float, ...]] | None:
        """A vector of length 1 for each text, all of one dimension, or None where there is none to have.

        Never raises for the endpoint's faults. `private`: the texts belong to a private repository. `pay` hears of
        all tokens, those of texts without a vector included.
        """
        ...
