"""Ordinary text keeps its words and its look; sizes, markers, suggestions and the seal."""

import pytest

from bot.domain.text import (
    MAX_BODY,
    Details,
    Prose,
    Rendered,
    RenderPolicy,
    UnsafeText,
    make_marker,
    render,
    render_suggestion,
)
from tests.unit.domain.github_html import violations

POLICY = RenderPolicy("https://github.com/o/r", "https://github.com/o", numbers=frozenset({5}), mention="alice")
MARKER = make_marker("status", "o/r#1", b"key")

UNCHANGED = {
    "paragraphs": "Thanks for the report, @alice.\n\nSee #5; it looks like a duplicate (of version 2.1.0).",
    "emphasis": "**Bold**, *italic*, ***both***, ~~gone~~ and a **bold *nested* phrase** in_word_marks.",
    "code": "Run `pip install x` and ``a ` b``.",
    "headings": "### Steps\n\n#### Details",
    "lists": "- one\n- two\n  - nested\n- three\n\n1. first\n2. second\n\n- other",
    "ordered from four": "4. four\n5. five",
    "loose list": "- one\n\n  more of one\n\n- two",
    "two lists": "- a\n\n* b\n\n- c",
    "list with code": "1. Run this:\n\n   ```bash\n   make test\n   ```\n\n2. Done",
    "quote": "> said\n> so\n>\n> > before",
    "table": "| Name | Value |\n| :--- | ---: |\n| `a\\|b` | 1 \\| 2 |\n|  | **x** |",
    "fence": "```python\ndef f(x):\n\treturn x  # @decorated, #6, https://example.org\n```",
    "longer fence": "````\n```\ninner\n```\n````",
    "rule": "above\n\n***\n\nbelow",
    "link": "[the guide](https://github.com/o/r/blob/main/CONTRIBUTING.md#tests) and [its *start*](https://github.com/o/r)",
    "hard break": "one\\\ntwo\nthree",
    "punctuation": "5 < 6 && 7 > 2; a / b; 50%; (x), \"y\" 'z' — it's ok! C# is fine? x = y + 1 - 2: $5.",
    "other scripts": "Спасибо! 谢谢。ありがとう 🎉 café naïve",
    "dates and versions": "On 2024-01-31 at 10:30, v1.2.3 and py3.11 on port 8080.",
}


def body_of(markdown: str, policy: RenderPolicy = POLICY) -> str:
    return render((Prose(markdown),), policy).body


@pytest.mark.parametrize("text", UNCHANGED.values(), ids=UNCHANGED)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert body_of(text) == text
    assert violations(text, numbers={5}, mention="alice", links=["https://github.com/o/r"]) == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("# Title", "### Title"),
        ("Title\n=====", "### Title"),
        ("__bold__ _it_", "**bold** *it*"),
        ("* a\n* b", "- a\n- b"),
        ("    code", "```\ncode\n```"),
        ("~~~js\nx\n~~~", "```js\nx\n```"),
        ("```mermaid\nx\n```", "```\nx\n```"),
        ("ask @bob", "ask `@bob`"),
        ("see #6, o/x#5, GH-5.", "see `#6`, `o/x#5`, `GH-5`."),
        ("fixes #5", "fixes `#5`"),
        ("fixes [this](https://github.com/o/r/issues/5)", "fixes this"),
        ("fixes `something else` #5", "fixes `something else` `#5`"),
        ("resolved\n\n`x`\n\n- #5", "resolved\n\n`x`\n\n- `#5`"),
        ("[https://evil.example](https://github.com/o/r)", "`https://evil.example`"),
        ("```\na\u200bb\u202e\n```", "```\nab\n```"),
        ("in abcdef1", "in `abcdef1`"),
        ("/close now", "`/close` now"),
        ("[evil](https://evil.example)", "evil"),
        ("at https://evil.example/x.", "at `https://evil.example/x`."),
        ("at https://github.com/o/r/wiki.", "at [`https://github.com/o/r/wiki`](https://github.com/o/r/wiki)."),
        ("![a *chart*](https://e.example)", "a chart"),
        ("> [!NOTE]\n> x", "> **Note**\n> x"),
        ("- [ ] a\n- [x] b", "- ☐ a\n- ☑ b"),
        ("```py\n@cache\ndef f(): ...\n```", "```py\n· @cache\ndef f(): ...\n```"),
        ("$x$ costs", "`$x$` costs"),
        ("<b>x</b>", "\\<b>x\\</b>"),
    ],
)
def test_rewrites(written: str, expected: str) -> None:
    assert body_of(written) == expected


def test_ordinary_words_stay_visible() -> None:
    text = (
        "Thanks for the detailed report! The crash happens because `load()` reads *settings.toml* before the "
        "defaults exist, which you can see in the traceback. Please try version 2.4.1, or set `DEBUG=1` and run "
        "`make test` again. If it still fails, attach the output of `pip freeze` and tell us your system."
    )
    assert body_of(text) == text


def test_deep_nesting_is_flattened_to_its_text() -> None:
    body = body_of("> " * 20 + "deep")
    assert body == "> " * 6 + "deep"


def test_items_are_counted_over_the_whole_text() -> None:
    body = body_of("\n\n".join(f"{n}\n\n- a\n- b" for n in range(150)))
    assert body.count("\n- ") == 200
    assert body.endswith("*The rest was cut: it is too long for a comment.*")


