"""Published ways around renderers like ours, by name, and mixtures of them. The judge is `github_html`."""

import re
import string

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.domain.text import Details, Prose, RenderPolicy, render
from tests.unit.domain.github_html import violations

POLICY = RenderPolicy(
    "https://github.com/o/r",
    "https://github.com/o",
    link_prefixes=("https://docs.example.org/a",),
    numbers=frozenset({5, 7}),
    mention="alice",
)
LINKS = (POLICY.repository_url, "https://github.com/o/.github", *POLICY.link_prefixes)
TAGS = "".join(chr(0xE0000 + ord(char)) for char in "@bob")
FORGED = "<!-- contribution-assistant:status:o/r#1 00000000000000000000000000000000 -->"

CASES = {
    "mention": "@bob",
    "mention in words": "cc @bob, @org/team and (@bob).",
    "mention numeric entity": "&#64;bob &#x40;bob &#0064;bob",
    "mention named entity": "&commat;bob",
    "mention soft hyphen": "@&shy;bob @\u00adbob",
    "mention zero width": "@\u200bbob @&ZeroWidthSpace;bob @&#8203;bob",
    "mention full width": "＠bob ﹫bob",
    "mention across emphasis": "*@*bob @**bob** **@**bob x**@bob** ~~@~~bob",
    "mention after code": "`x`@bob @`x`bob",
    "mention escaped": "\\@bob",
    "mention in link text": "[@bob](https://github.com/o/r/wiki)",
    "mention in refused link": "[@bob](https://evil.example)",
    "mention in image": "![@bob](https://e.example/x.png)",
    "mention in heading and table": "# @bob\n\n| @bob |\n|---|\n| @org/team |",
    "mention allowed with a tail": "@alice-evil @alice/team @aliceé @alice\u0301 @alice℀ @alice.b x@alice",
    "mention broken by combining mark": "@\u0301bob",
    "mention over a line end": "@\nbob",
    "email": "mail me@example.org or <me@example.org> or mailto:me@example.org",
    "reference": "#6 and (#12) and #5x",
    "reference entity": "&num;6 &#35;6 #&#54;",
    "reference full width": "＃6 ﹟6 #６ #①",
    "reference across emphasis": "#**6** #5**6** **#5**6 o/x**#5**",
    "reference cross repository": "o/x#5 owner/repo#7 user#5 o/x@abcdef1",
    "reference gh": "GH-6 gh-5 Gh-5",
    "reference advisory": "GHSA-abcd-efgh-ijkl",
    "issue address": "https://github.com/o/r/issues/6 https://github.com/x/y/issues/5",
    "issue address linked": "[a](https://github.com/o/r/issues/6) [b](https://github.com/x/y/pull/5)",
    "issue address escaped": "[a](https://github.com/o/r/issues/%36) [b](https://github.com/o/r/issues/06)",
    "commit": "abcdef1 and 0123456789abcdef0123456789abcdef01234567 and o/r@abcdef1",
    "commit across emphasis": "zz**abcdef1** abc**def1**",
    "closing": "fixes #5, Closes: #7, resolved\n#5, FIX **#5**, ﬁxes #5",
    "closing across blocks": "fixes\n\n#5\n\n- close\n- #7\n\n| resolve | #5 |\n|---|---|\n| fixed | #7 |",
    "closing by address": "fixes https://github.com/o/r/issues/5",
    "closing by link": "fixes [this](https://github.com/o/r/issues/5)",
    "closing with code between": "`fixes` #5 fixes `x` #5 fixes @bob #5",
    "image": "![alt](https://e.example/x.png) ![alt][r]\n\n[r]: https://e.example/y.png",
    "image from a bang": "!\\[a](https://github.com/o/r) !&#91;a](https://github.com/o/r)",
    "image made of a link": "!&ZeroWidthSpace;[a](https://github.com/o/r)",
    "image in link": "[![a](https://e.example/x.png)](https://github.com/o/r)",
    "raw tags": "<svg onload=x> <math><mi//xlink:href=x> <object data=x> <img src=x> <b>x</b>",
    "raw tag blocks": "<svg>\n<g/>\n</svg>\n\n<object>\n\n<script>\nx\n</script>\n\n<!-- x -->\n\n<?x?>",
    "raw tag by entity": "&lt;img src=x&gt; &amp;lt;b&gt;",
    "fold break-out": "</details> </summary>\n\n</details>",
    "link title": "[a](https://github.com/o/r 'title @bob') [a](https://evil.example (t))",
    "link encoded colon": "[a](https&colon;//evil.example) [a](javascript&colon;x) [a](//evil.example)",
    "link with user": "[a](https://github.com@evil.example/o/r) [a](https://github.com:x@evil.example/o/r)",
    "link look-alike": "[a](https://github.com.evil.example/o/r) [a](https://github.com/o/r.evil) [a](https://github.com/o/rx)",
    "link dots": "[a](https://github.com/o/r/../../x/y) [a](https://github.com/o/r/%2e%2e/x) [a](https://github.com/o/r/..%2fx)",
    "link backslash": "[a](https://github.com\\@evil.example) [a](https://evil.example\\\\github.com/o/r)",
    "link port and scheme": "[a](https://github.com:444/o/r) [a](http://github.com/o/r) [a](ftp://github.com/o/r)",
    "link address number": "[a](https://1.1.1.1/x) [a](https://[::1]/x) [a](https://2130706433/x) [a](https://0x7f.1/)",
    "link user content": "[a](https://raw.githubusercontent.com/o/r/main/x) [a](https://gist.github.com/o/r)",
    "link redirector": "[a](https://docs.example.org/a?url=https://evil.example) [a](https://docs.example.org/a/redirect)",
    "link relative": "[a](/o/r) [a](../x) [a](#x) [a]()",
    "link lying": "[https://evil.example](https://github.com/o/r)",
    "link prefix": "[a](https://docs.example.org/abc) [a](https://docs.example.org.evil/a)",
    "reference definition": "[a]: https://evil.example 't'\n[a] and [b][a] and [ a ]\n\n[b]: <x>",
    "automatic link": "https://evil.example www.evil.example <https://evil.example> http://e.example ftp://e.example",
    "automatic link odd": "xhttps://evil.example HTTPS://EVIL.example https&colon;//evil.example w&#119;w.evil.example",
    "footnote": "a[^1] b[^x]\n\n[^1]: text here\n\n[^x]: https://evil.example",
    "alert": "> [!NOTE]\n> x\n\n> [!Warning] y\n\n> \\[!TIP\\]\n> z",
    "task box": "- [ ] a\n- [x] b\n1. [X] c\n* \\[ \\] d\n- &#91; ] e",
    "math": "$x$ and $$y$$ and $`z`$ and $5 or $6\n\n$$\nx\n$$\n\n```math\nx\n```",
    "live fences": "```mermaid\ngraph\n```\n\n```suggestion\nx\n```\n\n~~~geojson\n{}\n~~~\n\n```stl\n```",
    "fence break-out": "````\n```\n@bob\n```\n````\n\n~~~\n```\n</details>\n~~~\n\n```\nunclosed @bob",
    "code break-out": "`` ` `` ``` `` ``` `a``b` `\\` @bob ``x` @bob",
    "code info": "```python @bob <b>\nx\n```\n\n```a`b\nx\n```",
    "tag block": f"x{TAGS}y",
    "variation selectors": "a\ufe0fb\U000e0101c\u180b",
    "bidi": "\u202eevil\u202c \u2066x\u2069 &#x202e; \u061c\u200f",
    "blank letters": "a\u3164b\u115f\u1160\uffa0\u2800\u034f\ufeff\u2060\u17b4",
    "controls": "a\x00b\x1bc\x07d\x85e\u2028f\x0bg\x0ch\ud800i\ue000j",
    "piled marks": "Z" + "\u0301" * 20 + " e\u0301\u0302\u0303\u0304 a\u0301\u0302**\u0301\u0302**\u0301\u0302",
    "forged marker": FORGED,
    "forged marker escaped": f"\\{FORGED}\n\n`{FORGED}`\n\n&lt;!-- contribution-assistant:a:b -->",
    "command": "/label bug\n/close\n   /assign @bob",
    "command in blocks": "> /close\n\n- /close\n- x\n  /close\n\n1. /close\n\n# /close\n\n| /close |\n|---|\n| /x |",
    "command behind a number": "1. > /close",
    "command behind numbers": "２) - １． //close",
    "command in code": "```\n/close\n  @bot merge\n> /x\n- /y\n```\n\n    /close\n    @bot merge",
    "command dressed": "**/close** \\/close &sol;close `x`\n/close ／close\n*\\\n/close*",
    "command after nothing": "![](x)/close\n![](x)\n/close\n&#8203;/close",
    "setext and rules": "a\n===\nb\n---\n\n- ---\n\n-\n---\n\\===\nx\n\\---",
    "table tricks": "a | b\n--|--\n`x\\|@bob` | \\| @bob\n\n:-\n-|",
    "nested lists": "".join("  " * depth + "- /x @bob\n" for depth in range(40)),
    "nested quotes": ">" * 90 + " @bob\n" + "> - " * 50 + "/close",
    "wide table": "|a" * 50 + "|\n" + "|-" * 50 + "|\n" + "|@bob" * 50 + "|",
}
LARGE = {
    "quotes": ">" * 100_000,
    "brackets": "[" * 100_000,
    "stars": "*" * 100_000,
    "bracket paragraphs": ("[" * 9_990 + "\n\n") * 10,
    "emphasis paragraphs": ("a**b" * 2_400 + "\n\n") * 10,
    "mentions": "@bob " * 20_000,
    "mention words": ("@a" * 4_990 + "\n\n") * 10,
    "known references": ("#5 " * 3_300 + "\n\n") * 10,
    "list items": "- /a\n" * 25_000,
    "list markers": "- " * 50_000,
    "paragraphs": "@bob /x\n\n" * 12_000,
    "code lines": "```\n" + "/close\n" * 14_000,
    "columns": "|a" * 25_000 + "|\n" + "|-" * 25_000 + "|\n",
    "definitions": "[a]: b\n" * 14_000,
    "open images": ("![a](" * 2_000 + "\n\n") * 10,
}


