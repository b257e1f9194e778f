"""Which misspellings become remarks, and what the suggestions change."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capabilities.docs.config import DocsOptions
from bot.domain.facts import Misspelling
from tests.unit.capabilities.docs.making import comments_of, facts_for, said

FIXES = {"teh": ("the",), "recieve": ("receive",), "Teh": ("The",), "wich": ("which", "witch")}

SUGGESTED = {
    "one word": ("This is teh end.", "This is the end."),
    "several words of a line in one suggestion": ("teh end we recieve teh", "the end we receive the"),
    "indentation and trailing spaces": ("  - teh end  ", "  - the end  "),
    "tab": ("\tteh end", "\tthe end"),
    "not ASCII before it": ("Größe 🚀 teh", "Größe 🚀 the"),
    "emphasis": ("_teh_ **recieve**", "_the_ **receive**"),
    "beginning of a sentence": ("Teh end.", "The end."),
    "heading": ("## About Teh End", "## About The End"),
    "possessive": ("in teh's place", "in the's place"),
    "only the sure one": ("teh end wich", "the end wich"),
}

DROPPED = {
    "capitals": "TEH END",
    "identifier with _": "call recieve_all or all_recieve now",
    "identifier with digits": "call recieve2 now",
    "inner capitals": "call recieveAll now",
    "name inside a sentence": "Ask our Teh about it",
    "two names": "Teh Smith",
}


@pytest.mark.parametrize(("line", "fixed"), SUGGESTED.values(), ids=SUGGESTED)
def test_sure_corrections_are_one_suggestion_of_the_line(line: str, fixed: str) -> None:
    (comment,) = comments_of(facts_for({"a.md": line}, mistakes=FIXES))
    assert (comment.suggestion, comment.original) == ((fixed,), (line,))
    assert (comment.line, comment.start_line) == (1, None)


@pytest.mark.parametrize("line", DROPPED.values(), ids=DROPPED)
def test_names_are_left_alone(line: str) -> None:
    mistakes = {**FIXES, "TEH": ("THE",), "recieveAll": ("receiveAll",)}
    assert comments_of(facts_for({"a.md": line}, mistakes=mistakes)) == ()


def test_several_corrections_are_named_without_a_suggestion() -> None:
    (comment,) = comments_of(facts_for({"a.md": "the house wich stands"}, mistakes=FIXES))
    assert comment.suggestion is None
    assert said(comment) == "Possible typo: `wich`. Perhaps `which` or `witch`?"


def test_only_changed_lines() -> None:
    text = "teh one\nteh two\nteh three"
    facts = facts_for(
        {"a.md": text}, patches={"a.md": "@@ -1,3 +1,3 @@\n teh one\n-x\n+teh two\n teh three"}, mistakes=FIXES
    )
    assert [one.line for one in comments_of(facts)] == [2]


def test_carriage_returns_are_no_part_of_the_suggestion() -> None:
    (comment,) = comments_of(facts_for({"a.md": "teh end\r\n"}, mistakes=FIXES))
    assert (comment.original, comment.suggestion) == (("teh end",), ("the end",))


def test_words_of_the_configuration_and_of_file_names() -> None:
    facts = facts_for({"a.md": "teh end"}, mistakes=FIXES)
    assert comments_of(facts, DocsOptions(words=("TEH",))) == ()
    facts = facts_for({"a.md": "teh end"}, mistakes=FIXES, others=["src/teh-parser.py"])
    assert comments_of(facts) == ()
    assert comments_of(facts_for({"a.md": "teh end"}, mistakes=FIXES), DocsOptions(spelling=False)) == ()


@pytest.mark.parametrize(("unchanged", "expected"), [(2, 1), (3, 0)])
def test_jargon_of_unchanged_lines(unchanged: int, expected: int) -> None:
    old = "\n".join(["a Teh b"] * unchanged)
    patch = (
        f"@@ -1,{unchanged} +1,{unchanged + 1} @@\n" + "".join(f" {line}\n" for line in old.split("\n")) + "+teh end"
    )
    facts = facts_for({"a.md": old + "\nteh end"}, patches={"a.md": patch}, mistakes=FIXES)
    assert len(comments_of(facts)) == expected


def test_a_document_in_another_language_is_left_alone() -> None:
    text = "Das ist ein langer Satz auf Deutsch, der von vielen Dingen handelt und sehr lang ist. " * 4 + "teh"
    assert comments_of(facts_for({"a.md": text}, mistakes=FIXES)) == ()


STALE = {
    "another word there": Misspelling("a.md", 1, 1, "teh", ("the",)),
    "line beyond the end": Misspelling("a.md", 9, 0, "teh", ("the",)),
    "column beyond the end": Misspelling("a.md", 1, 99, "teh", ("the",)),
    "another file": Misspelling("b.md", 1, 0, "teh", ("the",)),
    "nothing to correct": Misspelling("a.md", 1, 0, "teh", ()),
}


@pytest.mark.parametrize("stale", STALE.values(), ids=STALE)
def test_a_misspelling_that_does_not_fit_is_dropped(stale: Misspelling) -> None:
    facts = facts_for({"a.md": "teh end"}, mistakes={})
    object.__setattr__(facts, "misspellings", (stale,))
    assert comments_of(facts) == ()


@pytest.mark.parametrize("line", ["/deploy teh end", "@someone teh end"])
def test_a_line_like_a_command_gets_no_suggestion(line: str) -> None:
    (comment,) = comments_of(facts_for({"a.md": line}, mistakes=FIXES))
    assert comment.suggestion is None


_WORDS = st.sampled_from(["teh", "recieve", "wich", "fine", "größe", "`teh`", "[a](#b)", "🚀", "teh_x", "x2", "TEH"])
_GAPS = st.sampled_from([" ", "  ", ", ", " – ", "\t", ". ", "* "])


@given(st.lists(st.tuples(_WORDS, _GAPS), max_size=30))
def test_a_suggestion_changes_only_misspelled_words(parts: list[tuple[str, str]]) -> None:
    line = "x " + "".join(word + gap for word, gap in parts)
    for comment in comments_of(facts_for({"a.md": line}, mistakes=FIXES), DocsOptions(links=False)):
        (fixed,) = comment.suggestion or (line,)
        assert comment.original == ((line,) if comment.suggestion else ())
        before, after = re.split(r"(\w+)", line), re.split(r"(\w+)", fixed)
        assert len(before) == len(after)
        changed = {(old, new) for old, new in zip(before, after, strict=True) if old != new}
        assert changed <= {("teh", "the"), ("recieve", "receive")}
