"""What is remembered of a paragraph is what would be written anew, whatever the policy and whatever came before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text.hazards import NO_TAIL, Tail
from bot.domain.text.model import RenderPolicy
from bot.domain.text.paragraph import Paragraph, write, write_anew

OURS = "https://github.com/o/r"
STRICT = RenderPolicy("https://github.com/x/y", "https://github.com/x")
LENIENT = RenderPolicy(OURS, "https://github.com/o", numbers=frozenset({5}), mention="alice")
CLOSING = Tail("this fixes", "this fixes")

PIECES = (
    "Thanks for the report", "@alice", "@bob", "#5", "#6", f"[here]({OURS}/issues/5)", "[there](https://evil.example)",
    "[odd](javascript:x)", "**bold**", "*it", "`code @alice`", "fixes", "closes: ", "$x$", "www.a.io", f"{OURS}/wiki",
    "[x] done", "[!note] mark", "/label bug", "\n", "\\\n", " ", "|", "1.", "- ", "# ", "é̄́", "！", "ＧＨ-1", "cve-1",
    "![image](https://a.io/x.png)", "[ref][a]", "abcdef0123", "~~gone~~", "<b>", "&amp;", "&commat;alice",
)  # fmt: skip

POLICIES = {"strict": (STRICT, NO_TAIL), "lenient": (LENIENT, NO_TAIL), "after a keyword": (LENIENT, CLOSING)}


def words() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(PIECES) | st.text(max_size=6), min_size=1, max_size=7).map(" ".join)


@given(words(), st.sampled_from(["", "blockquote", "list_item", "tr"]), st.booleans(), st.booleans())
def test_a_remembered_paragraph_is_as_one_written_anew(content: str, parent: str, breaks: bool, table: bool) -> None:
    text = Paragraph(content, parent, breaks=breaks, table=table)
    for policy, before in POLICIES.values():
        assert write(text, policy, {}, before) == write_anew(text, policy, {}, before)


LIVE = {
    "a mention": ("Thanks, @alice", LENIENT, NO_TAIL, "Thanks, @alice"),
    "a mention elsewhere": ("Thanks, @alice", STRICT, NO_TAIL, "Thanks, `@alice`"),
    "a number": ("like #5", LENIENT, NO_TAIL, "like #5"),
    "a number that nobody retrieved": ("like #5", STRICT, NO_TAIL, "like `#5`"),
    "a number after a closing keyword": ("#5", LENIENT, CLOSING, "`#5`"),
    "a number after nothing": ("#5", LENIENT, NO_TAIL, "#5"),
    "a link": (f"[wiki]({OURS}/wiki)", LENIENT, NO_TAIL, f"[wiki]({OURS}/wiki)"),
    "a link into another repository": (f"[wiki]({OURS}/wiki)", STRICT, NO_TAIL, "wiki"),
}


@pytest.mark.parametrize(("content", "policy", "before", "expected"), LIVE.values(), ids=LIVE)
@pytest.mark.parametrize("first", POLICIES.values(), ids=POLICIES)
def test_what_policies_differ_about_is_asked_every_time(
    content: str, policy: RenderPolicy, before: Tail, expected: str, first: tuple[RenderPolicy, Tail]
) -> None:
    write(Paragraph(content), first[0], {}, first[1])
    assert write(Paragraph(content), policy, {}, before).markdown == expected


def test_a_definition_is_one_texts_own() -> None:
    defined = {"references": {"A": {"title": "", "href": f"{OURS}/wiki", "map": [0, 1]}}}
    text = Paragraph("see [a] for more")
    assert write(text, LENIENT, {}, NO_TAIL).markdown == "see \\[a\\] for more"
    assert write(text, LENIENT, defined, NO_TAIL).markdown == f"see [a]({OURS}/wiki) for more"
    assert write(text, LENIENT, {}, NO_TAIL).markdown == "see \\[a\\] for more"


def test_a_long_text_is_cut_and_says_so() -> None:
    written = write(Paragraph("word " * 3_000), LENIENT, {}, NO_TAIL)
    assert written.was_cut
    assert written.markdown.endswith("…")
    assert len(written.markdown) <= 10_001
