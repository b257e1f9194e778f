"""Asks the model: json_schema, else json_object, else plain text; one retry; then the deterministic answer."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2
import openai
import structlog
from openai import AsyncOpenAI
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from bot.domain.plan import ModelAnswer, ModelRequest
from bot.domain.ports import Levels, Spending
from bot.llm.answers import answer_type, only_object
from bot.llm.completion import Completion, estimate, read_completion
from bot.llm.endpoint import Endpoint, may_receive
from bot.llm.transport import http_client
from bot.prompting import Messages, Prompt, fill

log = structlog.get_logger()

LEVELS: Final = ("json_schema", "json_object", "text")
# What servers answer to a response format that they do not take; one of them says 500.
_REFUSALS: Final = (400, 404, 415, 422, 500, 501)
# Reasoning models refuse the first, which also counts their reasoning, and the second.
_PARAMETERS: Final = ("max_tokens", "temperature")
_REASONING_TOKENS: Final = 2_000
_ANSWERS = Counter("assistant_model_answers", "Questions to the model by how they ended", ["outcome"])

Dialogue = list[dict[str, str]]


class _Refused(Exception):
    """The endpoint does not take this kind of request; a 5xx may also be a passing fault."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.passing = status >= 500


class _Unusable(Exception):
    """An answer that is not of the asked type; the text is for the model's second try."""


class _Quiet(AsyncOpenAI):
    """Tells the endpoint nothing about this machine: to find it out, the library starts `file` and `uname`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._platform = "Unknown"

    def platform_headers(self) -> dict[str, str]:
        return {}


class ModelClient:
    """One endpoint, all prompts. `answer` never raises for anything that the endpoint does."""

    def __init__(
        self, endpoint: Endpoint, prompts: Mapping[str, Prompt], *, spending: Spending, levels: Levels
    ) -> None:
        self._endpoint = endpoint
        self._prompts = prompts
        self._types = {name: answer_type(name, prompt.schema) for name, prompt in prompts.items()}
        self._spending = spending
        self._levels = levels
        self._unknown: set[str] = set()
        self._client = _Quiet(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or "none",
            timeout=endpoint.timeout,
            max_retries=0,  # guard: no-retries-of-the-library (33)
            http_client=http_client(),
        )

    async def close(self) -> None:
        await self._client.close()

    async def answer(self, request: ModelRequest, *, private: bool, scope: str) -> ModelAnswer | None:
        """A validated answer, or None where the deterministic result stands. See `domain.ports.Model`."""
        try:
            async with asyncio.timeout(self._endpoint.patience):
                outcome, found = await self._answer(request, private=private, scope=f"tokens:{scope}")
        except (openai.OpenAIError, httpx2.HTTPError, TimeoutError, OSError, ValueError) as error:
            outcome, found = "unreachable", None
            log.warning("model_unreachable", endpoint=self._endpoint.base_url, reason=_fault(error))
        _ANSWERS.labels(outcome).inc()
        log.info("model_asked", prompt=request.prompt, outcome=outcome)
        return found

    async def _answer(self, request: ModelRequest, *, private: bool, scope: str) -> tuple[str, ModelAnswer | None]:
        if not await may_receive(self._endpoint, private=private):  # guard: allowed-endpoints (17, 20)
            return "no allowed address", None
        if await self._spending.spent(scope) >= self._endpoint.tokens_per_day:  # guard: token-budgets (25)
            return "over budget", None
        prompt = self._prompts[request.prompt]
        messages = fill(prompt, request.inputs)
        known = await self._levels.load_level(self._endpoint.name)
        passing = False
        for level in LEVELS[LEVELS.index(known) if known in LEVELS else 0 :]:
            try:
                data, tokens = await self._ask_twice(prompt, messages, level, scope)
            except _Refused as refused:
                passing = passing or refused.passing
                continue
            # One bad minute of a server must not take a level away that it was seen to have.
            if level != known and not (known in LEVELS and passing):
                await self._levels.save_level(self._endpoint.name, level)
            if data is None:
                return "unusable", None
            return "used", ModelAnswer(data, self._endpoint.model, prompt.name, tokens, messages.cut)
        return "refused", None

    async def _ask_twice(
        self, prompt: Prompt, messages: Messages, level: str, scope: str
    ) -> tuple[dict[str, Any] | None, int]:
        """The answer and the tokens used; a first unusable answer is shown to the model with what is wrong."""
        dialogue = [
            {"role": "system", "content": _system(prompt, messages, level)},
            {"role": "user", "content": messages.user},
        ]
        total = 0
        for _attempt in range(2):
            completion = await self._complete(prompt, dialogue, level, scope)
            used = completion.tokens or estimate([*(one["content"] for one in dialogue), completion.text])
            total += used
            await self._spend(scope, used)
            try:
                return _checked(self._types[prompt.id], completion), total
            except _Unusable as error:
                log.info("model_answer_unusable", prompt=prompt.id, cut_off=completion.cut_off)
                dialogue = [*dialogue[:2], *_second_try(prompt, completion, str(error))]
        return None, total

    async def _complete(self, prompt: Prompt, dialogue: Dialogue, level: str, scope: str) -> Completion:
        try:
            return await self._adapt(prompt, dialogue, level)
        except openai.APIStatusError as error:
            if error.status_code in _REFUSALS:
                log.info("model_request_refused", level=level, status=error.status_code)
                raise _Refused(error.status_code) from error
            raise
        except openai.APITimeoutError:
            # The endpoint may well have worked, and be paid, for what nobody waited for.
            await self._spend(scope, estimate([one["content"] for one in dialogue]))
            raise

    async def _adapt(self, prompt: Prompt, dialogue: Dialogue, level: str) -> Completion:
        """Send; a parameter that this model does not know is left out from then on."""
        while True:
            try:
                return await self._send(prompt, dialogue, level)
            except openai.BadRequestError as error:
                if error.param not in _PARAMETERS or error.param in self._unknown:
                    raise
                self._unknown.add(error.param)

    async def _send(self, prompt: Prompt, dialogue: Dialogue, level: str) -> Completion:
        response = await self._client.chat.completions.with_raw_response.create(
            model=self._endpoint.model,
            messages=dialogue,  # type: ignore[arg-type]
            **_parameters(prompt, self._unknown),
            **_format(prompt, level),
        )
        return read_completion(response.content)

    async def _spend(self, scope: str, tokens: int) -> None:
        await self._spending.spend(scope, tokens, 2**62)


def _fault(error: Exception) -> str:
    """What an operator needs to know; never the endpoint's words, which may repeat the prompt."""
    if isinstance(error, openai.APIStatusError):
        return f"HTTP {error.status_code}"
    return type(error.__cause__ or error).__name__


