"""What a server really holds its model to: asked directly, with words and a schema that the product does not use."""

import json
from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs
from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.endpoints.servers import Serving

# Nobody would give such an answer by chance, and the words do not tell it.
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "enum": ["ochre-11", "teal-52", "umber-30"]},
        "seen": {"type": "boolean"},
    },
    "required": ["colour", "seen"],
    "additionalProperties": False,
}
_FITS: Final = jsonschema_rs.validator_for(_SCHEMA)
_TOKENS: Final = 80
_TIME: Final = ClientTimeout(total=120)


def _schema_form(**more: object) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "seen", "schema": _SCHEMA, **more}}}


FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "json_schema": _schema_form(strict=True),
    "json_schema_lenient": _schema_form(),
    "tool_call": {
        "tools": [{"type": "function", "function": {"name": "see", "parameters": _SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "see"}},
    },
    "json_object": {"response_format": {"type": "json_object"}},
}


async def held(server: Serving, *, times: int) -> dict[str, int]:
    """How many of so many answers are of the asked form, by level, the strictest first, until one holds them all."""
    found: dict[str, int] = {}
    async with ClientSession(timeout=_TIME, headers={"Authorization": f"Bearer {server.key}"}) as session:
        for level, form in FORMS.items():
            found[level] = sum([await _holds(session, server, level, form, turn) for turn in range(times)])
            if found[level] == times:
                break
    return found


def real_level(found: Mapping[str, int], *, times: int) -> str:
    """The strictest level that held every time; a server of which none did has only its words."""
    return next((level for level, count in found.items() if count == times), "text")


async def _holds(
    session: ClientSession, server: Serving, level: str, form: Mapping[str, Any], turn: int
) -> bool:  # fmt: skip
    dialogue = [{"role": "user", "content": f"What do you see in picture {turn}? Answer as JSON."}]
    body = {"model": server.model, "messages": dialogue, "max_tokens": _TOKENS, "temperature": 1.0, "seed": turn}
    try:
        async with session.post(f"{server.url}/chat/completions", json={**body, **form}) as response:
            message = (await response.json(content_type=None))["choices"][0]["message"]
    except (ClientError, LookupError, TypeError, ValueError):
        return False
    return fits(level, message)


def fits(level: str, message: Mapping[str, Any]) -> bool:
    """Whether a message is an answer in the form of that level, as a whole."""
    try:
        text = message["tool_calls"][0]["function"]["arguments"] if level == "tool_call" else message["content"]
        data = json.loads(text)
    except (LookupError, TypeError, ValueError):
        return False
    return isinstance(data, dict) if level == "json_object" else _FITS.is_valid(data)
