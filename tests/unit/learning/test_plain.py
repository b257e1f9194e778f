"""Reasons in words that tell a maintainer something."""

import pytest

from bot.learning.kinds import Reason
from bot.learning.nearby import nearest
from bot.learning.plain import in_words

CASES = {
    "words": ([("title", "crash"), ("text", "segfault")], ("“crash” in the title", "“segfault” in the text")),
    "small words": ([("text", "and the"), ("text", "i"), ("text", "?"), ("text", "crash")], ("“crash” in the text",)),
    "pieces and shapes": ([("title pieces", "cra"), ("shape", "letters ≥ 2"), ("signs", "trace")], ()),
    "the stronger of two that overlap": (
        [("text", "tide gauge"), ("text", "tide"), ("title", "the tide gauge")], ("“tide gauge” in the text",),
    ),
    "edges": ([("title", "<start> how to"), ("title", "<start> broken")], ("“broken” in the title",)),
    "a heading": ([("form", "heading: steps to reproduce")], ("the heading “steps to reproduce”",)),
    "an answer": ([("form", "answer: version = 0.0")], ("the form's “version = 0.0”",)),
    "code and links": (
        [("code", "segv"), ("addresses", "example.org/logs")], ("“segv” in code", "a link to example.org/logs"),
    ),
    "no more than asked for": (
        [("text", "one1"), ("text", "two2"), ("text", "three")], ("“one1” in the text", "“two2” in the text"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "lines"), CASES.values(), ids=CASES)
def test_reasons_in_words(found: list[tuple[str, str]], lines: tuple[str, ...]) -> None:
    reasons = [Reason(view, feature, 1.0 / (at + 1)) for at, (view, feature) in enumerate(found)]
    assert in_words(reasons, 2) == lines


def test_the_nearest_titles_share_rare_words() -> None:
    known = [("Crash on start", 1), ("Crash when a tide gauge is read", 2), ("Colours", 3), ("Tide gauge in colour", 4)]
    assert set(nearest("The tide gauge crashes", known, 2)) == {2, 4}
    assert nearest("Colours of the tide", known, 1) == [3]
    assert nearest("zzz", known, 2) == []
    assert nearest("anything", [], 2) == []
