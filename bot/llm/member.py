"""One endpoint in the pool: its breaker, its last fault, and what is looked after in the background."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Final

import psycopg
import structlog
from prometheus_client import Gauge

from bot.domain.ports import Allowance, Knowledge, Learned
from bot.endpoints import Endpoint
from bot.llm.asking import FAULTS, Answered, Asker, Question
from bot.llm.breaker import Breaker, State
from bot.llm.client import ModelClient
from bot.llm.faults import PASSING, SETUP, Fault, ModelFault, explain
from bot.llm.probe import look, probe
from bot.llm.purse import Purse

log = structlog.get_logger()

# Another endpoint may do better; an answer that is not usable is the model's own, and stands for all.
FAILOVER: Final = SETUP | PASSING | {
    Fault.BUSY, Fault.REFUSED, Fault.FORMAT_REFUSED, Fault.PARAMETER_REFUSED, Fault.CONTEXT_TOO_LONG,
    Fault.CONTEXT_TOO_SMALL, Fault.NOT_FOR_PRIVATE_TEXT,
}  # fmt: skip
TICK: Final = 15.0
_STATE = Gauge("assistant_model_endpoint_state", "1 for the state that an endpoint is in", ["endpoint", "state"])


class Member:
    """An endpoint with its breaker; `ask` never raises for anything that the endpoint does."""

    def __init__(self, asker: Asker) -> None:
        self.endpoint = asker.endpoint
        self._asker = asker
        self._breaker = Breaker()
        self._fault: ModelFault | None = None
        self._seen = False
        self._due = False
        self._show()

    @classmethod
    def of(cls, endpoint: Endpoint, knowledge: Knowledge) -> "Member":
        return cls(Asker(ModelClient(endpoint), knowledge))

    async def close(self) -> None:
        await self._asker.client.close()

    async def ask(self, question: Question, purse: Purse, allowance: Allowance) -> Answered | ModelFault | None:
        """The answer, or what went wrong; None where the endpoint rests and was not asked."""
        now = monotonic()
        if not self._breaker.admits(now):
            return None
        self._breaker = self._breaker.begun(now)
        try:
            found = await self._asker.ask(question, purse, allowance)
        except ModelFault as fault:
            self._failed(fault)
            return fault
        except BaseException:
            self._breaker = self._breaker.abandoned(monotonic())
            raise
        self._well()
        return found

    def detail(self) -> str:
        """A line for the operator; the endpoint's name, never its address."""
        name = f"model endpoint {self.endpoint.name}"
        if self._fault is not None:
            return f"{name}: {explain(self._fault)}"
        if not self._seen:
            return f"{name}: not asked yet"
        known = self._asker.learned
        level = self.endpoint.level or known.level
        parts = ["well", *([f"structured answers by {level}"] if level else [])]
        context = self.endpoint.context or known.context
        return f"{name}: {', '.join([*parts, *([f'context of {context} tokens'] if context else [])])}"

    @staticmethod
    async def watch(members: Sequence["Member"]) -> None:
        """Until cancelled: look at each endpoint at the start, then while it fails, or when nothing is known of it."""
        await asyncio.gather(*(one.look(first=True) for one in members))
        while True:
            await asyncio.sleep(TICK)
            await asyncio.gather(*(one.look() for one in members))

    async def look(self, *, first: bool = False) -> None:
        """Ask the endpoint what it can do if that is not known; only whether it is there if it was away."""
        if not self._breaker.admits(monotonic()):
            return
        try:
            learned = await self._asker.recall()
            # A question may be quicker than this look; that it was not refused is no proof of its level.
            self._due = self._due or (not learned.level and self.endpoint.level is None)
            if self._due or first or self._fault is not None:
                await self._learn(self._due)
        except ModelFault as fault:
            self._failed(fault)
        except (psycopg.Error, OSError) as error:
            log.warning("model_not_looked_at", endpoint=self.endpoint.name, reason=type(error).__name__)
        except Exception:
            # No fault of a model's may end the service; the next turn tries again.
            log.exception("model_not_looked_at", endpoint=self.endpoint.name)

    async def _learn(self, unknown: bool) -> None:
        client = self._asker.client
        self._breaker = self._breaker.begun(monotonic())
        try:
            if unknown:
                found = await probe(client)
                await self._asker.learn(Learned(found.level, found.listing.context))
                self._due = False
            else:
                await self._asker.learn(Learned(context=(await look(client)).context))
        except ModelFault as fault:
            FAULTS.labels(self.endpoint.name, fault.fault.value).inc()
            raise
        except BaseException:
            self._breaker = self._breaker.abandoned(monotonic())
            raise
        self._well()

    def _well(self) -> None:
        self._breaker, self._fault, self._seen = self._breaker.succeeded(), None, True
        self._show()

    def _failed(self, fault: ModelFault) -> None:
        now = monotonic()
        self._seen = True
        log.warning("model_fault", endpoint=self.endpoint.name, fault=fault.fault.value, status=fault.status)
        if fault.fault in SETUP or fault.fault in PASSING:
            at_once = fault.fault in SETUP or fault.fault is Fault.RATE_LIMITED
            self._breaker = self._breaker.failed(now, at_once=at_once, rest=fault.retry_after)
            self._fault = fault
        elif fault.fault in FAILOVER:
            self._breaker = self._breaker.abandoned(now)
            self._fault = fault
        else:
            # It answered; that the answer was no good is told as well.
            self._breaker = self._breaker.succeeded()
            self._fault = fault
        self._show()

    def _show(self) -> None:
        for state in State:
            _STATE.labels(self.endpoint.name, state.value).set(1 if self._breaker.state is state else 0)
