"""What a scene is."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bot.demo.stage import Stage
from bot.demo.threads import Thread

Play: TypeAlias = Callable[[Stage], Awaitable[None]]
Check: TypeAlias = Callable[[tuple[Thread, ...]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Scene:
    """`play` lets the stage see one or more moments, all settled; `faults` says what is wrong with their threads."""

    title: str
    expected: str
    play: Play
    faults: Check
