"""Asks each endpoint what it can do, and each prompt at it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.doctor.checks import Check, failure, ok, skipped, warning
from bot.domain.ports import Allowance, Learned
from bot.endpoints import Endpoint, Level
from bot.llm.answers import answer_type
from bot.llm.asking import Asker, Question
from bot.llm.client import REASONS, ModelClient
from bot.llm.embeddings import read_embeddings
from bot.llm.faults import Fault, ModelFault, explain
from bot.llm.fitting import ASSUMED_CONTEXT, rooms
from bot.llm.local import REMEDY, local_model
from bot.llm.probe import Listing, Probed, probe
from bot.llm.probe import look as list_models
from bot.llm.purse import Purse
from bot.prompting import FOLDER, Prompt, load_prompts
from bot.settings import ModelSettings

_PATIENCE: Final = 120.0
"""Seconds for one prompt: a model that is only now loaded may take its time."""
_SHOWN: Final = 5
_REMEDY: Final = "docs/models/recipes.md has the lines for each server; the rules go on alone meanwhile."


@dataclass(slots=True)
class _Notebook:
    """Fits `domain.ports.Knowledge` and `Spending`: what one look learns and spends is forgotten after it."""

    known: Learned = field(default_factory=Learned)

    async def recall(self, endpoint: str) -> Learned:
        del endpoint
        return self.known

    async def learn(self, endpoint: str, learned: Learned) -> None:
        del endpoint
        old = self.known
        self.known = Learned(
            learned.level or old.level, learned.context or old.context,
            learned.chars_per_token or old.chars_per_token, learned.quirks,
        )  # fmt: skip

    async def spend(self, scope: str, amount: int, limit: int) -> bool:
        del scope, amount, limit
        return True

    async def spent(self, scope: str) -> int:
        del scope
        return 0


async def look(settings: ModelSettings | None, *, readable: bool = True) -> list[Check]:
    """Every endpoint in its turn: two at once on one machine would spoil each other's speed."""
    if settings is None:
        why = "none is configured" if readable else "its settings cannot be read"
        return [skipped("model", f"{why}: the rules decide alone")]
    prompts = load_prompts()
    checks = await _file(settings.file, prompts) if settings.file else []
    for one in settings.endpoints:
        checks += await _endpoint(one, prompts)
    return checks


async def _file(path: Path, prompts: Mapping[str, Prompt]) -> list[Check]:
    """The model file in a llama.cpp of this command's own."""
    name = "model file"
    async with local_model(path) as local:
        if not await local.loaded(_PATIENCE):
            remedy = f"{REMEDY[:1].upper()}{REMEDY[1:]} Try it with llama.cpp itself."
            return [failure(name, f"llama.cpp does not start on {path}", remedy)]
        return [ok(name, f"{path}"), *await _endpoint(local.endpoint, prompts)]


async def _endpoint(endpoint: Endpoint, prompts: Mapping[str, Prompt]) -> list[Check]:
    name = f"endpoint {endpoint.name}"
    client = ModelClient(endpoint)
    try:
        found = await probe(client)
        checks = [ok(name, f"{_place(endpoint)}: answers"), *described(endpoint, found, prompts)]
        return checks + [await _prompt(client, found, one) for one in prompts.values()]
    except ModelFault as fault:
        return [_failed(name, fault, endpoint, await _names(client, fault))]
    finally:
        await client.close()


def described(endpoint: Endpoint, found: Probed, prompts: Mapping[str, Prompt]) -> list[Check]:
    """What the probe found, judged; pure."""
    name = f"endpoint {endpoint.name}"
    longest = max((one.max_answer_tokens for one in prompts.values()), default=0)
    return [
        _listed(name, endpoint.model, found.listing),
        _level(name, found.level),
        _speed(name, found.tokens_per_second, longest, endpoint.timeout),
        _context(name, endpoint.context or found.listing.context),
    ]


def _listed(name: str, model: str, listing: Listing) -> Check:
    name = f"{name}: model"
    if listing.listed is None:
        return skipped(name, "it lists no models")
    if not listing.listed:
        return warning(
            name, f"{model} is not in its list: {_several(listing.names)}",
            "Check the model's name: some servers answer with another.",
        )  # fmt: skip
    return ok(name, f"{model} is in its list")


async def _names(client: ModelClient, fault: ModelFault) -> tuple[str, ...]:
    """The models that an endpoint has instead of ours, as far as it lists them."""
    if fault.fault is not Fault.WRONG_MODEL:
        return ()
    try:
        return (await list_models(client)).names
    except ModelFault:
        return ()


def _several(names: Sequence[str]) -> str:
    return ", ".join((*names[:_SHOWN], *(["…"] if len(names) > _SHOWN else [])))


