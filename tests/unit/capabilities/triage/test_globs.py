"""Globs for areas."""

import time

import pytest

from bot.capabilities.triage.globs import matches

CASES = {
    "a star stays in its folder": ("*.md", "docs/a.md", False),
    "a star at the root": ("*.md", "README.md", True),
    "two stars span folders": ("**/*.py", "src/a/b.py", True),
    "two stars span none": ("**/*.py", "b.py", True),
    "everything below": ("docs/**", "docs/a/b.md", True),
    "a trailing slash": ("docs/", "docs/a/b.md", True),
    "a name that only begins alike": ("docs/", "docs2/a.md", False),
    "a leading slash": ("/src/*", "src/a", True),
    "too deep": ("src/*", "src/a/b", False),
    "in the middle": ("src/**/test/*", "src/a/b/test/c", True),
}


@pytest.mark.parametrize(("glob", "path", "fits"), CASES.values(), ids=CASES)
def test_matches(glob: str, path: str, fits: bool) -> None:
    assert matches(path, glob) is fits


def test_a_hostile_glob_ends_soon() -> None:
    start = time.monotonic()
    assert not matches("a/" * 500 + "b", "**/" * 50 + "c" + "*a" * 20)
    assert time.monotonic() - start < 2
