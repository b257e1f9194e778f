"""The one JSON object in whatever a model wrote."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.llm.answers import only_object

ANSWER = {"kind": "bug", "confidence": 0.5}
TEXT = json.dumps(ANSWER)

FOUND = {
    "alone": TEXT,
    "with space around it": f"\n\n  {TEXT}\n",
    "over several lines": json.dumps(ANSWER, indent=2),
    "in a fence": f"```json\n{TEXT}\n```",
    "in a fence without a language": f"```\n{TEXT}\n```",
    "in a fence in capitals": f"```JSON\n{TEXT}\n```",
    "in a fence between prose": f"Here it is:\n\n```json\n{TEXT}\n```\nI hope that it helps {{smile}}.",
    "in a fence that stays open": f"```json\n{TEXT}",
    "between prose": f"The answer is {TEXT}, of course.",
    "after braces of prose": f"I put it in {{braces}} as asked: {TEXT}",
    "after reasoning": f"<think>It may be {{}} or {TEXT}</think>\n{TEXT}",
    "after reasoning whose start is in the template": f"It may be {TEXT}, or not.</think>\n{TEXT}",
    "before reasoning that never ends": f"{TEXT}<think>or is it",
    "in a list": f"[{TEXT}]",
}

NONE = {
    "nothing": "",
    "prose": "I cannot say.",
    "a text": '"bug"',
    "a number": "1",
    "null": "null",
    "an empty list": "[]",
    "two objects": f"{TEXT}\n{TEXT}",
    "two in a list": f"[{TEXT}, {TEXT}]",
    "two fences": f"```\n{TEXT}\n```\n```\n{TEXT}\n```",
    "two in one fence": f"```\n{TEXT}\n{TEXT}\n```",
    "only in the reasoning": f"<think>{TEXT}</think>I cannot say.",
    "in reasoning that never ends": f"<think>{TEXT}",
    "cut off": TEXT[:-1],
    "cut off around a whole one": f'{{"answer": {TEXT}',
    "cut off after some": f'{{"a": {TEXT}, "b": {TEXT}',
    "inside something that is not JSON": f"{{kind: bug, more: {TEXT}}}",
    "single quotes": "{'kind': 'bug'}",
    "a comma too many": '{"kind": "bug",}',
    "not a number": '{"confidence": NaN}',
    "endless": '{"confidence": Infinity}',
    "a number of 5,000 digits": f'{{"confidence": {"9" * 5000}}}',
    "too long": json.dumps({"evidence": "x" * 100_000}),
    "too deep": '{"a":' * 15_000 + "1" + "}" * 15_000,
}

SLOW = {
    "opened without end": '{"a":' * 20_000,
    "braces": "{" * 100_000,
    "both braces": "{}" * 50_000,
    "a list without end": '{"a":[' + "1," * 49_000,
    "lists without end": '{"a":[1,2,3,4,5,6,7,8,9,' * 4_000,
    "a fence before lines": "x```" + "\n" * 99_000 + "x",
    "a fence before spaces": "x```" + " " * 99_000 + "x",
    "fences": "```\n" * 25_000,
    "quotes": '{"' * 50_000,
    "reasoning": "<think>" * 14_000,
    "ends of reasoning": "</think>" * 12_000,
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_the_object_is_found(text: str) -> None:
    assert only_object(text) == ANSWER


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_there_is_not_exactly_one_object(text: str) -> None:
    assert only_object(text) is None


def test_an_object_in_an_object_belongs_to_it() -> None:
    assert only_object('x {"a": {"b": {}}} y') == {"a": {"b": {}}}


@pytest.mark.parametrize("evidence", ["<think>", "</think>", "```json\n{}\n```", "{", '}"{"'])
def test_marks_inside_a_text_are_only_text(evidence: str) -> None:
    assert only_object(json.dumps({"evidence": evidence})) == {"evidence": evidence}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_hostile_answers_cost_no_time(text: str) -> None:
    started = time.perf_counter()
    assert only_object(text) is None
    assert time.perf_counter() - started < 0.5


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='{}[]",:`\n <think>/a1\\', max_size=80))
def test_any_text_ends_with_an_object_or_none(text: str) -> None:
    found = only_object(text)
    assert found is None or isinstance(found, dict)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()))
def test_every_object_that_stands_alone_is_found(value: dict[str, Any]) -> None:
    assert only_object(json.dumps(value)) == value