def _parameters(prompt: Prompt, unknown: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {} if "temperature" in unknown else {"temperature": 0}
    if "max_tokens" in unknown:
        return found | {"max_completion_tokens": prompt.max_answer_tokens + _REASONING_TOKENS}
    return found | {"max_tokens": prompt.max_answer_tokens}


def _format(prompt: Prompt, level: str) -> dict[str, Any]:
    if level == "json_schema":
        schema = {"name": prompt.id, "strict": True, "schema": dict(prompt.schema)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"response_format": {"type": "json_object"}} if level == "json_object" else {}


def _system(prompt: Prompt, messages: Messages, level: str) -> str:
    return messages.system if level == "json_schema" else f"{messages.system}\n\n{_schema(prompt)}"


def _schema(prompt: Prompt) -> str:
    return f"Answer with one JSON object of this schema:\n{json.dumps(prompt.schema)}"


def _second_try(prompt: Prompt, completion: Completion, fault: str) -> Dialogue:
    """The schema is said again: some servers take a response format and silently ignore it."""
    return [
        {"role": "assistant", "content": completion.text[:2000] or "(nothing)"},
        {"role": "user", "content": f"That was not usable: {fault}. {_schema(prompt)}"},
    ]


def _checked(kind: type[BaseModel], completion: Completion) -> dict[str, Any]:
    found = only_object(completion.text)
    if found is None:
        raise _Unusable("it was cut off" if completion.cut_off else "it does not hold exactly one JSON object")
    try:
        return kind.model_validate(found).model_dump()  # guard: validated-answers (2): as found
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise _Unusable("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)[:500]) from error
