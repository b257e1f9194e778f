"""Which links become remarks, and where they are repaired."""

import pytest

from bot.capabilities.docs.config import DocsOptions
from bot.domain.facts import ChangedFile
from tests.unit.capabilities.docs.making import added, comments_of, facts_for, said

HERE = "docs/guide.md"
OTHERS = (
    "README.md",
    "docs/install.md",
    "docs/Setup.md",
    "docs/img/plan.png",
    "docs/chapter-1.md",
    "src/tool.py",
    "api/unique-name.md",
    "sub",
)

FINE = {
    "sibling": "[a](install.md)",
    "folder": "[a](img/) and [b](./)",
    "from the root": "[a](/README.md)",
    "image": "![a](img/plan.png)",
    "elsewhere": "[a](https://example.org/x.md) [b](//example.org/x) [c](mailto:a@b.c)",
    "above the repository": "[a](../../issues/new)",
    "line of code": "[a](../src/tool.py#L3-L5)",
    "page of a source": "[a](install.html) [b](install)",
    "below a submodule": "[a](../sub/any/thing.md)",
    "in code": "`[a](no.md)`",
    "template": "[a]({{ site.url }}/no.md)",
    "anchor of a document that is not known": "[a](install.md#no)",
    "own heading": "# One Two\n\n[a](#one-two)",
    "second of the name": "# A\n# A\n[a](#a-1)",
    "other case": "# A\n[a](#A)",
    "top": "# A\n[a](#top)",
    "footnote": "# A\n[a](#fn1)",
}

BROKEN = {
    "no such file": ("[a](no-such.md)", None),
    "slip in the name": ("[a](instal.md)", "[a](install.md)"),
    "other case": ("[a](setup.md)", "[a](Setup.md)"),
    "moved": ("[a](unique-name.md#x)", "[a](../api/unique-name.md#x)"),
    "from the root, moved": ("[a](/docs/unique-name.md)", "[a](/api/unique-name.md)"),
    "generic name elsewhere": ("[a](README.md)", None),
    "only a number differs": ("[a](chapter-2.md)", None),
    "with ./": ("[a](./instal.md)", "[a](./install.md)"),
    "image": ("![a](img/plans.png)", "![a](img/plan.png)"),
    "definition": ("[a][b]\n\n[b]: instal.md 'x'", "[b]: install.md 'x'"),
    "html": ('<a href="instal.md">a</a>', '<a href="install.md">a</a>'),
    "anchor": ("# One Two\n[a](#somewhere-else)", None),
    "anchor that is nearly right": ("# Getting started\n[a](#geting-started)", "[a](#getting-started)"),
    "anchor spelled another way": ("# One & Two\n[a](#one-two)", "[a](#one--two)"),
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_links_that_are_fine(text: str) -> None:
    assert comments_of(facts_for({HERE: text}, others=OTHERS)) == ()


@pytest.mark.parametrize(("text", "fixed"), BROKEN.values(), ids=BROKEN)
def test_broken_links(text: str, fixed: str | None) -> None:
    (comment,) = comments_of(facts_for({HERE: text}, others=OTHERS))
    assert comment.line == text.count("\n") + 1
    assert comment.suggestion == (None if fixed is None else (fixed,))
    assert comment.original == (() if fixed is None else (text.rpartition("\n")[2],))


def test_what_is_said() -> None:
    (comment,) = comments_of(facts_for({HERE: "[a](no.md)"}, others=OTHERS))
    assert said(comment) == "`no.md` (`docs/no.md`) does not exist on this branch."
    (comment,) = comments_of(facts_for({HERE: "# A\n[a](#nope)"}, others=OTHERS))
    assert said(comment) == "`docs/guide.md` has no heading or anchor `#nope`."


def test_anchor_in_another_document() -> None:
    facts = facts_for({HERE: "[a](b.md#there) [c](b.md#not-there)", "docs/b.md": "# There"}, patches=None)
    (comment,) = comments_of(facts)
    assert said(comment) == "`docs/b.md` has no heading or anchor `#not-there`."


@pytest.mark.parametrize("included", ["{% include 'x' %}", "--8<-- 'x'", "::: pkg.module", "```{include} x\n```"])
def test_anchors_of_a_document_that_includes_others_are_not_known(included: str) -> None:
    text = f"# A\n\n{included}\n\n[a](#b)"
    assert comments_of(facts_for({HERE: text})) == ()


def test_file_that_this_change_renames() -> None:
    files = (
        ChangedFile(HERE, "modified", added("[a](old-name.md#x)")),
        ChangedFile("docs/new-place.md", "renamed", None, previous_path="docs/old-name.md"),
    )
    (comment,) = comments_of(facts_for({HERE: "[a](old-name.md#x)"}, files=files, others=["docs/new-place.md"]))
    assert comment.suggestion == ("[a](new-place.md#x)",)


def test_typos_and_links_of_a_line_are_one_suggestion() -> None:
    line = "see teh [a](instal.md) and teh [b](no.md)"
    (comment,) = comments_of(facts_for({HERE: line}, others=OTHERS, mistakes={"teh": ("the",)}))
    assert comment.suggestion == ("see the [a](install.md) and the [b](no.md)",)
    assert said(comment).count("\n- ") == 2


def test_links_can_be_switched_off_and_need_a_tree() -> None:
    facts = facts_for({HERE: "[a](no.md)"})
    assert comments_of(facts, DocsOptions(links=False)) == ()
    object.__setattr__(facts, "tree", frozenset())
    assert comments_of(facts) == ()


SITE = {
    "page without extension": ("[a](no-such)", 0),
    "page from the site's root": ("[a](/no/such.md)", 0),
    "built page": ("[a](no-such.html)", 0),
    "folder that is built": ("[a](api/generated.md)", 0),
    "document in a folder that exists": ("[a](no-such.md)", 1),
    "heading named in another way": ("# C++ & D\n[a](#c-d)", 0),
}


@pytest.mark.parametrize(("text", "expected"), SITE.values(), ids=SITE)
def test_a_site_generator_reads_links_in_its_own_way(text: str, expected: int) -> None:
    assert len(comments_of(facts_for({HERE: text}, others=["mkdocs.yml", *OTHERS]))) == expected


RST = {
    "link": ("`a <instal.md>`_", "`a <install.md>`_"),
    "doc": (":doc:`instal`", None),
    "doc of a page": (":doc:`install` :doc:`/docs/install` :doc:`/install`", ""),
    "include": (".. include:: img/plans.png", ".. include:: img/plan.png"),
    "own section": ("`a <#my-part>`_\n\nMy part\n=======", ""),
}


@pytest.mark.parametrize(("text", "fixed"), RST.values(), ids=RST)
def test_restructured_text(text: str, fixed: str | None) -> None:
    comments = comments_of(facts_for({"docs/a.rst": text}, others=OTHERS))
    if fixed == "":
        assert comments == ()
    else:
        assert [one.suggestion for one in comments] == [None if fixed is None else (fixed,)]
