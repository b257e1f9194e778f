"""Reading a chat completion of any shape."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.llm.completion import Completion, read_completion
from bot.llm.faults import Fault


def body(content: object = "hello", *, tokens: object = 7, ended: str = "stop") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": ended}
    return json.dumps({"choices": [choice], "usage": {"total_tokens": tokens}}).encode()


SHAPELESS = {
    "nothing": b"",
    "an empty object": b"{}",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"hello"',
    "a page": b"<html><body>It works!</body></html>",
    "half of it": body()[:-5],
    "no UTF-8": b'{"choices": "\xff\xfe"}',
    "no choices": b'{"choices": null}',
    "empty choices": b'{"choices": []}',
    "choices as text": b'{"choices": "hello"}',
    "choices as object": b'{"choices": {"0": {}}}',
    "an empty choice": b'{"choices": [null]}',
    "a choice as number": b'{"choices": [1]}',
    "no message": b'{"choices": [{}]}',
    "a message as text": b'{"choices": [{"message": "hello"}]}',
    "content null": body(None),
    "content as parts": body([{"type": "text", "text": "hello"}]),
    "content as number": body(1),
    "very deep": b'{"choices":' * 20_000 + b"1" + b"}" * 20_000,
}


def test_the_first_choice_counts() -> None:
    assert read_completion(body()) == Completion("hello", 7)


def test_an_answer_at_the_limit_is_marked() -> None:
    assert read_completion(body(ended="length")).cut_off


@pytest.mark.parametrize("raw", SHAPELESS.values(), ids=SHAPELESS)
def test_without_a_text_there_is_an_empty_one(raw: bytes) -> None:
    found = read_completion(raw)
    assert found.text == ""
    assert found.flaw in {Fault.NOT_A_COMPLETION, Fault.NO_CHOICES, Fault.NO_CONTENT}


@pytest.mark.parametrize("tokens", [None, 0, -5, True, "7", 7.5, 10**7, 10**30, [], {}])
def test_unbelievable_token_counts_are_none(tokens: object) -> None:
    assert read_completion(body(tokens=tokens)) == Completion("hello", None)


def test_half_characters_are_replaced() -> None:
    assert read_completion(body("a\ud800b")).text == "a?b"


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["choices", "message", "content", "usage", "total_tokens", "finish_reason"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_shape_raises(data: object) -> None:
    assert isinstance(read_completion(json.dumps(data).encode()), Completion)
