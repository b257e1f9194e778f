"""Characters that nobody sees: one of each kind that is hidden, and that ordinary ones are not."""

import pytest

from bot.domain.text.characters import MAX_MARKS, clean, is_hidden, one_line

HIDDEN = {
    "control": "\x07",
    "format: zero width": "\u200b",
    "format: bidirectional": "\u202e",
    "unassigned": "\u0378",
    "private use": "\ue000",
    "surrogate": "\ud800",
    "space that is no space": "\u00a0",
    "combining grapheme joiner": "\u034f",
    "Hangul filler, first": "\u115f",
    "Hangul filler, second": "\u1160",
    "Khmer vowel without a look": "\u17b4",
    "Mongolian variation selector": "\u180b",
    "blank Braille pattern": "\u2800",
    "Hangul filler": "\u3164",
    "variation selector": "\ufe0f",
    "Hangul filler of half width": "\uffa0",
    "object replacement": "\ufffc",
    "musical null notehead": "\U0001d159",
    "variation selector of the supplement": "\U000e0100",
    "tag": "\U000e0041",
}
SEEN = "aZ09~!é ж 谢 🎉 ǅ ª"


@pytest.mark.parametrize("char", HIDDEN.values(), ids=HIDDEN)
def test_what_nobody_sees_is_hidden_and_taken_out(char: str) -> None:
    assert is_hidden(char)
    assert clean(f"a{char}b") in ("ab", "a b")


def test_what_is_seen_stays() -> None:
    assert not any(is_hidden(char) for char in SEEN)
    assert clean(SEEN + "\n\t") == SEEN + "\n\t"
    assert one_line(" a\n b\t") == "a b"


def test_marks_pile_up_three_high() -> None:
    assert clean("e" + "\u0301" * 40) == "e" + "\u0301" * MAX_MARKS
    assert MAX_MARKS == 3
