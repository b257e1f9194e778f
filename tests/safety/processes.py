"""A long lane's parts in processes of their own, with a bar that shows how far they are."""

import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final, TypeVar

import structlog
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PROCESSES: Final = 2
_Part = TypeVar("_Part")
_Result = TypeVar("_Result")


def quiet() -> None:
    """No log lines in this process: a lane makes hundreds of thousands."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)


def spread(work: Callable[[_Part], _Result], parts: Sequence[_Part], *, title: str) -> Iterator[_Result]:
    """The results as they come. An error in a part is an error of the lane."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawning, initializer=quiet) as pool, Progress(*columns) as progress:
        bar = progress.add_task(title, total=len(parts))
        for done in as_completed([pool.submit(work, part) for part in parts]):
            progress.advance(bar)
            yield done.result()
