"""Changed and commentable lines, from patches as GitHub sends them and as nobody should."""

import pytest

from bot.domain.documents import changed_lines, commentable_lines

PATCH = "@@ -1,4 +1,5 @@ # Title\n one\n-two\n+TWO\n+2b\n three\n four"

CASES = {
    "modified and added": (PATCH, {2, 3}, {1, 2, 3, 4, 5}),
    "new file": ("@@ -0,0 +1,2 @@\n+a\n+b", {1, 2}, {1, 2}),
    "new file of one line": ("@@ -0,0 +1 @@\n+a\n\\ No newline at end of file", {1}, {1}),
    "two hunks": ("@@ -1 +1 @@\n-a\n+b\n@@ -9,2 +9,3 @@\n x\n+y\n z", {1, 10}, {1, 9, 10, 11}),
    "no newline before and after": (
        "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file",
        {1},
        {1},
    ),
    "only removed": ("@@ -1,2 +1 @@\n a\n-b", set(), {1}),
    "removed file": ("@@ -1,2 +0,0 @@\n-a\n-b", set(), set()),
    "lines that look like headers": ("@@ -1,2 +1,2 @@\n--- a\n+++ b\n c", {1}, {1, 2}),
    "empty added line at the end": ("@@ -1 +1,2 @@\n a\n+", {2}, {1, 2}),
    "carriage returns": ("@@ -1 +1,2 @@\n a\r\n+b\r", {2}, {1, 2}),
    "bare carriage return inside": ("@@ -1 +1,2 @@\n a\n+b\rc", {2}, {1, 2}),
    "other line separators inside": ("@@ -0,0 +1,2 @@\n+a\u2028b\x0bc\n+d", {1, 2}, {1, 2}),
    "missing": (None, set(), set()),
    "empty": ("", set(), set()),
}

HOSTILE = {
    "no hunk": "hello",
    "longer than announced": "@@ -1 +1 @@\n+a\n+b",
    "shorter than announced": "@@ -1,9 +1,9 @@\n a",
    "second file": "@@ -0,0 +1 @@\n+a\n--- x\n+++ y\n@@ -0,0 +1 @@\n+b",
    "git header": "diff --git a/x b/y\n--- a/x\n+++ b/y\n@@ -0,0 +1 @@\n+b",
    "endless number": f"@@ -0,0 +{'9' * 5000} @@\n+a",
    "marker first": "\\ No newline at end of file",
    "binary": "Binary files a and b differ\nGIT binary patch\n",
    "surrogate": "@@ -0,0 +1 @@\n?\ud800",
}


@pytest.mark.parametrize(("patch", "changed", "commentable"), CASES.values(), ids=CASES)
def test_lines_of_a_patch(patch: str | None, changed: set[int], commentable: set[int]) -> None:
    assert changed_lines(patch) == changed
    assert commentable_lines(patch) == commentable


@pytest.mark.parametrize("patch", HOSTILE.values(), ids=HOSTILE)
def test_an_unusable_patch_has_no_lines(patch: str) -> None:
    assert changed_lines(patch) == commentable_lines(patch) == frozenset()