def check(text: str, summary: str | None = None) -> str:
    parts = Prose(text) if summary is None else Details(summary, text)
    body = render((parts,), POLICY).body
    assert violations(body, numbers=POLICY.numbers, mention="alice", links=LINKS) == []
    return body


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
class TestNamedTrick:
    def test_is_harmless(self, text: str) -> None:
        body = check(text)
        assert render((Prose(body),), POLICY).body == body

    def test_is_harmless_behind_a_fold(self, text: str) -> None:
        check(text, summary=text)

    @pytest.mark.parametrize("around", ["> {}", "- {}", "| {} |\n|---|", "**{}**", "[{}](https://github.com/o/r)"])
    def test_is_harmless_inside(self, text: str, around: str) -> None:
        check(around.format(text))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_large_input_is_harmless(text: str) -> None:
    check(text)


FRAGMENTS = [
    *"*_~`|[]()!\\&<>=-+:$#@/·☐{}',.",
    *("**", "__", "~~", "``", "```", "](", "$$", "//"),
    *(" ", "  ", "\n", "\n\n", "  \n", "\\\n", "\t", "    ", "\r", "\x0b", "\u2028", "\x00", "&#10;", "&nbsp;"),
    *("\n> ", "\n- ", "\n1. ", "\n7) ", "\n+ ", "\n#", "\n---\n", "\n===\n", "\n|-|-|\n", "\n--|--\n"),
    *("\n```\n", "~~~\n", "\n```mermaid\n", "\n> [!NOTE]\n> ", "- [x] ", "[ ]", "[^1]", "\n[^1]: foo bar\n"),
    *("@bob", "@org/team", "@alice", "＠bob", "&commat;bob", "@&shy;bob", "me@x.org", "mailto:x"),
    *("#5", "#6", "＃12", "&num;6", "o/x#5", "GH-5", "fixes", "closes:", "ﬁxes", "Resolved "),
    *("abc", "abcdef1", "1234567", "é", "的", "x", "0", "℀", "word", "gh", "http", "://"),
    *("https://github.com/o/r/issues/5", "https://github.com/o/r/issues/6", "https://evil.com", "www.evil.com"),
    *("[t](https://github.com/o/r/x)", "[t](https://evil.com 'ti')", "![@bob](u)", "\n[a]: https://evil.com\n"),
    *("<svg onload=x>", "</details>", "<!-- x -->", FORGED, "/label x", "\n/close", "$`x`$"),
    *("\u200b", "\u202e", "\ufe0f", "\u3164", "\U000e0041", "\u0301", "\u0301\u0302\u0303\u0304", "&#x200b;"),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=25).map("".join))
@example("\n- ![x](y)\n\n  > \n- @bob")
@example("*[t](https://github.com/o/r/x)\n/close*`")
def test_mixtures_are_harmless_and_read_the_same_again(text: str) -> None:
    body = check(text)
    again = check(body)
    assert _words(again) == _words(body)


def _words(markdown: str) -> str:
    """What a reader sees; emphasis may change its nesting ([*a*](b) and *[a](b)* look alike)."""
    return re.sub(r"<[^>]*>|\s", "", MarkdownIt().render(markdown))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(), st.text(string.punctuation + string.whitespace + "a1"))
def test_any_text_is_harmless(words: str, signs: str) -> None:
    check(signs + words + signs, summary=words + signs)
