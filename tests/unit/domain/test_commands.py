"""Where commands are read from comments, and where not."""

import time

import pytest

from bot.domain.commands import Invocation, nearest, parse_commands, split_labels

FOUND = {
    "alone": ("/help", [("help", "", 1)]),
    "argument": ("/label a, b", [("label", "a, b", 1)]),
    "literal argument": ("/label *a* `b` <c> &amp; [d](e)", [("label", "*a* `b` <c> &amp; [d](e)", 1)]),
    "trimmed": ("/label   a  \t", [("label", "a", 1)]),
    "upper case": ("/Label Bug", [("label", "Bug", 1)]),
    "three spaces": ("   /why", [("why", "", 1)]),
    "several": ("/label a\n/unlabel b\n\n/why", [("label", "a", 1), ("unlabel", "b", 2), ("why", "", 4)]),
    "after text": ("Thanks!\n/label a\nmore", [("label", "a", 2)]),
    "after hard breaks": ("a  \n/why  \nb\\\n/help", [("why", "", 2), ("help", "", 4)]),
    "windows line ends": ("a\r\n/why x\r\n/help", [("why", "x", 2), ("help", "", 3)]),
    "after other blocks": ("> q\n\n- l\n\n# h\n\n---\n/why", [("why", "", 8)]),
    "after a comment": ("<!-- <div> x -->\n\n/why", [("why", "", 3)]),
    "after a closed fold": ("<details>\n\nx\n\n</details>\n\n/why", [("why", "", 7)]),
    "after an image": ("<img src=x>\n\n/why", [("why", "", 3)]),
    "code on the line": ("/label `a", [("label", "`a", 1)]),
    "private characters": ("\ue000 a\n\ue000\n/why", [("why", "", 3)]),
    "unknown": ("/etc", [("etc", "", 1)]),
    "long argument": ("/label " + "x" * 600, [("label", "x" * 500, 1)]),
    "at most ten": ("/why\n" * 12, [("why", "", line) for line in range(1, 11)]),
}
SILENT = {
    "nothing": "",
    "text": "use /help please",
    "quote": "> /help",
    "lazy quote": "> a\n/help",
    "nested quote": "- > /help",
    "list": "- /help\n1. /help",
    "list continued": "- a\n/help\n\n  /help",
    "heading": "# /help",
    "setext heading": "/help\n---",
    "inline code": "`/help`",
    "inline code over lines": "`a\n/help\nb`",
    "fence": "```\n/help\n```",
    "tilde fence": "~~~\n/help\n~~~",
    "open fence": "```\n/help",
    "indented": "    /help",
    "tab": "\t/help",
    "html block": "<div>\n/help\n</div>",
    "inside a fold": "<details>\n\n/help\n\n</details>",
    "inside inline html": "<b>\n/help\n</b>",
    "html comment": "<!--\n/help\n-->",
    "inline comment": "a <!--\n/help\n-->",
    "open comment": "<!--\n\n/help",
    "attribute": 'a <img title="\n/help x">',
    "table": "| a |\n|---|\n| /help |",
    "table row": "a|b\n-|-\n/help|x",
    "link text": "[a\n/help x](y)",
    "link destination alone": "[a](\n/help 'x')",
    "link title": '[a](x "\n/help x")',
    "image": "![a\n/help x](y)",
    "definition": "[a]:\n/help",
    "emphasis": "*a\n/help x*",
    "path": "/path/to\n/usr/bin/env x",
    "glued": "/help! /help.",
    "too short or long": "/a\n/" + "a" * 33,
    "digits": "/h3lp",
    "escaped": "\\/help",
    "entity": "&#47;help",
    "other slash": "／help",
    "other letters": "/hélp",
    "hidden character": "\u200b/help",
    "beyond the cap": "x" * 65_536 + "\n/help",
}


@pytest.mark.parametrize(("text", "expected"), FOUND.values(), ids=FOUND)
def test_finds(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert parse_commands(text) == tuple(Invocation(*found) for found in expected)


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_is_silent_about(text: str) -> None:
    assert parse_commands(text) == ()


@pytest.mark.parametrize(
    "text", ["/a\n" * 21_000, ">" * 60_000 + "\n/help", "[" * 60_000 + "\n/help", "<!--" * 16_000, "/why " * 13_000]
)
def test_large_comments_take_bounded_time(text: str) -> None:
    start = time.monotonic()
    parse_commands(text)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("argument", "names"),
    [
        ("", ()),
        ("bug", ("bug",)),
        ("good first issue", ("good first issue",)),
        ("bug, needs info", ("bug", "needs info")),
        (" bug ,, docs, ", ("bug", "docs")),
        ('"area: a, b", bug', ("area: a, b", "bug")),
        ('bug "needs info"', ("bug", "needs info")),
        ('"a" "b"', ("a", "b")),
        ('"a, b', ('"a', "b")),
        ('"a" b"', ("a", 'b"')),
        ('""', ()),
        ("bug, BUG, Bug", ("bug",)),
        (",".join("abcdefghijkl"), tuple("abcdefghij")),
    ],
)
def test_split_labels(argument: str, names: tuple[str, ...]) -> None:
    assert split_labels(argument) == names


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lable", "label"),
        ("LABEL", "label"),
        ("hepl", "help"),
        ("enhancment", "Enhancement"),
        ("xyz", None),
        ("", None),
    ],
)
def test_nearest(word: str, meant: str | None) -> None:
    assert nearest(word, ["label", "unlabel", "help", "why", "Enhancement"]) == meant


def test_nearest_of_nothing() -> None:
    assert nearest("label", []) is None
