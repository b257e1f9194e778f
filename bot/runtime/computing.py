"""Where texts are looked through: small ones at once, large ones in a thread."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

SMALL: Final = 3_000

T = TypeVar("T")


async def computed(work: Callable[[], T], size: int) -> T:
    """The result of `work` on texts of `size` characters.

    Deliveries are acknowledged on this loop, and a large hostile text may take seconds. A small one takes less than
    the way to a thread and back, and about 0.1 s at worst, where it is as hostile as our tests know it.
    """
    return work() if size <= SMALL else await asyncio.to_thread(work)
