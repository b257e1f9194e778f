"""Structured answers: a pydantic type from a prompt's closed schema, and the one JSON object in a text."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

_FENCE: Final = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_THINKING: Final = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_MAX_TEXT: Final = 100_000


class UnusableSchema(ValueError):
    """A prompt's schema uses something that answers may not have."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, frozen=True, allow_inf_nan=False)


def answer_type(name: str, schema: Mapping[str, Any]) -> type[BaseModel]:
    """The pydantic type of a closed object schema: all properties required, strings bounded or enumerated."""
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        raise UnusableSchema(f"{name}: the answer must be a closed object")
    properties: Mapping[str, Any] = schema["properties"]
    if set(schema.get("required", ())) != set(properties):
        raise UnusableSchema(f"{name}: every property must be required")
    fields: dict[str, Any] = {key: (_type(key, rule), ...) for key, rule in properties.items()}
    return create_model(f"{name.title()}Answer", __base__=_Answer, **fields)


def _type(key: str, rule: Mapping[str, Any]) -> Any:
    match rule:
        case {"enum": list(values)}:
            return Literal[tuple(values)]
        case {"type": "string", "maxLength": int(longest)}:
            return Annotated[str, Field(max_length=longest)]
        case {"type": "number", "minimum": low, "maximum": high}:
            return Annotated[float, Field(ge=low, le=high)]
        case {"type": "boolean"}:
            return bool
    raise UnusableSchema(f"{key}: answers hold enums, bounded strings, bounded numbers and booleans")


def only_object(text: str) -> dict[str, Any] | None:
    """The one JSON object in an answer, fences, prose and reasoning set aside; None if there is not exactly one."""
    text = _THINKING.sub("", text[:_MAX_TEXT]).strip()
    fenced = _FENCE.findall(text)
    if len(fenced) == 1:
        text = fenced[0]
    found: list[dict[str, Any]] = []
    decoder = json.JSONDecoder()
    position = text.find("{")
    while position >= 0 and len(found) < 2:
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            found += [value] if isinstance(value, dict) else []
        position = text.find("{", end)
    return found[0] if len(found) == 1 else None
