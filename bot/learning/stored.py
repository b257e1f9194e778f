"""Profiles as a database holds them: terms by number, weights in single precision, little-endian."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.learning.index import CANDIDATES, Entry
from bot.learning.likeness import ASPECTS, Dense, Profile, Vector

_COUNTS: Final = struct.Struct(f"<{len(ASPECTS)}H")

Names = Mapping[str, Mapping[int, str]]
"""Aspect → a term's number → the term."""


def term_number(term: str) -> int:
    """A signed 32-bit number. Of a million terms a few hundred share theirs, which changes no likeness that matters."""
    return zlib.crc32(term.encode("utf-8", "replace")) - 2**31


def pack(one: Profile) -> bytes:
    """The aspects' vectors in the order of ASPECTS."""
    vectors = [one.aspects[aspect] for aspect in ASPECTS]
    parts = [_COUNTS.pack(*map(len, vectors))]
    for vector in vectors:
        parts.append(struct.pack(f"<{len(vector)}i", *map(term_number, vector)))
        parts.append(pack_numbers(list(vector.values())))
    return b"".join(parts)


def pack_numbers(numbers: Sequence[float]) -> bytes:
    """A dense vector, or weights."""
    return struct.pack(f"<{len(numbers)}f", *numbers)


def unpack_numbers(stored: bytes) -> tuple[float, ...]:
    """What `pack_numbers` wrote."""
    return struct.unpack(f"<{len(stored) // 4}f", stored)


def names(query: Profile) -> Names:
    """The query's terms by their numbers."""
    return {aspect: {term_number(term): term for term in query.aspects[aspect]} for aspect in ASPECTS}


def unpack(stored: bytes, known: Names, dense: Dense = ()) -> Profile:
    """The profile as far as a query sees it: with the terms that both have, the others change no product."""
    at = _COUNTS.size
    aspects: dict[str, Vector] = {}
    for aspect, count in zip(ASPECTS, _COUNTS.unpack_from(stored), strict=True):
        here = known[aspect]
        numbers = struct.unpack_from(f"<{count}i", stored, at)
        weights = struct.unpack_from(f"<{count}f", stored, at + 4 * count)
        aspects[aspect] = {here[one]: weight for one, weight in zip(numbers, weights, strict=True) if one in here}
        at += 8 * count
    return Profile(aspects, dense)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A report as the database has it; `dense` is empty where it has none that can be compared with the query's."""

    id: str
    is_pull: bool
    aspects: bytes
    dense: bytes = b""


@dataclass(frozen=True, slots=True)
class FetchedIndex:
    """What a database found for one query. An `Index` for that query only."""

    found: tuple[StoredEntry, ...] = field(default=())

    def candidates(self, query: Profile, most: int = CANDIDATES) -> Sequence[Entry]:
        """The fetched reports, in the order in which the database gave them."""
        known = names(query)
        return [Entry(one.id, unpack(one.aspects, known, unpack_numbers(one.dense))) for one in self.found[:most]]
