"""Duplicates once more: the issues that the bar rests on live, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.appraisal.run import duplicates_once_more
from bot.domain.history.values import HistoryItem, Writer

BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)
THINGS: Final = ("gauge", "harbour", "zone", "legend", "export", "buoy")


def item(number: int, title: str, *, pull: bool = False, of: int | None = None) -> HistoryItem:
    at = BEGIN + timedelta(minutes=number)
    return HistoryItem(
        number=number, is_pull=pull, title=title, body="", state="open", state_reason="", association="NONE",
        writer=Writer.PERSON, author="", labels=(), comments=0, created_at=at, updated_at=at, closed_at=None,
        duplicate_of=of,
    )  # fmt: skip


def quietly(_what: str, _done: int, _total: int) -> None:
    return None


ISSUES: Final = [item(at, f"The {thing} is drawn upside down") for at, thing in enumerate(THINGS, 1)]
AGAIN: Final = item(9, "Again the harbour is drawn upside down", of=2)


def test_pull_requests_and_vulnerabilities_are_left_out() -> None:
    fix = item(7, "The harbour is drawn upside down: fixed", pull=True, of=2)
    attack = replace(item(8, "Remote code execution"), body="An attacker can exploit this vulnerability.")
    found = duplicates_once_more([*ISSUES, fix, attack, AGAIN], quietly)
    assert found == duplicates_once_more([*ISSUES, AGAIN], quietly)
    assert found is not None
    assert (found["reports"], found["queries"]) == (len(ISSUES) + 1, 1)


def test_those_that_are_the_same_by_way_of_a_pull_request_are_the_same() -> None:
    found = duplicates_once_more(
        [*ISSUES, item(7, "Harbour", pull=True, of=2), replace(AGAIN, duplicate_of=7)], quietly
    )
    assert found is not None
    assert found["queries"] == 1


def test_without_marked_issues_there_is_nothing_to_say() -> None:
    pulls = [item(7, "Harbour", pull=True), item(8, "Harbour", pull=True, of=7)]
    assert duplicates_once_more([*ISSUES, *pulls, item(9, "Buoy", of=99)], quietly) is None
