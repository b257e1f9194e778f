"""Asks the model: json_schema, else json_object, else plain text; one retry; then the deterministic answer."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2
import openai
import structlog
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletion
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from bot.domain.plan import ModelAnswer, ModelRequest
from bot.domain.ports import Levels, Spending
from bot.llm.answers import answer_type, only_object
from bot.llm.endpoint import Endpoint, may_receive
from bot.prompting import Messages, Prompt, fill

log = structlog.get_logger()

LEVELS: Final = ("json_schema", "json_object", "text")
# What servers answer to a response format that they do not take; one of them says 500.
_REFUSALS: Final = (400, 404, 415, 422, 500, 501)
_ANSWERS = Counter("assistant_model_answers", "Questions to the model by how they ended", ["outcome"])


class _Refused(Exception):
    """The endpoint does not take this kind of request."""


class _Unusable(Exception):
    """An answer that is not of the asked type; the text is for the model's second try."""


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
        self._client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or "none",
            timeout=endpoint.timeout,
            max_retries=0,
            # A redirect would replay the whole prompt to wherever it points.
            http_client=DefaultAsyncHttpxClient(follow_redirects=False, trust_env=False),
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
            log.warning("model_unreachable", endpoint=self._endpoint.base_url, reason=type(error).__name__)
        _ANSWERS.labels(outcome).inc()
        log.info("model_asked", prompt=request.prompt, outcome=outcome)
        return found

    async def _answer(self, request: ModelRequest, *, private: bool, scope: str) -> tuple[str, ModelAnswer | None]:
        if not await may_receive(self._endpoint, private=private):
            return "not allowed there", None
        if await self._spending.spent(scope) >= self._endpoint.tokens_per_day:
            return "over budget", None
        prompt = self._prompts[request.prompt]
        messages = fill(prompt, request.inputs)
        known = await self._levels.load_level(self._endpoint.name)
        first = LEVELS.index(known) if known in LEVELS else 0
        for level in LEVELS[first:]:
            try:
                data, tokens = await self._ask_twice(prompt, messages, level, scope)
            except _Refused:
                continue
            if level != known:
                await self._levels.save_level(self._endpoint.name, level)
            if data is None:
                return "unusable", None
            return "used", ModelAnswer(data, self._endpoint.model, prompt.name, tokens)
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
            completion = await self._complete(prompt, dialogue, level)
            used = _tokens(completion, dialogue)
            total += used
            await self._spending.spend(scope, used, 2**62)
            text = _text(completion)
            try:
                return _checked(self._types[prompt.id], text), total
            except _Unusable as error:
                log.info("model_answer_unusable", prompt=prompt.id, reason=str(error)[:200])
                dialogue = [
                    *dialogue[:2],
                    {"role": "assistant", "content": text[:2000] or "(nothing)"},
                    {"role": "user", "content": f"That was not usable: {error}. Answer with the JSON object only."},
                ]
        return None, total

    async def _complete(self, prompt: Prompt, dialogue: list[dict[str, str]], level: str) -> ChatCompletion:
        try:
            completion: ChatCompletion = await self._client.chat.completions.create(
                model=self._endpoint.model,
                messages=dialogue,  # type: ignore[arg-type]
                temperature=0,
                max_tokens=prompt.max_answer_tokens,
                **_format(prompt, level),
            )
        except openai.APIStatusError as error:
            if error.status_code in _REFUSALS and level != LEVELS[-1]:
                raise _Refused(str(error.status_code)) from error
            raise
        return completion


def _format(prompt: Prompt, level: str) -> dict[str, Any]:
    if level == "json_schema":
        schema = {"name": prompt.id, "strict": True, "schema": dict(prompt.schema)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"response_format": {"type": "json_object"}} if level == "json_object" else {}


def _system(prompt: Prompt, messages: Messages, level: str) -> str:
    if level == "json_schema":
        return messages.system
    return f"{messages.system}\n\nAnswer with one JSON object of this schema:\n{json.dumps(prompt.schema)}"


def _text(completion: object) -> str:
    """The answer's text; servers leave out whatever they like (`{}` parses into an object without choices)."""
    choices = getattr(completion, "choices", None)
    message = getattr(choices[0], "message", None) if choices else None
    text = getattr(message, "content", None)
    return text if isinstance(text, str) else ""


def _tokens(completion: object, dialogue: list[dict[str, str]]) -> int:
    total = getattr(getattr(completion, "usage", None), "total_tokens", None)
    if isinstance(total, int) and 0 < total < 10_000_000:
        return total
    return (sum(len(one["content"]) for one in dialogue) + len(_text(completion))) // 3


def _checked(kind: type[BaseModel], text: str) -> dict[str, Any]:
    found = only_object(text)
    if found is None:
        raise _Unusable("it does not hold exactly one JSON object")
    try:
        return kind.model_validate(found).model_dump()
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise _Unusable("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)[:500]) from error
