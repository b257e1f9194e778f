"""Structured answers: a pydantic type from a prompt's closed schema, and the one JSON object in a text."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, create_model

from bot.llm.faults import Fault

_FENCE: Final = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_BRACE: Final = re.compile(r"[{}]")
_NAME: Final = re.compile(r"(?!model_)[a-z][a-z0-9_]*")
_MAX_TEXT: Final = 100_000
_OUTER: Final = frozenset({"$schema", "title", "description", "type", "properties", "required", "additionalProperties"})
# A NUL cannot be stored in PostgreSQL.
_STORABLE: Final = r"^[^\x00]*$"


class UnusableSchema(ValueError):
    """A prompt's schema uses something that answers may not have."""


class _Answer(BaseModel):
    # guard: closed-answers (2): without extra
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def answer_type(name: str, schema: Mapping[str, Any]) -> type[BaseModel]:
    """The pydantic type of a closed object schema: all properties required, strings bounded or enumerated.

    Raises UnusableSchema for anything else, unknown keywords included: the type must not be wider than the schema.
    """
    # guard: closed-schemas (2): each
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False or schema.keys() - _OUTER:
        raise UnusableSchema(f"{name}: the answer must be a closed object without other keywords")
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise UnusableSchema(f"{name}: the answer has no properties")
    required = schema.get("required")
    # guard: required-answers (2)
    if not isinstance(required, list) or sorted(map(str, required)) != sorted(properties):
        raise UnusableSchema(f"{name}: every property must be required")
    fields: dict[str, Any] = {key: (_type(key, rule), ...) for key, rule in properties.items()}
    return create_model(f"{name.title()}Answer", __base__=_Answer, **fields)


def _type(key: str, rule: object) -> Any:
    if not _NAME.fullmatch(key) or hasattr(BaseModel, key):  # guard: answer-names (2)
        raise UnusableSchema(f"{key}: this name cannot be used for a property")
    plain = {name: value for name, value in rule.items() if name != "description"} if isinstance(rule, dict) else rule
    match plain:
        case {"enum": [str(), *_] as values, **rest} if rest in ({}, {"type": "string"}) and _texts(values):
            return Literal[tuple(values)]
        case {"type": "string", "maxLength": int(longest), **rest} if not rest and longest > 0:
            # guard: lengths-of-answers (2): without max_length
            return Annotated[str, Field(max_length=longest, pattern=_STORABLE)]
        case {"type": "number", "minimum": int() | float() as low, "maximum": int() | float() as high, **rest} if (
            not rest and low <= high
        ):
            return Annotated[float, Field(ge=low, le=high)]
        case {"type": "boolean", **rest} if not rest:
            return bool
    raise UnusableSchema(f"{key}: answers hold enums of strings, bounded strings, bounded numbers and booleans")


def _texts(values: list[Any]) -> bool:
    return all(isinstance(one, str) for one in values)


def only_object(text: str) -> dict[str, Any] | None:
    """The one JSON object in an answer, fences, prose and reasoning set aside; None if there is not exactly one.

    An object inside something broken or cut off is not the answer. Linear in the length of the text.
    """
    if len(text) > _MAX_TEXT:  # guard: long-answers (33)
        return None
    whole, end = _decode(text.strip(), 0)
    if whole is not None and end == len(text.strip()):
        return whole
    found = list(islice(_objects(_likely(text)), 2))
    return found[0] if len(found) == 1 else None


def why_no_object(text: str) -> Fault:
    """The name of what is wrong with a text in which `only_object` found nothing."""
    try:
        json.loads(_likely(text[:_MAX_TEXT]).strip(), parse_constant=_refuse, object_pairs_hook=_without_repeats)
    except _Flawed as flawed:
        return flawed.fault
    except (ValueError, RecursionError):
        pass
    return Fault.NO_OBJECT


def _likely(text: str) -> str:
    """The text without reasoning; the content of its fence if it has one."""
    # Some servers open the reasoning in their template, so that only its end is in the answer.
    text = text.rpartition("</think>")[2].partition("<think>")[0]
    fenced = _FENCE.findall(text)
    return fenced[0] if len(fenced) == 1 else text


def _objects(text: str) -> Iterator[dict[str, Any]]:
    position = text.find("{")
    while position >= 0:
        value, end = _decode(text, position)
        if value is not None:
            yield value
        position = text.find("{", end)


def _decode(text: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """The object that starts there and its end; without one, the end of what the brace encloses."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, _past(text, start)
    return (value if isinstance(value, dict) else None), end


def _past(text: str, start: int) -> int:
    depth = 0
    for brace in _BRACE.finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(text)


class _Flawed(ValueError):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def _refuse(_constant: str) -> NoReturn:
    raise _Flawed(Fault.NOT_A_NUMBER)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two values was meant nobody knows, and readers differ."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Flawed(Fault.DUPLICATE_KEYS)
    return found


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_without_repeats)
