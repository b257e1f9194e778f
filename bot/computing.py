"""Where texts are looked through: small ones at once, large ones in a thread, away from the loop that answers."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

SMALL: Final = 3_000
"""Characters that are looked through sooner than a thread would have begun, and in 0.1 s where they are as hostile as
our tests know them. A large hostile text may take seconds."""
PARSED: Final = 256 * 1024
"""Bytes that are parsed, compressed or signed at once: none of that depends on what they say."""

T = TypeVar("T")


async def computed(work: Callable[[], T], size: int, *, small: int = SMALL) -> T:
    """The result of `work` on texts of `size`; a `small` one is worked on at once, a larger one in a thread."""
    return work() if size <= small else await asyncio.to_thread(work)
