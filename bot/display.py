"""How far long work is, on the terminal."""

import contextlib
from collections.abc import Iterator
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot.runtime.backfill import Step


class Reading:
    """A bar for items; beside it, what else was read."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._changes = 0
        self._details = 0

    def known(self, items: int, total: int | None) -> None:
        self._progress.update(self._task, completed=items, total=total)

    def step(self, step: Step) -> None:
        self._changes += step.changes
        self._details += step.details
        more = f"{self._changes} changes of labels" + (f", {self._details} threads" if self._details else "")
        self._progress.update(self._task, advance=step.items, more=more)

    def waits(self, until: datetime, reason: str) -> None:
        self._progress.update(self._task, more=f"waits until {until.astimezone():%H:%M:%S}: {reason}")


@contextlib.contextmanager
def reading(name: str) -> Iterator[Reading]:
    """A progress bar until the block ends, on standard error."""
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[more]}", markup=False),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        yield Reading(progress, progress.add_task(name, total=None, more=""))
