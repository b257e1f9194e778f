"""One question at one endpoint: the prompt is fitted, the levels are walked down, a bad answer gets one second try."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from bot.domain.ports import Allowance, Knowledge, Learned
from bot.endpoints import Level
from bot.llm.answers import only_object, why_no_object
from bot.llm.client import REASONS, Ask, Dialogue, ModelClient
from bot.llm.completion import Completion
from bot.llm.faults import PAID, Crowded, Fault, ModelFault
from bot.llm.fitting import ASSUMED_CONTEXT, ENVELOPE, corrected, estimate, rooms, weight
from bot.llm.levels import in_words, instructions, is_lower, parameters, steps
from bot.llm.purse import Purse
from bot.prompting import Messages, Prompt, fill

log = structlog.get_logger()

FAULTS: Final = Counter("assistant_model_faults", "What went wrong at model endpoints, by name", ["endpoint", "fault"])

_NEAR_THE_LIMIT: Final = 0.75
_SHOWN: Final = 1_000
_NOTABLE: Final = 0.05
_GUESS: Final = 0.6
_SMALLEST: Final = 256
"""No model has a smaller context: who names one is not believed."""


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt with its inputs, and the type of its answer. `end` is when time is up, by the monotonic clock."""

    prompt: Prompt
    kind: type[BaseModel]
    inputs: dict[str, str]
    private: bool
    end: float

    @property
    def seconds(self) -> float:
        return self.end - time.monotonic()


@dataclass(frozen=True, slots=True)
class Answered:
    """A validated answer; `cut` names the inputs of which the model saw only the beginning."""

    data: dict[str, Any]
    cut: tuple[str, ...]


