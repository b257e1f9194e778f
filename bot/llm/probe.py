"""What an endpoint can do, found out by asking it: reachable, model listed, context, level, tokenizer, speed."""

import json
import time
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import BaseModel

from bot.endpoints import Level
from bot.llm.answers import answer_type, only_object
from bot.llm.client import REASONS, Ask, ModelClient
from bot.llm.completion import Completion
from bot.llm.faults import Fault, ModelFault
from bot.llm.levels import ORDER, parameters

log = structlog.get_logger()

# Nobody would give these values who was not held to the schema: it is not said in the text.
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"code": {"type": "string", "enum": ["quartz-7", "basalt-4"]}, "sure": {"type": "boolean"}},
    "required": ["code", "sure"],
    "additionalProperties": False,
}
SYSTEM: Final = "This is a test of the connection. Answer with one short JSON object and nothing else."
_USER: Final = "Is the connection working? Answer as JSON."
_TOKENS: Final = 60
_LISTING: Final = 10.0
# A list of models is a courtesy of the server; without it the model itself is asked.
_NO_LIST: Final = frozenset(
    {Fault.WRONG_URL, Fault.SERVER_ERROR, Fault.FORMAT_REFUSED, Fault.REFUSED, Fault.NOT_A_COMPLETION}
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the endpoint says of itself. `listed` is None where it lists no models; `context` where it does not tell.

    `names` are the models of the list.
    """

    listed: bool | None
    context: int | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found. `tokens_per_second` is None where the endpoint does not count its tokens."""

    listing: Listing
    level: Level
    tokenizer: bool
    tokens_per_second: float | None


async def look(client: ModelClient) -> Listing:
    """Reachable, and what it says of itself; costs nothing. Raises ModelFault where the endpoint cannot be used."""
    try:
        data = await client.fetch("GET", "models", seconds=_LISTING)
    except ModelFault as fault:
        if fault.fault not in _NO_LIST:
            raise
        return Listing(None, await _props(client))
    models = data.get("data") if isinstance(data, dict) else None
    found = [one for one in models if isinstance(one, dict)] if isinstance(models, list) else []
    if not found:
        return Listing(None, await _props(client))
    ours = next((one for one in found if _is(one, client.endpoint.model)), None)
    listed = ours if ours is not None else (found[0] if len(found) == 1 else {})
    names = tuple(one["id"] for one in found if isinstance(one.get("id"), str))
    return Listing(ours is not None, _context(listed) or await _props(client), names)


async def probe(client: ModelClient, *, seconds: float = 120.0) -> Probed:
    """Everything, by asking; some hundred tokens. Raises ModelFault where the endpoint cannot be used."""
    end = time.monotonic() + seconds
    listing = await look(client)
    client.quirks.clear()
    level, speed = await _level(client, end)
    tokenizer = await client.count("one two", private=False, seconds=_LISTING) is not None
    log.info("model_probed", endpoint=client.endpoint.name, level=level, context=listing.context)
    return Probed(listing, level, tokenizer, speed)


async def _level(client: ModelClient, end: float) -> tuple[Level, float | None]:
    """The first level of which the answer holds to the schema; the last one needs no proof but an answer."""
    kind = answer_type("probe", SCHEMA)
    speed = None
    for level in ORDER if client.endpoint.level is None else (client.endpoint.level,):
        started = time.monotonic()
        try:
            completion = await _complete(client, level, end)
        except ModelFault as fault:
            if fault.fault not in (Fault.FORMAT_REFUSED, Fault.PARAMETER_REFUSED) or level is ORDER[-1]:
                raise
            continue
        speed = _speed(completion, time.monotonic() - started) or speed
        if level is client.endpoint.level or _holds(completion, level, kind):
            return level, speed
    return ORDER[-1], speed


async def _complete(client: ModelClient, level: Level, end: float) -> Completion:
    dialogue = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": _USER}]
    ask = Ask(dialogue, parameters(level, "probe", SCHEMA), _TOKENS, end - time.monotonic())
    completion = await client.complete(ask)
    if completion.cut_off and (completion.reasoned or not completion.text) and REASONS not in client.quirks:
        client.quirks.add(REASONS)
        ask = Ask(ask.dialogue, ask.form, _TOKENS, end - time.monotonic())
        completion = await client.complete(ask)
    return completion


def _holds(completion: Completion, level: Level, kind: type[BaseModel]) -> bool:
    if level is Level.TEXT:
        return True
    if level is Level.OBJECT:
        return _is_object(completion.text)
    found = only_object((completion.call or "") if level is Level.TOOL else completion.text)
    try:
        return found is not None and kind.model_validate(found) is not None
    except ValueError:
        return False


def _is_object(text: str) -> bool:
    """Whether the whole text is one object: fences and prose show that nobody was held to JSON."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _speed(completion: Completion, seconds: float) -> float | None:
    """Of what came after the first token, where that is known: before it, the model may have been loaded."""
    if completion.tokens is None or completion.prompt_tokens is None:
        return None
    tokens = completion.tokens - completion.prompt_tokens
    if completion.seconds is not None:
        tokens, seconds = tokens - 1, completion.seconds
    return tokens / seconds if seconds > 0 else None


def _is(entry: dict[str, Any], model: str) -> bool:
    """Whether a listed model is ours: by its id or an alias; Ollama adds `:latest`."""
    aliases = entry.get("aliases")
    names = [entry.get("id"), *(aliases if isinstance(aliases, list) else ())]
    return model in names or f"{model}:latest" in names


def _context(entry: dict[str, Any]) -> int | None:
    """The context size in a listed model: vLLM, llama.cpp, OpenRouter and LiteLLM, LM Studio, Mistral, Groq."""
    meta = entry.get("meta")
    places = (
        entry.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None,
        entry.get("context_length"), entry.get("loaded_context_length"), entry.get("max_context_length"),
        entry.get("context_window"),
    )  # fmt: skip
    return next((one for one in places if type(one) is int and 256 <= one <= 10**8), None)


async def _props(client: ModelClient) -> int | None:
    """The context size of llama.cpp's servers, older ones included."""
    try:
        data = await client.fetch("GET", "/props", seconds=_LISTING)
    except ModelFault:
        return None
    settings = data.get("default_generation_settings") if isinstance(data, dict) else None
    size = settings.get("n_ctx") if isinstance(settings, dict) else None
    return size if type(size) is int and size >= 256 else None
