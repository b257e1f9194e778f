"""A pool of endpoints with its memory, and one question to it."""

import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from prometheus_client import REGISTRY

from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Allowance
from bot.endpoints import Endpoint
from bot.llm.faults import Fault
from bot.llm.pool import Budgets, ModelPool
from bot.prompting import Input, Prompt
from tests.support.memory import Memory

KEY: Final = "canary-key-of-the-model"
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["bug", "question"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "evidence": {"type": "string", "maxLength": 40},
    },
    "required": ["kind", "confidence", "evidence"],
    "additionalProperties": False,
}
PROMPT: Final = Prompt(
    id="sort",
    version=3,
    max_answer_tokens=60,
    inputs={"title": Input(trusted=False, cap=100, worth=2), "body": Input(trusted=False, cap=6000)},
    system="You sort reports.",
    user="The title:\n{{title}}\nThe report:\n{{body}}\nWhich kind is it?",
    schema=SCHEMA,
)
DATA: Final[dict[str, Any]] = {"kind": "bug", "confidence": 0.9, "evidence": "it broke"}
GOOD: Final = json.dumps(DATA)
REQUEST: Final = ModelRequest("sort", {"title": "It broke on Monday", "body": "The export, that is."})
# Of another endpoint, and another question.
OTHER: Final = GOOD.replace("it broke", "from the other")
LATER: Final = ModelRequest("sort", {"title": "It broke on Tuesday", "body": "The import."})


class Asker:
    """`ask` says what came of it within the time that it may take."""

    def __init__(self, *endpoints: Endpoint, memory: Memory, budgets: Budgets, prompts: Mapping[str, Prompt]) -> None:
        self.memory = memory
        self.endpoints = endpoints
        self.pool = ModelPool.of(
            endpoints, prompts, spending=memory, answers=memory, knowledge=memory, budgets=budgets
        )  # fmt: skip

    async def ask(
        self, request: ModelRequest = REQUEST, *, private: bool = False, allowance: Allowance | None = None,
        scope: str = "1",
    ) -> ModelAnswer | NoAnswer:  # fmt: skip
        given = allowance or Allowance(seconds=12.0)
        until = time.monotonic() + given.seconds + 1.0
        found = await self.pool.answer(request, private=private, scope=scope, allowance=given)
        assert time.monotonic() < until
        return found

    @property
    def details(self) -> str:
        return "\n".join(self.pool.details())


@contextlib.asynccontextmanager
async def asking(
    *endpoints: Endpoint, memory: Memory | None = None, budgets: Budgets | None = None,
    prompts: Mapping[str, Prompt] | None = None,
) -> AsyncIterator[Asker]:  # fmt: skip
    asker = Asker(
        *endpoints, memory=memory or Memory(), budgets=budgets or Budgets(10**6), prompts=prompts or {"sort": PROMPT}
    )
    try:
        yield asker
    finally:
        await asker.pool.close()


def endpoint(url: str, name: str = "one", **options: Any) -> Endpoint:
    """An endpoint that is not waited for for long."""
    return Endpoint(url, KEY, f"model-{name}", name=name, **{"timeout": 5.0, **options})


def counted(name: str, fault: Fault) -> float:
    """How often this fault was counted at this endpoint so far."""
    labels = {"endpoint": name, "fault": fault.value}
    return REGISTRY.get_sample_value("assistant_model_faults_total", labels) or 0.0


def state_of(name: str) -> list[str]:
    """The states that the metrics show for an endpoint."""
    states = ("closed", "open", "half_open")
    value = REGISTRY.get_sample_value
    return [one for one in states if value("assistant_model_endpoint_state", {"endpoint": name, "state": one}) == 1.0]
