"""Links, anchors, prose and paths of documentation files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.documents import (
    LinkKind,
    Target,
    anchors,
    is_documentation,
    linked_documents,
    links,
    prose_lines,
    resolve,
    source_lines,
)

MARKDOWN_LINKS = {
    "inline": ("see [a](b.md)", [(1, 8, "b.md")]),
    "with anchor and title": ('[a](b.md#c "t")', [(1, 4, "b.md#c")]),
    "image": ("![a](b.png)", [(1, 5, "b.png")]),
    "image in a link": ("[![a](b.png)](c.md)", [(1, 6, "b.png"), (1, 14, "c.md")]),
    "angle brackets": ("[a](<b c.md>)", [(1, 5, "b c.md")]),
    "definition, not its uses": ("[a][r] and [r]\n\n[r]: b.md", [(3, 5, "b.md")]),
    "definition in a quote": ("> [r]: b.md", [(1, 7, "b.md")]),
    "two definitions of a name": ("[r]: b.md\n[r]: c.md", [(1, 5, "b.md"), (2, 5, "c.md")]),
    "footnote": ("a[^1]\n\n[^1]: b.md", []),
    "target on the next line": ("[a\nb](\nc.md)", [(3, 0, "c.md")]),
    "second line of a list item": ("- a\n  [b](c.md)", [(2, 6, "c.md")]),
    "cells of a table": ("|a|b|\n|-|-|\n|[x](y)|[x](y)|", [(3, 5, "y"), (3, 12, "y")]),
    "code span": ("`[a](b.md)`", []),
    "fenced": ("```\n[a](b.md)\n```", []),
    "indented code": ("text\n\n    [a](b.md)", []),
    "comment": ("<!-- [a](b.md) <a href='c.md'> -->", []),
    "escaped": ("\\[a](b.md)", []),
    "escape in the target": (r"[a](b\_c.md)", [(1, None, "b_c.md")]),
    "html": ('<p><img src="a.png"> <a href=b.md>b</a></p>', [(1, 13, "a.png"), (1, 29, "b.md")]),
    "html inline": ("x <a href='b.md'>b</a>", [(1, 11, "b.md")]),
    "front matter": ("---\na: '[a](b.md)'\n---\n[c](d.md)", [(4, 4, "d.md")]),
    "carriage returns": ("a\r\n[b](c.md)\r\n", [(2, 4, "c.md")]),
    "not ASCII before": ("ünï 🚀 [b](c.md)", [(1, 10, "c.md")]),
}

RST_LINKS = {
    "embedded": ("see `a <b.rst>`_", [(1, 8, "b.rst")]),
    "anonymous, over two lines": ("`a\nb <c.rst>`__", [(2, 3, "c.rst")]),
    "embedded alias": ("`a <b_>`_", []),
    "named": (".. _a: b.rst", [(1, 7, "b.rst")]),
    "named alias": (".. _a: b_", []),
    "anonymous target": ("__ b.rst", [(1, 3, "b.rst")]),
    "doc": (":doc:`a/b` :doc:`t <../c>`", [(1, 6, "a/b"), (1, 20, "../c")]),
    "image, figure, include": (
        ".. image:: a.png\n.. figure:: b.png\n.. include:: c.rst\n",
        [(1, 11, "a.png"), (2, 12, "b.png"), (3, 13, "c.rst")],
    ),
    "substitution": (".. |x| image:: a.png", [(1, 15, "a.png")]),
    "standard include": (".. include:: <isonum.txt>", []),
    "literal": ("``a `b <c.rst>`_``", []),
    "literal block": ("Example::\n\n  `a <b.rst>`_\n\nAfter `c <d.rst>`_", [(5, 10, "d.rst")]),
    "code directive": (".. code-block:: rst\n\n   `a <b.rst>`_\n", []),
    "comment": (".. a comment\n   `a <b.rst>`_\n", []),
    "note": (".. note::\n\n   `a <b.rst>`_\n", [(3, 7, "b.rst")]),
}

ANCHORS = {
    "duplicates": ("# A b\n## A b\n### A b", "a.md", {"a-b", "a-b-1", "a-b-2"}),
    "punctuation": ("# What's new? (v1.0)", "a.md", {"whats-new-v10"}),
    "spaces stay apart": ("# A & B", "a.md", {"a--b"}),
    "letters of all languages": ("# Größe 日本", "a.md", {"größe-日本"}),
    "emoji": ("# 🚀 Go :rocket:", "a.md", {"-go-rocket"}),
    "code, emphasis, link": ("# `a_b` *c* _d_ [e](f.md)", "a.md", {"a_b-c-d-e"}),
    "setext": ("Title\n=====", "a.md", {"title"}),
    "explicit": ('<a name="x"></a>\n\n<h2 id=y>Y</h2>\n\ntext <a id="z">', "a.md", {"x", "y", "z"}),
    "attribute": ("# T {#own}", "a.md", {"own", "t", "t-own"}),
    "label of MyST": ("(lab)=\n# T", "a.md", {"lab", "t"}),
    "heading in code": ("```\n# A\n```", "a.md", set()),
    "rst titles": ("Title\n=====\n\nA.B c\n-----", "a.rst", {"title", "a-b-c", "ab-c"}),
    "rst overline": ("=====\n Top\n=====\n", "a.rst", {"top"}),
    "rst label": (".. _My label:\n\nTitle\n=====", "a.rst", {"My label", "my label", "my-label", "title"}),
    "rst target is no label": (".. _a: b.rst", "a.rst", set()),
}

PROSE = {
    "plain": ("a b", "a.md", {1: "a b"}),
    "code span": ("a `b` c", "a.md", {1: "a     c"}),
    "code element": ("a <code>b</code> c", "a.md", {1: "a                c"}),
    "link text only": ("[a](b.md) c", "a.md", {1: "[a        c"}),
    "address": ("a http://b.c/d e", "a.md", {1: "a              e"}),
    "path, option, file": ("a b/c/d --e f.py g", "a.md", {1: "a                g"}),
    "fence": ("a\n```\nb\n```", "a.md", {1: "a"}),
    "front matter": ("---\na: b\n---\nc", "a.md", {4: "c"}),
    "list marker equal to its text": ("1. 1a", "a.md", {1: "   1a"}),
    "rst role, literal, field": (":param x: a ``b`` :ref:`c` `d`", "a.rst", {1: "          a" + " " * 19}),
    "rst doctest": (">>> a\nb\n\nc", "a.rst", {4: "c"}),
    "plain text": ("a\n    b", "docs/a.txt", {1: "a"}),
    "other file": ("a", "a.py", {}),
}

RESOLVED = {
    "sibling": ("docs/a.md", "b.md", Target("docs/b.md", "")),
    "with anchor": ("docs/a.md", "../b.md#c%20d", Target("b.md", "c d")),
    "itself": ("docs/a.md", "#c", Target("docs/a.md", "c")),
    "root": ("docs/a.md", "/b.md", Target("b.md", "")),
    "folder": ("docs/a.md", "./b/", Target("docs/b", "")),
    "raw": ("a.md", "b.png?raw=1", Target("b.png", "")),
    "percent": ("a.md", "b%20c.md", Target("b c.md", "")),
    "the root itself": ("docs/a.md", "..", Target("", "")),
    "above the root": ("docs/a.md", "../../b.md", None),
    "above the root, encoded": ("docs/a.md", "%2e%2e/%2e%2e/b.md", None),
    "absolute": ("a.md", "https://b.c/d", None),
    "without scheme": ("a.md", "//b.c/d", None),
    "mail": ("a.md", "mailto:a@b.c", None),
    "bare mail": ("a.md", "a@b.org", None),
    "empty": ("a.md", "", None),
    "empty anchor": ("a.md", "#", None),
    "NUL": ("a.md", "b%00.md", None),
    "backslash": ("a.md", "..\\b.md", None),
    "template": ("a.md", "{{ base }}/b.md", None),
    "broken encoding": ("a.md", "b%ff.md", None),
    "endless": ("a.md", "b" * 5000, None),
}


@pytest.mark.parametrize(("text", "expected"), MARKDOWN_LINKS.values(), ids=MARKDOWN_LINKS)
def test_links_of_markdown(text: str, expected: list[tuple[int, int | None, str]]) -> None:
    assert [(one.line, one.column, one.target) for one in links(text, "a.md")] == expected


@pytest.mark.parametrize(("text", "expected"), RST_LINKS.values(), ids=RST_LINKS)
def test_links_of_rst(text: str, expected: list[tuple[int, int | None, str]]) -> None:
    assert [(one.line, one.column, one.target) for one in links(text, "a.rst")] == expected


def test_kinds_of_links() -> None:
    text = ":doc:`a`\n\n.. image:: b.png\n.. include:: c.rst\n"
    assert [one.kind for one in links(text, "a.rst")] == [LinkKind.DOCUMENT, LinkKind.IMAGE, LinkKind.INCLUDE]


@pytest.mark.parametrize(("text", "path", "expected"), ANCHORS.values(), ids=ANCHORS)
def test_anchors(text: str, path: str, expected: set[str]) -> None:
    assert anchors(text, path) == expected


@pytest.mark.parametrize(("text", "path", "expected"), PROSE.values(), ids=PROSE)
def test_prose(text: str, path: str, expected: dict[int, str]) -> None:
    assert {line: row.rstrip() for line, row in prose_lines(text, path).items()} == {
        line: row.rstrip() for line, row in expected.items()
    }


@pytest.mark.parametrize(("path", "target", "expected"), RESOLVED.values(), ids=RESOLVED)
def test_resolve(path: str, target: str, expected: Target | None) -> None:
    assert resolve(path, target) == expected


def test_documentation_by_name() -> None:
    known = ["README.md", "a/B.MARKDOWN", "x.rst", "docs/a.txt", "pkg/doc/a/b.txt"]
    assert all(map(is_documentation, known))
    other = ["a.py", "a.txt", "docs/requirements.txt", "docs/spelling_wordlist.txt", "docs/CMakeLists.txt", "md"]
    assert not any(map(is_documentation, other))


def test_documents_that_changed_lines_link_to() -> None:
    texts = {"docs/a.md": "[x](b.md#y)\n[x](c.md#y)\n[x](d.md)\n[x](/e.rst#z)\n[x](f.py#L3)\n[x](#own)"}
    assert linked_documents(texts, {"docs/a.md": frozenset({1, 3, 4, 5, 6})}) == {"docs/b.md", "e.rst"}
    assert linked_documents(texts, {}) == frozenset()


# fmt: off
_PIECES = st.sampled_from([
    "[a](b.md)", "![", "](", "`", "``", "\n", "\n\n", "    ", "> ", "- ", "|", "<a id=x>", "<!--", "-->", "# ", "*",
    "_", "::", ".. ", "`a <b>`_", ":doc:`x`", "====", "word", "ünï", "\r\n", "\x00", "\u2028", "\ud800", "---\n",
    "&amp;",
])
# fmt: on


@given(st.lists(_PIECES, max_size=40).map("".join), st.sampled_from(["a.md", "a.rst", "docs/a.txt"]))
def test_whatever_is_read_stands_where_it_is_said_to(text: str, path: str) -> None:
    rows = source_lines(text)
    for link in links(text, path):
        row = rows[link.line - 1]
        assert link.column is None or row[link.column :].startswith(link.target)
    for line, prose in prose_lines(text, path).items():
        assert len(prose) == len(rows[line - 1])
        assert all(shown in (" ", there) for shown, there in zip(prose, rows[line - 1], strict=True))
    anchors(text, path)
