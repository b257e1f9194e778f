"""Finding candidates by their rarest terms: the contract that every index keeps, and one in memory.

Of each report its heaviest terms are posted, and of each term the heaviest postings are read: what a look-up costs does
not grow with the number of reports.
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.learning.likeness import Likeness, Profile, likeness, rarest

QUERY_TERMS: Final = 32
POSTED_TERMS: Final = 48
"""So many of a report's heaviest terms have postings."""
DEPTH: Final = 200
"""So many postings of a term are read, the heaviest."""
CANDIDATES: Final = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A report in an index."""

    id: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Match:
    """A report that is like another one."""

    id: str
    likeness: Likeness


class Index(Protocol):
    """Profiles of a repository's reports, with postings: term → the reports with it and its weight there."""

    def candidates(self, query: Profile, most: int = CANDIDATES) -> Sequence[Entry]:
        """The reports with the greatest products over the QUERY_TERMS heaviest terms of the query.

        Only postings count that are among the DEPTH heaviest of their term.
        """
        ...


class MemoryIndex:
    """An index in memory. Candidates of equal weight come in the order in which they were added."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._postings: dict[str, list[tuple[float, int]]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        for term, weight in rarest(entry.profile, POSTED_TERMS):
            insort(self._postings.setdefault(term, []), (-weight, len(self._entries)))
        self._entries.append(entry)

    def candidates(self, query: Profile, most: int = CANDIDATES) -> Sequence[Entry]:
        products: dict[int, float] = {}
        for term, weight in rarest(query, QUERY_TERMS):
            for other, place in self._postings.get(term, ())[:DEPTH]:
                products[place] = products.get(place, 0.0) - weight * other
        best = sorted(products.items(), key=lambda one: (-one[1], one[0]))[:most]
        return [self._entries[place] for place, _ in best]


def matches(query: Entry, index: Index, most: int = CANDIDATES) -> list[Match]:
    """The candidates compared in every aspect, most alike first; never the report itself."""
    found = [
        Match(one.id, likeness(query.profile, one.profile))
        for one in index.candidates(query.profile, most)
        if one.id != query.id
    ]
    return sorted(found, key=lambda one: -one.likeness.score)
