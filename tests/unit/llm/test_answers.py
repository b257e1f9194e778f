"""Types from closed schemas: what they take, and which schemas are refused."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from bot.llm.answers import UnusableSchema, answer_type, only_object

PROPERTIES: dict[str, Any] = {
    "kind": {"type": "string", "enum": ["bug", "question"], "description": "what it is"},
    "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    "evidence": {"type": "string", "maxLength": 10},
    "sure": {"type": "boolean"},
}
GOOD: dict[str, Any] = {"kind": "bug", "confidence": 0.5, "evidence": "it broke", "sure": True}


def schema(**properties: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


WHOLE = schema(**PROPERTIES)

FITTING = {
    "as it should be": {},
    "a whole number is a number": {"confidence": 1},
    "the lowest": {"confidence": 0},
    "the longest": {"evidence": "x" * 10},
    "characters, not bytes": {"evidence": "€" * 10},
    "empty text": {"evidence": ""},
    "text that looks like markup": {"evidence": "<b>@all"},
}

UNFITTING = {
    "another kind": {"kind": "lock"},
    "a kind in capitals": {"kind": "BUG"},
    "no kind": {"kind": None},
    "a number as text": {"confidence": "0.5"},
    "a truth value as number": {"confidence": True},
    "a number as truth value": {"sure": 1},
    "a text as truth value": {"sure": "yes"},
    "too sure": {"confidence": 1.01},
    "less than nothing": {"confidence": -0.1},
    "not a number": {"confidence": math.nan},
    "endless": {"confidence": math.inf},
    "a character too long": {"evidence": "x" * 11},
    "bytes": {"evidence": b"text"},
    "what cannot be stored": {"evidence": "a\x00b"},
    "half a character": {"evidence": "\ud800"},
    "a list": {"evidence": ["x"]},
    "one more field": {"target": "octo/repo#1"},
}

UNUSABLE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no object": {**WHOLE, "type": "array"},
    "an open object": {**WHOLE, "additionalProperties": True},
    "open by default": {key: value for key, value in WHOLE.items() if key != "additionalProperties"},
    "no properties": schema(),
    "properties missing": {"type": "object", "additionalProperties": False},
    "properties as a list": {**WHOLE, "properties": ["kind"]},
    "an optional property": {**WHOLE, "required": ["kind"]},
    "nothing required": {key: value for key, value in WHOLE.items() if key != "required"},
    "required is a text": {**WHOLE, "required": "kind"},
    "a required stranger": {**WHOLE, "required": [*PROPERTIES, "other"]},
    "a further keyword": {**WHOLE, "anyOf": [{}]},
    "endless text": schema(evidence={"type": "string"}),
    "text without room": schema(evidence={"type": "string", "maxLength": 0}),
    "text with a pattern": schema(evidence={"type": "string", "maxLength": 5, "pattern": "^a"}),
    "an endless number": schema(confidence={"type": "number"}),
    "a number with one end": schema(confidence={"type": "number", "minimum": 0}),
    "a number with its ends exchanged": schema(confidence={"type": "number", "minimum": 1, "maximum": 0}),
    "a number with ends of text": schema(confidence={"type": "number", "minimum": "0", "maximum": "1"}),
    "whole numbers": schema(count={"type": "integer", "minimum": 0, "maximum": 1}),
    "an empty choice": schema(kind={"enum": []}),
    "a choice of numbers": schema(kind={"enum": [1, 2]}),
    "a choice with a number": schema(kind={"enum": ["bug", 2]}),
    "a choice of lists": schema(kind={"enum": [["bug"]]}),
    "a choice with another type": schema(kind={"enum": ["bug"], "type": "number"}),
    "a list inside": schema(kinds={"type": "array", "items": {"type": "string", "maxLength": 5}}),
    "an object inside": schema(target={"type": "object"}),
    "a reference": schema(kind={"$ref": "#/definitions/kind"}),
    "a rule that is none": schema(kind=True),
    "a name in capitals": schema(Kind={"type": "boolean"}),
    "a name of the library": schema(json={"type": "boolean"}),
    "the library's configuration": schema(model_config={"type": "boolean"}),
    "a hidden name": schema(_kind={"type": "boolean"}),
    "no name": schema(**{"": {"type": "boolean"}}),
}


@pytest.mark.parametrize("change", FITTING.values(), ids=FITTING)
def test_fitting_answers_are_taken(change: dict[str, Any]) -> None:
    found = answer_type("triage", WHOLE).model_validate(GOOD | change)
    assert found.model_dump() == GOOD | change


@pytest.mark.parametrize("change", UNFITTING.values(), ids=UNFITTING)
def test_unfitting_answers_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        answer_type("triage", WHOLE).model_validate(GOOD | change)


@pytest.mark.parametrize("missing", PROPERTIES)
def test_no_property_may_be_missing(missing: str) -> None:
    with pytest.raises(ValidationError):
        answer_type("triage", WHOLE).model_validate({key: GOOD[key] for key in GOOD if key != missing})


@pytest.mark.parametrize("unusable", UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_schemas_are_refused(unusable: dict[str, Any]) -> None:
    with pytest.raises(UnusableSchema):
        answer_type("triage", unusable)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_never_become_an_answer(constant: str) -> None:
    text = f'{{"kind":"bug","confidence":{constant},"evidence":"","sure":true}}'
    with pytest.raises(ValidationError):
        answer_type("triage", WHOLE).model_validate(only_object(text))
