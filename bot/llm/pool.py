"""All endpoints together: which one is asked, what becomes of its failure, and what may be spent."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter

from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Allowance, Answers, Knowledge, Spending
from bot.endpoints import Endpoint, Privacy
from bot.llm import messages
from bot.llm.answers import answer_type
from bot.llm.asking import Answered, Question
from bot.llm.member import FAILOVER, Member
from bot.llm.purse import Purse, endpoint_scope, money_of, tokens_of
from bot.prompting import Prompt, fill

log = structlog.get_logger()

_SOONEST: Final = 0.05
"""Seconds: with less left, nothing is begun."""
_FENCE: Final = "0" * 16
_ANSWERS = Counter("assistant_model_answers", "Questions to the model by how they ended", ["outcome"])
_CACHED = Counter("assistant_model_cached_answers", "Questions that were answered from the cache")


@dataclass(frozen=True, slots=True)
class Budgets:
    """What one repository may use in a day; money in millionths, None for no limit."""

    tokens_per_day: int
    money_per_day: int | None = None


class ModelPool:
    """Fits `domain.ports.Model`. The endpoints in their order of preference; the first that is well is asked."""

    def __init__(
        self, members: Sequence[Member], prompts: Mapping[str, Prompt], *, spending: Spending, answers: Answers,
        budgets: Budgets,
    ) -> None:  # fmt: skip
        self._members = tuple(members)
        self._prompts = prompts
        self._types = {name: answer_type(name, prompt.schema) for name, prompt in prompts.items()}
        self._spending = spending
        self._answers = answers
        self._budgets = budgets

    @classmethod
    def of(
        cls, endpoints: Sequence[Endpoint], prompts: Mapping[str, Prompt], *, spending: Spending, answers: Answers,
        knowledge: Knowledge, budgets: Budgets,
    ) -> "ModelPool":  # fmt: skip
        """A pool with a client for each endpoint."""
        members = [Member.of(one, knowledge) for one in endpoints]
        return cls(members, prompts, spending=spending, answers=answers, budgets=budgets)

    async def close(self) -> None:
        for member in self._members:
            await member.close()

    def details(self) -> tuple[str, ...]:
        """A line for each endpoint: whether it is well, or in one sentence why not."""
        return tuple(member.detail() for member in self._members)

    async def run(self) -> None:
        """Look after the endpoints until cancelled. See `member.watch`."""
        await Member.watch(self._members)

    async def answer(
        self, request: ModelRequest, *, private: bool, scope: str, allowance: Allowance
    ) -> ModelAnswer | NoAnswer:
        """See `domain.ports.Model`."""
        started = time.monotonic()
        try:
            found = await self._answer(request, private, scope, allowance)
        finally:
            allowance.seconds -= time.monotonic() - started
        outcome = "used" if isinstance(found, ModelAnswer) else "none"
        if isinstance(found, ModelAnswer) and found.cached:
            outcome = "cached"
            _CACHED.inc()
        else:
            _ANSWERS.labels(outcome).inc()
        log.info("model_asked", prompt=request.prompt, outcome=outcome)
        return found

    async def _answer(
        self, request: ModelRequest, private: bool, scope: str, allowance: Allowance
    ) -> ModelAnswer | NoAnswer:
        usable = [one for one in self._members if not private or one.endpoint.privacy is not Privacy.NEVER]
        if not usable:
            return NoAnswer(messages.NOT_FOR_PRIVATE_TEXT)
        prompt = self._prompts[request.prompt]
        digest = _digest(prompt, request, scope)
        keys = [f"{digest} {one.endpoint.model}" for one in usable]
        cached = await self._answers.find(keys)
        if cached is not None:
            return cached
        affordable = await self._affordable(usable, scope)
        if isinstance(affordable, NoAnswer):
            return affordable
        found = await self._ask(affordable, request, private, scope, allowance)
        if isinstance(found, ModelAnswer):
            await self._answers.keep(f"{digest} {found.model}", scope, found)
        return found

    async def _affordable(self, members: Sequence[Member], scope: str) -> Sequence[Member] | NoAnswer:
        """Those whose budgets are not used up."""
        if await self._spending.spent(tokens_of(scope)) >= self._budgets.tokens_per_day:  # guard: token-budgets (25)
            return NoAnswer(messages.NO_TOKENS)
        limit = self._budgets.money_per_day
        broke = limit is not None and await self._spending.spent(money_of(scope)) >= limit
        cheap = [one for one in members if not broke or (not one.endpoint.price_in and not one.endpoint.price_out)]
        if not cheap:
            return NoAnswer(messages.NO_MONEY)
        found = [one for one in cheap if not await self._used_up(one.endpoint)]
        return found or NoAnswer(messages.ENDPOINTS_USED_UP)

    async def _used_up(self, endpoint: Endpoint) -> bool:
        limit = endpoint.tokens_per_day
        return limit is not None and await self._spending.spent(endpoint_scope(endpoint)) >= limit

    async def _ask(
        self, members: Sequence[Member], request: ModelRequest, private: bool, scope: str, allowance: Allowance
    ) -> ModelAnswer | NoAnswer:
        """Ask one after the other until one has answered, well or not; those that are away make way for the next."""
        end = time.monotonic() + allowance.seconds
        prompt = self._prompts[request.prompt]
        used, reason = 0, messages.AWAY
        for number, member in enumerate(members):
            left = end - time.monotonic()
            if left < _SOONEST:
                return NoAnswer(messages.NO_TIME, used)
            if allowance.calls <= 0:
                return NoAnswer(messages.NO_CALLS, used)
            # The next one must have time as well.
            share = left if number == len(members) - 1 else left / 2
            question = Question(prompt, self._types[prompt.id], request.inputs, private, time.monotonic() + share)
            purse = Purse(self._spending, member.endpoint, scope)
            found = await member.ask(question, purse, allowance)
            used += purse.tokens
            if isinstance(found, Answered):
                return ModelAnswer(found.data, member.endpoint.model, prompt.name, used, found.cut)
            if found is not None:
                reason = messages.reason(found.fault)
                if found.fault not in FAILOVER:
                    break
        return NoAnswer(reason, used)


def _digest(prompt: Prompt, request: ModelRequest, scope: str) -> str:
    """A name for this question in this repository: the prompt's version and words, and its inputs as they are sent."""
    filled = fill(prompt, request.inputs, fence=_FENCE)
    parts = (scope, prompt.name, filled.system, filled.user, json.dumps(prompt.schema, sort_keys=True))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