def _level(name: str, level: Level) -> Check:
    name = f"{name}: structured answers"
    if level is Level.TEXT:
        return warning(
            name, "it is held to no form", "Answers are unusable more often: a server with json_schema does better."
        )
    return ok(name, level.value)


def _speed(name: str, speed: float | None, tokens: int, timeout: float) -> Check:
    name = f"{name}: speed"
    if speed is None:
        return skipped(name, "it does not count its tokens")
    if speed <= 0 or tokens / speed > timeout:
        return warning(
            name, f"{speed:.1f} tokens/s: an answer of {tokens} takes longer than the {timeout:.0f} s it may take",
            "Take a smaller model, or a larger timeout in ASSISTANT_ENDPOINTS.",
        )  # fmt: skip
    return ok(name, f"{speed:.0f} tokens/s")


def _context(name: str, context: int | None) -> Check:
    name = f"{name}: context"
    if context is None:
        return warning(
            name, f"it does not tell; {ASSUMED_CONTEXT} tokens are assumed", "Set context in ASSISTANT_ENDPOINTS."
        )
    return ok(name, f"{context} tokens")


async def _prompt(client: ModelClient, found: Probed, prompt: Prompt) -> Check:
    """One of the prompt's own cases, asked as an event would ask it."""
    name = f"endpoint {client.endpoint.name}: prompt {prompt.name}"
    notebook = _Notebook(Learned(found.level, found.listing.context, None, frozenset(client.quirks)))
    question = Question(
        prompt, answer_type(prompt.id, prompt.schema), _inputs(prompt), False, time.monotonic() + _PATIENCE
    )
    asker = Asker(client, notebook)
    try:
        await asker.ask(question, Purse(notebook, client.endpoint, "doctor"), Allowance(seconds=_PATIENCE))
    except ModelFault as fault:
        return _failed(name, fault, client.endpoint)
    return _room(name, prompt, client, notebook.known)


def _room(name: str, prompt: Prompt, client: ModelClient, known: Learned) -> Check:
    """How much of the longest inputs fits beside the instructions."""
    context = min((one for one in (client.endpoint.context, known.context) if one), default=ASSUMED_CONTEXT)
    reserved = prompt.max_answer_tokens + (client.endpoint.reasoning_tokens if REASONS in client.quirks else 0)
    longest = {one: "x" * rule.cap for one, rule in prompt.inputs.items()}
    fits = rooms(prompt, longest, tokens=context - reserved, chars_per_token=known.chars_per_token)
    cut = {one: room for one, room in (fits or {}).items() if room < prompt.inputs[one].cap}
    told = "; ".join(f"{one} after about {room} characters" for one, room in cut.items())
    if cut:
        return warning(name, f"a valid answer; it cuts {told}", "Give the model a larger context.")
    return ok(name, "a valid answer; fits whole")


def _inputs(prompt: Prompt) -> dict[str, str]:
    case = min((FOLDER / prompt.id / "cases").glob("*.json"))
    return dict(json.loads(case.read_text("utf-8"))["inputs"])


async def look_at_embeddings(settings: ModelSettings | None, *, readable: bool = True) -> list[Check]:
    if settings is None:
        why = "no model for them is configured" if readable else "their settings cannot be read"
        return [skipped("embeddings", f"{why}: likeness is learned from the texts alone")]
    return [await _embeddings(one) for one in settings.endpoints]


async def _embeddings(endpoint: Endpoint) -> Check:
    client = ModelClient(endpoint)
    texts: Sequence[str] = ("The export stops.", "A new colour")
    body = {"model": endpoint.model, "input": texts, "encoding_format": "float"}
    try:
        answer = await client.fetch("POST", "embeddings", body=body, seconds=endpoint.timeout)
        vectors = read_embeddings(answer, len(texts))
    except ModelFault as fault:
        return _failed("embeddings", fault, endpoint, await _names(client, fault))
    except ValueError as error:
        return failure("embeddings", f"{_place(endpoint)}: what it answers is no list of vectors: {error}", _REMEDY)
    finally:
        await client.close()
    return ok("embeddings", f"{endpoint.model}: {len(vectors[0])} dimensions")


def _place(endpoint: Endpoint) -> str:
    """What the operator wrote: with several endpoints, and after a typing error, it is what there is to look at."""
    return f"{endpoint.base_url}, {endpoint.model}"


def _failed(name: str, fault: ModelFault, endpoint: Endpoint, names: Sequence[str] = ()) -> Check:
    what, _, remedy = explain(fault).partition(": ")
    listed = f" It has {_several(names)}." if names else ""
    return failure(name, f"{_place(endpoint)}: {what}", (f"{remedy[:1].upper()}{remedy[1:]}" or _REMEDY) + listed)
