"""Learns one repository and profiles its items, in a process of its own: `python -m bot.runtime.building_child`.

The database's address and the repository's id are the first two lines of the standard input: arguments are for
everybody to see. It ends when that input ends, which it does with the process that started it, whatever became of that
one.
"""

import asyncio
import os
import sys
from typing import Final

from bot.children import end_with_input
from bot.runtime.building import ANALYSIS, build
from bot.store.database import open_pool
from bot.store.generations import Generations
from bot.store.history import History
from bot.store.profiles import Profiles

_MANY: Final = 10_000
"""After so many new profiles the tables are put in order."""


def main() -> None:
    """Print how many items were profiled."""
    url, repository = (sys.stdin.readline().strip() for _ in range(2))
    if not url or not repository:
        return
    end_with_input()
    os.nice(10)
    print(asyncio.run(_build(url, int(repository))), flush=True)


async def _build(url: str, repository: int) -> int:
    # Here only: the libraries need a hundred megabytes, and a second.
    from bot.learning.training.latent import learn  # noqa: PLC0415

    async with open_pool(url, size=3) as pool, Generations(pool).alone(repository) as mine:
        generations = Generations(pool)
        due = await generations.next_due(ANALYSIS, 1, repository=repository) if mine else None
        if due is None:
            return 0
        done = await build(generations, Profiles(pool), History(pool), due, learn)
        if done >= _MANY:
            await generations.tidy()
        return done


if __name__ == "__main__":
    main()