class _Unusable(Exception):
    """An answer that is not of the asked type; the text is for the model's second try."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


class Asker:
    """Asks one endpoint, and remembers what it is like. `ask` raises ModelFault where there is no usable answer."""

    def __init__(self, client: ModelClient, knowledge: Knowledge) -> None:
        self.client = client
        self.endpoint = client.endpoint
        self._knowledge = knowledge
        self.learned = Learned()

    async def recall(self) -> Learned:
        """What is known about the endpoint, by all processes."""
        self.learned = await self._knowledge.recall(self.endpoint.key)
        self.client.quirks |= self.learned.quirks
        return self.learned

    async def learn(self, found: Learned) -> None:
        """Remember what was found, if that is news."""
        quirks = frozenset(self.client.quirks)
        before = self.learned
        self.learned = Learned(
            found.level or before.level,
            found.context or before.context,
            found.chars_per_token or before.chars_per_token,
            quirks,
        )
        if found.level or self.learned != before:
            await self._knowledge.learn(self.endpoint.key, replace(found, quirks=quirks))

    async def ask(self, question: Question, purse: Purse, allowance: Allowance) -> Answered:
        await self.recall()
        try:
            return await self._walk(question, purse, allowance)
        except ModelFault as fault:
            if fault.fault is not Fault.CONTEXT_TOO_LONG:
                raise
            await self._learn_size(question, fault)
        # Once more, now that the size is known.
        return await self._walk(question, purse, allowance)

    async def _walk(self, question: Question, purse: Purse, allowance: Allowance) -> Answered:
        """Ask at the known level, or at the first; a level that is refused makes way for the next."""
        messages = await self._fitted(question)
        known = self.learned.level
        certain, refused = True, ModelFault(Fault.FORMAT_REFUSED)
        for level in steps(known, self.endpoint.level):
            try:
                found = await self._ask_twice(question, messages, level, purse, allowance)
            except ModelFault as fault:
                if fault.fault not in (Fault.FORMAT_REFUSED, Fault.PARAMETER_REFUSED):
                    raise
                log.info("model_level_refused", endpoint=self.endpoint.name, level=level, status=fault.status)
                certain, refused = certain and fault.certain, fault
                continue
            # What a look found meanwhile counts for more than that a server did not refuse; and one bad minute must
            # not take a level away that it was seen to have.
            now = self.learned.level
            news = self.endpoint.level is None and is_lower(level, now) and (not now or certain)
            await self.learn(Learned(level=level if news else ""))
            if isinstance(found, Fault):
                raise ModelFault(found)
            return Answered(found, messages.cut)
        raise ModelFault(Fault.FORMAT_REFUSED, status=refused.status)

    async def _ask_twice(
        self, question: Question, messages: Messages, level: Level, purse: Purse, allowance: Allowance
    ) -> dict[str, Any] | Fault:
        """The answer, or what is wrong with it; a first unusable one is shown to the model with what is wrong."""
        prompt = question.prompt
        dialogue = [
            {"role": "system", "content": instructions(level, messages.system, prompt.schema)},
            {"role": "user", "content": messages.user},
        ]
        flaw = Fault.NO_CONTENT
        for attempt in range(2):
            if not allowance.take():
                return flaw
            form = parameters(level, prompt.id, prompt.schema)
            ask = Ask(dialogue, form, prompt.max_answer_tokens, question.seconds, question.private)
            try:
                completion = await self._complete(ask, purse, allowance)
            except ModelFault as fault:
                if attempt == 1 and fault.fault in (Fault.CONTEXT_TOO_LONG, Fault.FORMAT_REFUSED):
                    return flaw
                if attempt == 0 and isinstance(fault, Crowded) and allowance.calls > 0:
                    # Once more, in its turn.
                    continue
                raise
            try:
                return _checked(question.kind, completion, level)
            except _Unusable as error:
                flaw = self._count(error.fault)
                log.info("model_answer_unusable", prompt=prompt.id, endpoint=self.endpoint.name, fault=flaw)
                if completion.cut_off and (completion.reasoned or not completion.text):
                    # It thought until there was no room for the answer.
                    self.client.quirks.add(REASONS)
                dialogue = [*dialogue[:2], *_second_try(prompt, completion, str(error))]
        return flaw

    async def _complete(self, ask: Ask, purse: Purse, allowance: Allowance) -> Completion:
        """A completion, and its tokens counted; what nobody waited for may have been worked for as well."""
        texts = tuple(one["content"] for one in ask.dialogue)
        guess = estimate(*texts, chars_per_token=self.learned.chars_per_token)
        try:
            completion = await self.client.complete(ask)
        except ModelFault as fault:
            self._count(fault.fault)
            if fault.fault in PAID:
                await purse.pay(guess, 0)
            else:
                allowance.give_back()
            raise
        except asyncio.CancelledError:
            # Nobody waits any more; the endpoint may have worked all the same.
            await asyncio.shield(purse.pay(guess, 0))
            raise
        total = completion.tokens or guess + estimate(completion.text, completion.call or "")
        prompt_tokens = min(completion.prompt_tokens or guess, total)
        await purse.pay(prompt_tokens, total - prompt_tokens)
        if completion.prompt_tokens is not None:
            await self._correct(texts, completion.prompt_tokens)
        return completion

    async def _correct(self, texts: tuple[str, ...], tokens: int) -> None:
        known = self.learned.chars_per_token
        seen = corrected(known, texts, tokens)
        if seen is not None and (known is None or abs(seen - known) > _NOTABLE * known):
            await self.learn(Learned(chars_per_token=seen))

    async def _fitted(self, question: Question) -> Messages:
        """The messages, with as much of the inputs as the context has room for."""
        prompt, inputs = question.prompt, question.inputs
        reserved = prompt.max_answer_tokens + (self.endpoint.reasoning_tokens if REASONS in self.client.quirks else 0)
        limit = self._context - reserved
        whole = fill(prompt, inputs)
        texts = (whole.system, whole.user, in_words(prompt.schema))
        # A token is at least a byte.
        if sum(len(one.encode()) for one in texts) + ENVELOPE <= limit:
            return whole
        ratio = self.learned.chars_per_token
        guess = estimate(*texts, chars_per_token=ratio)
        if guess + ENVELOPE <= limit * _NEAR_THE_LIMIT:
            return whole
        text = "\n".join(texts)
        counted = await self.client.count(text, private=question.private, seconds=max(question.seconds / 4, 0.1))
        if counted is not None:
            if counted + ENVELOPE <= limit:
                return whole
            ratio = weight(text) / counted
        found = rooms(prompt, inputs, tokens=limit, chars_per_token=ratio)
        if found is None:
            raise ModelFault(self._count(Fault.CONTEXT_TOO_SMALL))
        return fill(prompt, inputs, rooms=found)

    def _count(self, fault: Fault) -> Fault:
        FAULTS.labels(self.endpoint.name, fault.value).inc()
        return fault

    @property
    def _context(self) -> int:
        return min(_known(self.endpoint.context, self.learned.context), default=ASSUMED_CONTEXT)

    async def _learn_size(self, question: Question, fault: ModelFault) -> None:
        """The prompt was longer than the context: take what the endpoint says about it, else guess for this time."""
        log.info("model_context_learned", endpoint=self.endpoint.name, context=fault.context)
        whole = fill(question.prompt, question.inputs)
        texts = (whole.system, whole.user)
        if fault.context >= _SMALLEST:
            # Where our count was wrong, the next one is not.
            ratio = corrected(None, texts, fault.sent) if fault.sent else None
            await self.learn(Learned(context=fault.context, chars_per_token=ratio))
        else:
            guess = estimate(*texts, chars_per_token=self.learned.chars_per_token)
            self.learned = replace(self.learned, context=int(min(guess, self._context) * _GUESS))


def _known(*sizes: int | None) -> Iterable[int]:
    return [one for one in sizes if one]


def _second_try(prompt: Prompt, completion: Completion, fault: str) -> Dialogue:
    """The schema is said again: some servers take a response format and silently ignore it."""
    return [
        {"role": "assistant", "content": completion.text[:_SHOWN] or "(nothing)"},
        {"role": "user", "content": f"That was not usable: {fault}. {in_words(prompt.schema)}"},
    ]


def _checked(kind: type[BaseModel], completion: Completion, level: Level) -> dict[str, Any]:
    text = completion.call if level is Level.TOOL and completion.call is not None else completion.text
    if text is completion.text and completion.flaw is not None:
        raise _Unusable(completion.flaw, "it was empty")
    found = only_object(text)
    if found is None:
        raise _no_object(text, completion, called=text is not completion.text)
    try:
        return kind.model_validate(found).model_dump()  # guard: validated-answers (2): as found
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)[:500]
        raise _Unusable(Fault.INVALID, told) from error


def _no_object(text: str, completion: Completion, *, called: bool) -> _Unusable:
    if completion.cut_off:
        return _Unusable(Fault.CUT_OFF, "it was cut off")
    fault = why_no_object(text)
    if fault is Fault.NOT_A_NUMBER:
        return _Unusable(fault, "it holds a number that JSON does not have")
    if fault is Fault.DUPLICATE_KEYS:
        return _Unusable(fault, "it says the same key twice")
    return _Unusable(Fault.BROKEN_TOOL_CALL if called else fault, "it does not hold exactly one JSON object")
