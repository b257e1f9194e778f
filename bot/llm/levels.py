"""How an answer's form is asked for: what each level adds to a request, and what it must say in words."""

import json
from collections.abc import Mapping
from typing import Any, Final, assert_never

from bot.endpoints import Level

ORDER: Final = tuple(Level)
TOOL_NAME: Final = "answer"


def steps(known: str, fixed: Level | None) -> tuple[Level, ...]:
    """The levels to try in turn: the operator's alone, else from the known one downwards, else all."""
    if fixed is not None:
        return (fixed,)
    return ORDER[ORDER.index(Level(known)) :] if known in ORDER else ORDER


def is_lower(level: Level, known: str) -> bool:
    """Whether a level is less strict than the known one, or nothing usable is known."""
    return known not in ORDER or ORDER.index(level) > ORDER.index(Level(known))


def parameters(level: Level, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What the request holds for this level. The only tool is a form to fill in: it has no effect."""
    match level:
        case Level.STRICT:
            form = {"name": name, "strict": True, "schema": dict(schema)}
            return {"response_format": {"type": "json_schema", "json_schema": form}}
        case Level.LENIENT:
            form = {"name": name, "schema": dict(schema)}
            return {"response_format": {"type": "json_schema", "json_schema": form}}
        case Level.TOOL:
            function = {"name": TOOL_NAME, "description": "Gives the answer.", "parameters": dict(schema)}
            choice = {"type": "function", "function": {"name": TOOL_NAME}}
            return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}
        case Level.OBJECT:
            return {"response_format": {"type": "json_object"}}
        case Level.TEXT:
            return {}
    assert_never(level)


def instructions(level: Level, system: str, schema: Mapping[str, Any]) -> str:
    """The system text: below the strict level the schema is said as well."""
    return system if level is Level.STRICT else f"{system}\n\n{in_words(schema)}"


def in_words(schema: Mapping[str, Any]) -> str:
    return f"Answer with one JSON object of this schema:\n{json.dumps(schema)}"
