from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.sandbox.diff import find_line, unified
from bot.sandbox.gitstore import GitStore, git_hash


def test_a_blob_has_gits_name() -> None:
    assert git_hash("blob", b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_trees_and_commits_have_gits_names(tmp_path: Path) -> None:
    """Compared with git itself, where it is installed."""
    store = GitStore()
    files = {"b.txt": "b\n", "a/c.txt": "c\n", "a.b": "x", "a/z/y": "y"}
    when = datetime(2024, 5, 1, tzinfo=UTC)
    made = store.commit(files, parents=(), author="mira", email="mira@example.org", message="First", when=when)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    stamp = f"{int(when.timestamp())} +0000"
    names = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "mira"), ("EMAIL", "mira@example.org"), ("DATE", stamp))
    }
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", **names}
    try:
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "First"]):
            subprocess.run(["git", *command], cwd=tmp_path, env=environment, check=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    shown = subprocess.run(
        ["git", "rev-parse", "HEAD", "HEAD^{tree}"], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    assert shown.stdout.decode().split() == [made.sha, made.tree]


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
