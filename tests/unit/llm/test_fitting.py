"""What fits in a context: instructions first, then what is worth most."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.llm.fitting import corrected, estimate, rooms, weight
from bot.prompting import Input, Prompt, fill

PROMPT = Prompt(
    id="sort",
    version=1,
    max_answer_tokens=60,
    inputs={
        "kinds": Input(trusted=True, cap=40, worth=3),
        "title": Input(trusted=False, cap=100, worth=2),
        "body": Input(trusted=False, cap=6_000, worth=1),
    },
    system="You sort reports.",
    user="Kinds: {{kinds}}\nTitle:\n{{title}}\nText:\n{{body}}\nWhich kind is it?",
    schema={"type": "object"},
)
INPUTS = {"kinds": "bug, question", "title": "t" * 100, "body": "b" * 6_000}


def room(tokens: int, **inputs: str) -> dict[str, int] | None:
    return rooms(PROMPT, {**INPUTS, **inputs}, tokens=tokens, chars_per_token=None)


def test_with_room_enough_all_is_kept() -> None:
    assert room(4_000) == {"kinds": 13, "title": 100, "body": 6_000}


def test_what_is_worth_least_is_cut_first() -> None:
    found = room(1_000)
    assert found is not None
    assert (found["kinds"], found["title"]) == (13, 100)
    assert 0 < found["body"] < 6_000


def test_then_what_is_worth_more() -> None:
    found = room(168)
    assert found is not None
    assert found["kinds"] == 13
    assert 0 < found["title"] < 100
    assert found["body"] == 0


def test_our_own_words_are_never_cut() -> None:
    found = [room(tokens) for tokens in range(130, 170)]
    assert None in found
    assert {one["kinds"] for one in found if one is not None} == {13}


def test_what_is_beyond_the_cap_takes_nobody_s_room() -> None:
    assert room(1_000, title="t" * 10_000) == room(1_000)


@pytest.mark.parametrize("text", ["€" * 6_000, "汉" * 6_000, "😀" * 6_000, "a€" * 3_000])
def test_dense_text_gets_fewer_characters(text: str) -> None:
    dense, plain = room(1_000, body=text), room(1_000)
    assert dense is not None
    assert plain is not None
    assert dense["body"] < plain["body"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=500), st.text(max_size=7_000), st.integers(200, 3_000))
def test_what_was_fitted_fits(title: str, body: str, tokens: int) -> None:
    inputs = {"kinds": "bug", "title": title, "body": body}
    found = rooms(PROMPT, inputs, tokens=tokens, chars_per_token=None)
    assert found is not None
    filled = fill(PROMPT, inputs, rooms=found)
    # Hidden tokens and replaced halves of characters may change the length a little.
    assert estimate(filled.system, filled.user) <= tokens


def test_the_rooms_are_the_prompt_s() -> None:
    filled = fill(PROMPT, INPUTS, fence="w0rd", rooms={"kinds": 13, "title": 100, "body": 7})
    assert filled.user.count("b") == 7 + len("b") * "Kinds: bug".count("b")
    assert filled.cut == ("body",)


def test_rooms_never_widen_a_cap() -> None:
    assert fill(PROMPT, INPUTS, rooms={"title": 10_000}).user.count("t" * 101) == 0


def test_characters_weigh() -> None:
    assert [weight(text) for text in ("", "abc", "é", "€", "😀", "a\0b")] == [0, 3, 3, 4.5, 6, 3]


def test_estimates_are_rather_too_high_than_too_low() -> None:
    words = "the model says that this report describes a crash " * 20
    assert estimate(words) > len(words.split())
    assert estimate() > 0


def test_what_is_denser_than_expected_counts_at_once() -> None:
    assert corrected(4.0, ("x" * 1_000,), 500) == 2.0


def test_what_is_thinner_counts_slowly() -> None:
    assert corrected(4.0, ("x" * 1_000,), 125) == 5.0


def test_the_first_measurement_counts() -> None:
    assert corrected(None, ("x" * 1_000,), 250) == 4.0


@pytest.mark.parametrize(("characters", "tokens"), [(50, 20), (1_000, 100_000), (10_000, 101)])
def test_unbelievable_counts_teach_nothing(characters: int, tokens: int) -> None:
    assert corrected(3.5, ("x" * characters,), tokens) == 3.5
