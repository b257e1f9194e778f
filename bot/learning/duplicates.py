"""Which report a duplicate belongs to, and when to say so.

Likely relatives are listed; a duplicate is claimed only above a bar that held its precision on the repository's own
history. A claim goes from a report to an older one, so that claims can never go round in a circle.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.learning.index import Match
from bot.learning.measures import threshold_for

PRECISION: Final = 0.9
ENOUGH_KNOWN: Final = 20
"""So many known duplicates are needed before a bar can be told; until then nothing is claimed."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """When a report was made; the id decides between two of the same moment. Times are seconds."""

    created: float
    id: str


Mark = tuple[str, str]
"""A duplicate and its original, as people said it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`of` is the canonical report; `strength` is what the bar is compared with."""

    of: str
    strength: float
    match: Match


class Families:
    """Groups of reports that people marked as duplicates of each other, in whatever direction and by any number of
    steps, also by way of reports that have no place."""

    def __init__(self, places: Mapping[str, Place], marks: Iterable[Mark] = ()) -> None:
        self._places = places
        self._groups: dict[str, set[str]] = {}
        self._marked: set[str] = set()
        for one in marks:
            self.mark(*one)

    def mark(self, duplicate: str, original: str) -> None:
        """Record a person's mark; a report is no duplicate of itself."""
        if duplicate == original:
            return
        self._marked.add(duplicate)
        mine, theirs = self._group(duplicate), self._group(original)
        if mine is not theirs:
            small, large = sorted((mine, theirs), key=len)  # else a long chain would take the square of its length
            large |= small
            self._groups |= dict.fromkeys(small, large)

    def members(self, report: str) -> frozenset[str]:
        """The report and all its relatives."""
        return frozenset(self._groups.get(report, (report,)))

    def canonical(self, report: str, before: Place) -> str | None:
        """The relative that stands for all: older than `before`, not itself marked as a duplicate where there is such
        a one, and of these the oldest. None if nothing is older.
        """
        older = [one for one in self.members(report) if one in self._places and self._places[one] < before]
        if not older:
            return None
        return min(older, key=lambda one: (one in self._marked, self._places[one]))

    def _group(self, report: str) -> set[str]:
        return self._groups.setdefault(report, {report})


def strength(found: Sequence[Match], family: Callable[[str], frozenset[str]]) -> float:
    """How much the best match stands out: its score, and its lead over the best one outside its family."""
    relatives = family(found[0].id)
    rival = next((one.likeness.score for one in found if one.id not in relatives), 0.0)
    return 2 * found[0].likeness.score - rival


def claim(query: Place, found: Sequence[Match], families: Families, bar: float | None) -> Claim | None:
    """The duplicate that may be claimed: the best match's canonical relative, if it stands out enough and is older.

    `found` is ordered, most alike first. No bar, no claim.
    """
    if bar is None or not found:
        return None
    of = families.canonical(found[0].id, query)
    standing = strength(found, families.members)
    if of is None or of == query.id or standing < bar:
        return None
    return Claim(of, standing, found[0])


@dataclass(frozen=True, slots=True)
class Seen:
    """A report of the past: how much its best match stood out, and whether it was a relative.

    `known` says that the report had an older relative that could have been found.
    """

    strength: float
    right: bool
    known: bool


def calibrate(history: Iterable[Seen], precision: float = PRECISION) -> float | None:
    """The bar from the past; None until enough duplicates are known, and where no bar is precise enough."""
    seen = list(history)
    if sum(one.known for one in seen) < ENOUGH_KNOWN:
        return None
    return threshold_for(precision, [one.strength for one in seen], [one.right for one in seen])
