"""The short lane: the contract through llama.cpp with few events, and the judges that do not need a server."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from docs import servers as table
from docs.servers import Measured
from tests.endpoints import contract, venvs
from tests.endpoints.direct import fits, real_level
from tests.endpoints.servers import SERVERS, llama_cpp
from tests.endpoints.venvs import NotInstalled, environment


def advance(_count: int) -> None:
    """Nobody watches."""


async def test_events_through_llama_cpp_end_well(database_url: str, tmp_path: Path) -> None:
    with llama_cpp(tmp_path, tmp_path) as server:
        found = await contract.measure(server, database_url, tmp_path, events=12, asks=2, advance=advance)
    assert found.wrong == []
    assert (found.level, found.real, found.direct) == ("json_schema", "json_schema", {"json_schema": 2})
    assert (found.decided, found.by_model) == (12, 12)
    assert found.tokens > 12 * 100


async def test_servers_that_die_one_after_the_other_lose_nothing(database_url: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with llama_cpp(tmp_path, tmp_path) as first, llama_cpp(tmp_path, other) as second:
        killed = await contract.kill(first, second, database_url, tmp_path, events=24, advance=advance)
    assert killed.wrong == []
    assert killed.decided == 24
    assert all(killed.waiting)
    assert all(killed.tokens)
    assert killed.alone >= 6


GOOD: Final = '{"colour": "teal-52", "seen": true}'
MESSAGES: Final[dict[str, tuple[str, dict[str, Any], bool]]] = {
    "the form": ("json_schema", {"content": GOOD}, True),
    "in a fence": ("json_schema", {"content": f"```\n{GOOD}\n```"}, False),
    "another colour": ("json_schema_lenient", {"content": GOOD.replace("teal-52", "teal")}, False),
    "a field more": ("json_schema", {"content": GOOD[:-1] + ', "more": 1}'}, False),
    "cut off": ("json_schema", {"content": GOOD[:-3]}, False),
    "nothing": ("json_schema", {"content": None}, False),
    "a call": ("tool_call", {"tool_calls": [{"function": {"arguments": GOOD}}]}, True),
    "a call of nothing": ("tool_call", {"content": GOOD, "tool_calls": []}, False),
    "an object": ("json_object", {"content": "{}"}, True),
    "a list": ("json_object", {"content": "[]"}, False),
}


@pytest.mark.parametrize(("level", "message", "held"), MESSAGES.values(), ids=MESSAGES)
def test_what_holds_to_a_form(level: str, message: dict[str, Any], held: bool) -> None:
    assert fits(level, message) is held


@pytest.mark.parametrize(
    ("counts", "level"),
    [
        ({"json_schema": 3}, "json_schema"),
        ({"json_schema": 2, "json_schema_lenient": 0, "tool_call": 3}, "tool_call"),
        ({"json_schema": 2, "json_schema_lenient": 0, "tool_call": 0, "json_object": 2}, "text"),
    ],
)
def test_the_level_is_the_strictest_that_always_held(counts: dict[str, int], level: str) -> None:
    assert real_level(counts, times=3) == level


def test_a_server_that_cannot_be_installed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(venvs, "CACHE", tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(NotInstalled, match="cannot be installed"):
        environment("one", ("one==1",))
    assert not (tmp_path / "one" / "installed.txt").exists()


def page_with(*rows: Measured, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(table, "STORE", folder / "measured.json")
    monkeypatch.setattr(table, "PAGE", folder / "measured.md")
    for row in rows:
        table.publish(row)
    assert set(json.loads((folder / "measured.json").read_text())) == {row.id for row in rows}
    return (folder / "measured.md").read_text()


def test_the_page_says_what_was_not_run_and_what_failed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    absent = Measured("one", "One", "one==1", skipped="no compiler")
    failed = Measured("two", "Two", "two==2", level="`text`", wrong=("3 events were lost",))
    well = Measured("three", "Three", "three==3", level="`tool_call`", decided="200 of 200")
    page = page_with(absent, failed, well, folder=tmp_path, monkeypatch=monkeypatch)
    assert "| One | one==1 | **not run**: no compiler |" in page
    assert "- Two: 3 events were lost" in page
    assert "| Three | three==3 | `tool_call` |" in page
    assert [one.failed for one in (absent, failed, well)] == [True, True, False]


def test_each_server_is_pinned() -> None:
    assert len({one.id for one in SERVERS}) == 4
    assert all("==" in package for one in SERVERS for package in one.packages)


def test_the_committed_page_is_what_was_measured() -> None:
    for path, text in table.pages().items():
        assert path.read_text() == text
