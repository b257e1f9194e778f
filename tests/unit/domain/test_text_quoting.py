"""Untrusted words inside our own Markdown, and markers."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.domain.text import Marker, Prose, RenderPolicy, code, find_marker, literal, make_marker, quote, render

POLICY = RenderPolicy("https://github.com/o/r", "https://github.com/o")
KEY = b"secret"


def plain(markdown: str) -> str:
    """The text of Markdown that is one paragraph without any markup."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert [token.type for token in tokens] in (["paragraph_open", "inline", "paragraph_close"], [])
    children = tokens[1].children or [] if tokens else []
    assert {token.type for token in children} <= {"text"}
    return "".join(token.content for token in children)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "`a b`"),
        ("", ""),
        (" \n ", ""),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a\nb\tc", "`a b c`"),
        ("a\u200b\x00b", "`ab`"),
        ("x" * 121, "`" + "x" * 119 + "…`"),
        ("@bob #6", "`@bob #6`"),
    ],
)
def test_code(text: str, expected: str) -> None:
    assert code(text) == expected
    assert render((Prose(f"a {expected} b"),), POLICY).body in {f"a {expected} b", "a b"}


@settings(max_examples=200, deadline=None)
@given(st.text("*_`[]()<>#-+=.1)&;~!|$\\ab :/", max_size=30))
@example("1. a")
@example("- a")
@example("==")
@example("&amp;")
@example("---")
def test_literal_reads_as_the_text(text: str) -> None:
    assert plain(literal(text)) == " ".join(text.split())
    assert plain(f"a {literal(text)}") == f"a {' '.join(text.split())}".strip()


def test_literal_is_one_clean_line() -> None:
    assert literal("a\nb\u202e *c*") == "a b \\*c\\*"


def test_quote() -> None:
    assert quote("# a\r\n\n> b\n*c*") == "> \\# a\n> \\> b\n> \\*c\\*"
    assert quote("x" * 300) == "> " + "x" * 279 + "…"
    assert quote("abc def", limit=5) == "> abc…"
    assert quote("\n") == ""


def test_marker_comes_back() -> None:
    marker = make_marker("status", "o/r#12", KEY)
    assert marker.startswith("<!-- contribution-assistant:status:o/r#12 ")
    assert find_marker(f"{marker}\r\nhello", KEY) == Marker("status", "o/r#12")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "\n" + make_marker("a", "b", KEY),
        "hello\n" + make_marker("a", "b", KEY),
        " " + make_marker("a", "b", KEY),
        make_marker("a", "b", KEY) + " x",
        make_marker("a", "b", b"other"),
        make_marker("a", "b", KEY).replace(":b ", ":c "),
        make_marker("a", "b", KEY).replace(" -->", "0 -->"),
    ],
)
def test_no_other_marker_counts(body: str) -> None:
    assert find_marker(body, KEY) is None


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a>b", "é", "a\n", "x" * 201])
def test_marker_names_are_plain(name: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        make_marker(name, "b", KEY)
    with pytest.raises(ValueError, match="letters"):
        make_marker("a", name, KEY)
