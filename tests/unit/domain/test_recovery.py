"""Which deliveries were lost, from what a repository lists."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from bot.domain.events import parse
from bot.domain.recovery import Known, Place, Window, lost

JONAS: Final = {"login": "jonas", "id": 3, "type": "User"}
BOT: Final = {"login": "dependabot[bot]", "id": 4, "type": "Bot"}
REPOSITORY: Final = {
    "id": 9, "name": "tidepool", "private": True, "default_branch": "main", "owner": {"login": "sample-org", "id": 1},
    "html_url": "https://github.com/sample-org/tidepool",
}  # fmt: skip
PLACE: Final = Place(5, REPOSITORY)
NOTHING: Final = Known(frozenset(), frozenset())


def at(hour: int, second: int = 0) -> str:
    return f"2026-03-02T{hour:02}:00:{second:02}Z"


WINDOW: Final = Window(datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC))


def issue(number: int = 1, *, created: int = 10, updated: int | None = None, **more: Any) -> dict[str, Any]:
    changed = created if updated is None else updated
    return {"number": number, "id": number, "user": JONAS, "created_at": at(created), "updated_at": at(changed), **more}


def comment(
    body: str | None = "/label bug", *, written: int = 12, edited: int | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "id": 70, "issue_url": "https://api.github.com/repos/sample-org/tidepool/issues/1", "user": JONAS, "body": body,
        "created_at": at(written), "updated_at": at(written if edited is None else edited), **more,
    }  # fmt: skip


PULL: Final[dict[str, Any]] = {"pull_request": {"url": "x"}}
OPENED, COMMAND = ("issues", 1), ("issue_comment", 1)

CASES: Final[dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], Known, list[tuple[str, int]]]]] = {
    "an issue": ([issue()], [], NOTHING, [OPENED]),
    "a pull request": ([issue(**PULL)], [], NOTHING, [("pull_request", 1)]),
    "a pull request of a list of pull requests": ([issue(head={"sha": "a"})], [], NOTHING, [("pull_request", 1)]),
    "in the first second": ([issue(created=8)], [], NOTHING, [OPENED]),
    "in the last second": ([issue(created=16)], [], NOTHING, [OPENED]),
    "before the gap, changed in it": ([issue(created=7, updated=12)], [], NOTHING, []),
    "after the gap": ([issue(created=17)], [], NOTHING, []),
    "its delivery arrived": ([issue()], [], Known(frozenset({("issues", 1)}), frozenset()), []),
    "another's delivery arrived": ([issue()], [], Known(frozenset({("pull_request", 1)}), frozenset()), [OPENED]),
    "a bot's": ([issue(user=BOT)], [], NOTHING, []),
    "of a deleted account": ([issue(user=None)], [], NOTHING, [OPENED]),
    "a command that was the last word": ([issue(created=7, updated=12)], [comment()], NOTHING, [COMMAND]),
    "a command on an item that was lost": ([issue(updated=12)], [comment()], NOTHING, [OPENED, COMMAND]),
    "a command after which the thread went on": ([issue(created=7, updated=13)], [comment()], NOTHING, []),
    "a command that was edited": ([issue(created=7, updated=12)], [comment(edited=13)], NOTHING, []),
    "a command before the gap": ([issue(created=5, updated=7)], [comment(written=7)], NOTHING, []),
    "a command after the gap": ([issue(created=5, updated=17)], [comment(written=17)], NOTHING, []),
    "a command that arrived": ([issue(created=7, updated=12)], [comment()], Known(frozenset(), frozenset({70})), []),
    "a command of a bot": ([issue(created=7, updated=12)], [comment(user=BOT)], NOTHING, []),
    "a comment without a command": ([issue(created=7, updated=12)], [comment("thanks, /label is nice")], NOTHING, []),
    "an empty comment": ([issue(created=7, updated=12)], [comment(body=None)], NOTHING, []),
    "a command on an item that is gone": ([], [comment()], NOTHING, []),
    "in the order of time": ([issue(2, created=11), issue(1)], [], NOTHING, [OPENED, ("issues", 2)]),
}  # fmt: skip


@pytest.mark.parametrize(("items", "comments", "known", "expected"), CASES.values(), ids=CASES)
def test_what_was_lost(
    items: list[dict[str, Any]], comments: list[dict[str, Any]], known: Known, expected: list[tuple[str, int]]
) -> None:
    found = lost(PLACE, items, comments, WINDOW, known)
    events = [parse(one.event, one.guid, one.payload) for one in found]
    assert [(event.kind.split(".")[0], event.number) for event in events] == expected  # type: ignore[union-attr]


def test_the_same_event_has_the_same_name_and_no_other_has() -> None:
    items = [issue(updated=12), issue(2, updated=12)]
    spoken = [comment(), comment(id=71, issue_url="https://api.github.com/repos/sample-org/tidepool/issues/2")]
    first = lost(PLACE, items, spoken, WINDOW, NOTHING)
    assert [one.guid for one in lost(PLACE, items, spoken, WINDOW, NOTHING)] == [one.guid for one in first]
    elsewhere = lost(Place(5, {**REPOSITORY, "id": 10}), items, spoken, WINDOW, NOTHING)
    assert len({one.guid for one in first + elsewhere}) == 8


def test_what_was_lost_is_an_event_of_the_repository() -> None:
    opened, command = lost(PLACE, [issue(updated=12, **PULL)], [comment()], WINDOW, NOTHING)
    event = parse(opened.event, opened.guid, opened.payload)
    spoken = parse(command.event, command.guid, command.payload)
    for one in (event, spoken):
        assert one.repository.full_name == "sample-org/tidepool"  # type: ignore[union-attr]
        assert (one.repository.private, one.installation, one.sender.login) == (True, 5, "jonas")  # type: ignore[union-attr]
        assert one.is_pull  # type: ignore[union-attr]
    assert spoken.comment is not None  # type: ignore[union-attr]
    assert (spoken.comment.id, spoken.comment.body) == (70, "/label bug")  # type: ignore[union-attr]


def test_nothing_from_before_the_installation() -> None:
    window = WINDOW.since(datetime(2026, 3, 2, 11, tzinfo=UTC))
    found = lost(PLACE, [issue(1), issue(2, created=11)], [], window, NOTHING)
    assert [one.payload["issue"]["number"] for one in found] == [2]
    assert WINDOW.since(datetime(2026, 3, 2, 7, tzinfo=UTC)) == WINDOW


def test_a_time_without_fractions_may_stand_for_a_later_one() -> None:
    window = WINDOW.since(datetime(2026, 3, 2, 10, 0, 0, 900_000, tzinfo=UTC))
    assert len(lost(PLACE, [issue()], [], window, NOTHING)) == 1
