"""A circuit breaker as a value: after failures an endpoint rests, then one question tries whether it is back."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

FAILURES: Final = 3
_FIRST_REST: Final = 10.0
_LONGEST_REST: Final = 300.0
_TRIAL: Final = 120.0
"""A trial that nobody heard of for so long is given up; another one may be made."""


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """Times are seconds of one clock, which only the caller reads. `until` is the end of the rest, or of the trial."""

    state: State = State.CLOSED
    failures: int = 0
    rests: int = 0
    until: float = 0.0

    def admits(self, now: float) -> bool:
        """Whether a question may be asked now."""
        return self.state is State.CLOSED or now >= self.until

    def begun(self, now: float) -> "Breaker":
        """An admitted question is asked: out of a rest, it is the only one until its end is known."""
        return self if self.state is State.CLOSED else replace(self, state=State.HALF_OPEN, until=now + _TRIAL)

    def succeeded(self) -> "Breaker":
        return Breaker()

    def abandoned(self, now: float) -> "Breaker":
        """A question ended without telling whether the endpoint is well: the next one may try."""
        return replace(self, state=State.OPEN, until=now) if self.state is State.HALF_OPEN else self

    def failed(self, now: float, *, at_once: bool = False, rest: float = 0.0) -> "Breaker":
        """`at_once`: one failure is enough. `rest` is the rest that the endpoint itself asks for."""
        failures = self.failures + 1
        if self.state is State.CLOSED and failures < FAILURES and not at_once:
            return replace(self, failures=failures)
        pause = max(min(_FIRST_REST * 2**self.rests, _LONGEST_REST), rest)
        return Breaker(State.OPEN, failures, min(self.rests + 1, 10), now + pause)
