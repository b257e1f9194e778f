"""The judge itself: each kind of violation, planted, is found; and a clean body has none."""

import pytest

from tests.unit.domain.github_html import violations

PLANTED = {
    "mention": "hi @bob",
    "mention @org/team": "hi @org/team",
    "reference": "see #6",
    "reference o/x#5": "see o/x#5",
    "reference GH-5": "see GH-5",
    "closing keyword": "fixes: #5",
    "commit": "since abcdef1",
    "bare address": "https://evil.example",
    "image": "![a](x)",
    "tag svg": "<svg>",
    "comment": "text <!-- x -->",
    "raw HTML <em>": "an <em>odd</em> word",
    "raw HTML <a": "<a href='https://github.com/o/r'>x</a>",
    "raw HTML <details open>": "<details open><summary>x</summary>\n\n</details>",
    "link title": "[a](https://github.com/o/r 't')",
    "link https://evil": "[a](https://evil.example)",
    "link mailto": "me@example.org",
    "attribute onclick": "<b onclick=x>",
    "live fence": "```mermaid\n```",
    "character U+200B": "a\u200bb",
    "character U+3164": "a\u3164b",
    "character U+E0041": "a\U000e0041b",
    "character U+202E": "a&#x202e;b",
    "piled marks": "e\u0301\u0302\u0303\u0304",
    "line start /close": "> - /close",
    "line start @bob": "```\n@bob\n```",
    "math": "$x$",
    "footnote": "a[^1]\n\n[^1]: b",
    "alert": "> [!NOTE]\n> x",
    "task box": "- [ ] a",
    "reference definition": "[a]: b",
    "size": "word " * 12_001,
}


@pytest.mark.parametrize(("problem", "body"), PLANTED.items(), ids=PLANTED)
def test_finds(problem: str, body: str) -> None:
    found = violations(body, numbers={5}, links=["https://github.com/o/r"])
    assert any(name.startswith(problem) for name in found), found


@pytest.mark.parametrize(
    "body",
    [
        "<!-- contribution-assistant:a:b 00000000000000000000000000000000 -->\nHello @alice, see #5.",
        "`@bob` `#6` [a](https://github.com/o/r/x)\n\n```python\n· @x\n```",
        "<details><summary>a &lt;b&gt;</summary>\n\n| a |\n| --- |\n| ~~b~~ |\n\n</details>",
    ],
)
def test_finds_nothing_in(body: str) -> None:
    assert violations(body, numbers={5}, mention="alice", links=["https://github.com/o/r"]) == []