def test_wide_tables_lose_columns() -> None:
    body = body_of("|a" * 30 + "|\n" + "|-" * 30 + "|")
    assert body.split("\n")[0] == "| " + "a | " * 19 + "… |"


def test_parts_footer_and_marker_keep_their_order() -> None:
    text = (Prose("before"), Details("More <b> about @bob #6", "inside"), Prose("after"))
    assert render(text, POLICY, marker=MARKER, footer=(Prose("*I am a bot.*"),)).body == (
        f"{MARKER}\nbefore\n\n<details><summary>More &lt;b&gt; about bob 6</summary>\n\ninside\n\n</details>\n\n"
        "after\n\n*I am a bot.*"
    )


@pytest.mark.parametrize("marker", ["<!-- x -->", "hello", f"{MARKER}\n", f"{MARKER} x", ""])
def test_refuses_other_markers(marker: str) -> None:
    with pytest.raises(ValueError, match="make_marker"):
        render((), POLICY, marker=marker)


@pytest.mark.parametrize("block", ["word " * 300, "```\n" + "x\n" * 400 + "```", "- item\n" * 30, "é * ` [ " * 200])
def test_is_cut_at_a_block_border_and_says_so(block: str) -> None:
    text = (Details("all", f"{block}\n\n" * 90),)
    body = render(text, POLICY, marker=MARKER, footer=(Prose("the end"),)).body
    assert len(body) <= MAX_BODY
    assert body.startswith(MARKER)
    assert body.endswith("</details>\n\n*The rest was cut: it is too long for a comment.*\n\nthe end")
    assert violations(body) == []
    assert render(text, POLICY, marker=MARKER, footer=(Prose("the end"),)).body == body


def test_long_paragraphs_and_code_are_cut_inside() -> None:
    body = body_of("x" * 20_000 + "\n\n```\n" + "y\n" * 20_000 + "```")
    assert "x" * 10_000 + "…" in body
    assert "y\n…\n```" in body
    assert "The rest was cut" in body


def test_nobody_else_makes_rendered() -> None:
    with pytest.raises(TypeError, match="renderer"):
        Rendered("hi @bob", object())


class TestSuggestion:
    def suggest(self, *lines: str, original: tuple[str, ...] = ("teh cat",)) -> str:
        return render_suggestion(lines, original=original, lead=(Prose("Typo, @bob."),), policy=POLICY).body

    def test_is_written_as_it_is(self) -> None:
        assert self.suggest("the *cat* #6", "\tand") == "Typo, `@bob`.\n\n```suggestion\nthe *cat* #6\n\tand\n```"

    def test_may_be_empty(self) -> None:
        assert self.suggest() == "Typo, `@bob`.\n\n```suggestion\n```"

    def test_fence_is_longer_than_any_inside(self) -> None:
        assert self.suggest("````", "x").endswith("`````suggestion\n````\nx\n`````")

    def test_keeps_characters_that_the_original_has(self) -> None:
        assert "a\u200db" in self.suggest("a\u200db", original=("x\u200dy",))

    @pytest.mark.parametrize(
        "line",
        ["a\u200bb", "a\u202eb", "a\ufe0fb", "a\U000e0041b", "a\x1bb", "a\u3164", "a\u0301", "a\u00a0b", "a\x00"],
    )
    def test_adds_no_hidden_character(self, line: str) -> None:
        with pytest.raises(UnsafeText, match="invisible"):
            self.suggest(line)

    def test_adds_not_even_one_more(self) -> None:
        with pytest.raises(UnsafeText, match="invisible"):
            self.suggest("\u200d\u200d", original=("\u200d",))

    @pytest.mark.parametrize("line", ["a\nb", "a\rb", "a\n", "\n", "a\u2028b", "a\x85b", "a\x0cb"])
    def test_holds_no_line_break(self, line: str) -> None:
        with pytest.raises(UnsafeText, match="line break"):
            self.suggest(line)

    @pytest.mark.parametrize("line", ["/close", "  /close", "@bob", "> /close", "- @bob", "１. /x"])
    def test_is_no_command(self, line: str) -> None:
        with pytest.raises(UnsafeText, match="command"):
            self.suggest(line, original=(line,))

    def test_is_not_too_long(self) -> None:
        with pytest.raises(UnsafeText, match="10,000"):
            self.suggest("x" * 5_000, "y" * 5_001)


def test_a_text_vouches_for_its_own_numbers_only() -> None:
    made = render((Prose("#7", frozenset({7})), Prose("#7 and #5")), POLICY)
    assert made.body == "#7\n\n`#7` and #5"


def test_texts_are_counted() -> None:
    whole, cut = body_of("a\n\n" * 5_000), body_of("a\n\n" * 5_001)
    assert whole.count("a") == 5_000
    assert "cut" in cut
    assert cut.splitlines().count("a") == 5_000


def test_what_comes_after_100_000_characters_is_not_read() -> None:
    definitions = "[a]: https://github.com/o/r\n" * 4_000
    assert "the end" in body_of(definitions[:90_000].rpartition("\n")[0] + "\n\nthe end")
    assert "the end" not in body_of(definitions + "\n\nthe end")
