"""What need not be asked for again: files at a commit never change."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from cachetools import TLRUCache

_BYTES: Final = 32 * 1024 * 1024
_LARGEST: Final = 256 * 1024
_ENTRY: Final = 500
LONG: Final = 3600.0
SHORT: Final = 60.0
"""For what is missing, which a lagging server may have overlooked, and for what is read without naming a commit."""

T = TypeVar("T")


class _Entry(NamedTuple):
    value: Any
    size: int
    seconds: float


def _cache() -> TLRUCache[Any, _Entry]:
    return TLRUCache(_BYTES, ttu=lambda _key, entry, now: now + entry.seconds, getsizeof=lambda entry: entry.size)


@dataclass(frozen=True, slots=True)
class Kept:
    """Values by key, 32 MB of them in all; the key names installation and repository, so that nothing is shared."""

    _found: TLRUCache[Any, _Entry] = field(default_factory=_cache)

    async def once(
        self, key: tuple[Any, ...], read: Callable[[], Awaitable[T]], weigh: Callable[[T], tuple[int, float]]
    ) -> T:
        """The kept value, or a new one, kept by its weight: (bytes, seconds); 0 seconds keeps nothing."""
        entry = self._found.get(key)
        if entry is not None:
            value: T = entry.value
            return value
        value = await read()
        size, seconds = weigh(value)
        if seconds > 0 and size <= _LARGEST:
            self._found[key] = _Entry(value, size + _ENTRY, seconds)
        return value

    def note(self, key: tuple[Any, ...]) -> None:
        """Remember the key itself, for an hour."""
        self._found[key] = _Entry(True, _ENTRY, LONG)

    def noted(self, key: tuple[Any, ...]) -> bool:
        return key in self._found
