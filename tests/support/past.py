"""A repository with a past: 250 issues and pull requests, labels by all kinds of hands, duplicates."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.sandbox import Sandbox
from bot.sandbox.ops import labels
from bot.sandbox.world import Actor
from tests.support.assistant import REPOSITORY

HELPER: Final = "helper[bot]"
ITEMS: Final = 250
_PULLS: Final = 6


@dataclass(frozen=True, slots=True)
class Past:
    """The numbers of the items that something special happened to."""

    first: int
    by_bot: int
    by_form: int
    by_person: int
    by_us: int
    removed: int
    original: int
    middle: int
    duplicate: int
    unmarked: int
    stranger_said: int
    closed_as_duplicate: int
    merged: int
    of_a_bot: int


def make_past(sandbox: Sandbox) -> Past:
    """ITEMS items of the last month; after it nothing has happened for an hour."""
    sandbox.add_user(HELPER, kind="Bot")
    first = sandbox.state.repository(REPOSITORY).next_number
    with _long_ago(sandbox, minutes=60 * 24):
        # As many in one second as do not fit on a page: a script has touched them.
        for number in range(ITEMS - _PULLS - 14):
            body = f"Row {number} is read twice.\n\n```\nValueError: row {number}\n```\n"
            sandbox.open_issue(REPOSITORY, "jonas", f"Crash on row {number}", body)
        # More than a page of events.
        for number in range(first, first + 110):
            sandbox.edit_issue(REPOSITORY, number, "jonas", title=f"Crash on row {number - first}, again")
    with _long_ago(sandbox, minutes=60 * 12):
        for number in range(_PULLS):
            sandbox.open_pull(REPOSITORY, "aiko", f"Explain row {number}", files={f"docs/{number}.md": "# Row\n"})
    merged = sandbox.state.repository(REPOSITORY).next_number - 1
    with _long_ago(sandbox, minutes=60 * 6):
        special = [sandbox.open_issue(REPOSITORY, "jonas", f"Gap {n}", "A gap.\0").number for n in range(12)]
        by_form = sandbox.open_issue(REPOSITORY, "jonas", "From the form", "### Version\n\n1.2", ["bug"]).number
        of_a_bot = sandbox.open_issue(REPOSITORY, HELPER, "Broken dependency", "See above.").number
    past = Past(
        first=first, by_form=by_form, merged=merged, of_a_bot=of_a_bot, by_bot=special[0], by_person=special[1],
        by_us=special[2], removed=special[3], original=special[4], middle=special[5], duplicate=special[6],
        unmarked=special[7], stranger_said=special[8], closed_as_duplicate=special[9],
    )  # fmt: skip
    with _long_ago(sandbox, minutes=60 * 3):
        _labels(sandbox, past)
    with _long_ago(sandbox, minutes=60 * 2):
        _duplicates(sandbox, past)
        sandbox.merge_pull(REPOSITORY, past.merged, "mira")
    with _long_ago(sandbox, minutes=60):
        sandbox.unmark_duplicate(REPOSITORY, past.unmarked, "mira")
    return past


def label_as_us(sandbox: Sandbox, number: int, name: str) -> None:
    """What the App does with its token."""
    app = sandbox.state.app
    repository = sandbox.state.repository(REPOSITORY)
    labels.add_labels(sandbox.world, repository, repository.issues[number], Actor(app.bot, app), [name])


def _labels(sandbox: Sandbox, past: Past) -> None:
    sandbox.add_label(REPOSITORY, past.by_bot, HELPER, "question")
    sandbox.add_label(REPOSITORY, past.by_person, "mira", "enhancement")
    label_as_us(sandbox, past.by_us, "documentation")
    sandbox.add_label(REPOSITORY, past.removed, HELPER, "bug")
    sandbox.remove_label(REPOSITORY, past.removed, "mira", "bug")


def _duplicates(sandbox: Sandbox, past: Past) -> None:
    sandbox.mark_duplicate(REPOSITORY, past.middle, "mira", past.original)
    sandbox.mark_duplicate(REPOSITORY, past.duplicate, "mira", past.middle)
    sandbox.mark_duplicate(REPOSITORY, past.unmarked, "mira", past.original)
    sandbox.add_label(REPOSITORY, past.stranger_said, "mira", "duplicate")
    sandbox.comment(REPOSITORY, past.stranger_said, "stranger", f"Duplicate of #{past.original}")
    sandbox.comment(
        REPOSITORY, past.closed_as_duplicate, "tom", f"Thanks!\n\nClosing as duplicate of #{past.original}."
    )
    sandbox.close(REPOSITORY, past.closed_as_duplicate, "tom", "duplicate")


@contextlib.contextmanager
def _long_ago(sandbox: Sandbox, *, minutes: int) -> Iterator[None]:
    sandbox.clock_offset -= timedelta(minutes=minutes)
    try:
        yield
    finally:
        sandbox.clock_offset += timedelta(minutes=minutes)
