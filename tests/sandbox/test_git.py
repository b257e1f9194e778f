from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.sandbox.diff import find_line, unified
from bot.sandbox.gitstore import GitStore, git_hash


def test_a_blob_has_gits_name() -> None:
    assert git_hash("blob", b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_trees_and_commits_have_gits_names() -> None:
    """The names are those that git 2.39 gave to the same files, author and time."""
    files = {"b.txt": "b\n", "a/c.txt": "c\n", "a.b": "x", "a/z/y": "y"}
    when = datetime(2024, 5, 1, tzinfo=UTC)
    made = GitStore().commit(files, parents=(), author="mira", email="mira@example.org", message="First", when=when)
    assert made.sha == "cf7c6a2673040e3f6b07045a2a4fffb5b5d6aecc"
    assert made.tree == "edf3004d104c0c8708901cb44b1f211354650a7e"


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ("", "a\n", "@@ -0,0 +1 @@\n+a"),
        ("a\n", "", "@@ -1 +0,0 @@\n-a"),
        ("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a"),
        ("a\x0cb\u2028c\n", "a\x0cb\u2028d\n", "@@ -1 +1 @@\n-a\x0cb\u2028c\n+a\x0cb\u2028d"),
        ("same\n", "same\n", ""),
        ("@@ x\n", "@@ y\n", "@@ -1 +1 @@\n-@@ x\n+@@ y"),
    ],
)
def test_patches(before: str, after: str, patch: str) -> None:
    assert unified(before.encode(), after.encode()) == patch


def test_lines_are_found_on_both_sides() -> None:
    patch = unified(b"a\nb\nc\n", b"a\nB\nB2\nc\n")
    right = find_line(patch, 3, "RIGHT")
    left = find_line(patch, 2, "LEFT")
    assert right is not None
    assert left is not None
    assert (right.text, left.text, right.position) == ("+B2", "-b", 4)
    assert find_line(patch, 5, "RIGHT") is None
