"""SECURITY.md names guards and tests that exist; the locks name no address."""

import re
from typing import Final

import pytest

from tests.safety.guards import ROOT, all_guards

PAGE: Final = (ROOT / "SECURITY.md").read_text("utf-8")
LOCKS: Final = ("requirements.lock", "requirements-dev.lock")


def rows() -> list[list[str]]:
    """The threat model's rows: who, what, guards, tests."""
    lines = [line for line in PAGE.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_row_names_guards_and_tests_that_exist() -> None:
    guards = {one.name for one in all_guards()}
    assert len(rows()) >= 10
    for who, _what, own, shown in rows():
        assert names(own), who
        assert names(shown), who
        assert set(names(own)) <= guards, set(names(own)) - guards
        assert [one for one in names(shown) if not (ROOT / one).is_file()] == []


def test_every_file_and_command_it_names_exists() -> None:
    commands = (ROOT / "Makefile").read_text("utf-8")
    for name in re.findall(r"`(?:make )([a-z -]+?)(?: [A-Z]+=\w+)?`", PAGE):
        assert all(f"\n{one}:" in commands for one in name.split()), name
    assert all((ROOT / one).is_file() for one in re.findall(r"\b[\w./-]+\.lock\b", PAGE))
    assert "## Reporting" in PAGE
    assert "## Supported versions" in PAGE
    assert "pip-audit" in PAGE


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    packages = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==", text, re.MULTILINE)
    assert len(packages) > 20
    assert "://" not in text
    assert not re.search(r"^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)
    parts = re.split(r"^(?=[A-Za-z0-9._-]+(?:\[[\w,-]+\])?==)", text, flags=re.MULTILINE)[1:]
    assert [one.split("==")[0] for one in parts if "--hash=sha256:" not in one] == []
