"""Goes through a repository's reports in the order in which they came, as if each were new: what would have been found?

Statistics and dense vectors are learned from older reports only, again whenever the index has grown by a third.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from bot.learning.duplicates import Claim, Families, Place, Seen, calibrate, claim, strength
from bot.learning.index import Entry, Match, MemoryIndex, matches
from bot.learning.latent import Latent
from bot.learning.likeness import Dense, Profile, Statistics, profile, statistics
from bot.learning.terms import Terms, terms

Learn = Callable[[Sequence[Profile]], Latent | None]

_GROWTH: Final = 4 / 3
_FIRST: Final = 8
_RECALIBRATE: Final = 50


@dataclass(frozen=True, slots=True)
class Report:
    """A report; `relatives` are the ids that people marked as the same, older and newer ones."""

    place: Place
    title: str
    body: str
    relatives: frozenset[str]
    dense: Dense = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened with one report. `wanted` are its known older relatives, `found` is ordered, best first."""

    id: str
    wanted: frozenset[str]
    found: tuple[Match, ...]
    claim: Claim | None
    bar: float | None

    @property
    def rank(self) -> int | None:
        """The place of the first relative among what was found, from 1."""
        return next((at for at, one in enumerate(self.found, 1) if one.id in self.wanted), None)


class _Past:
    """What has been seen, how well it is known, and what people said of it."""

    def __init__(self, places: Mapping[str, Place], learn: Learn) -> None:
        self._places = places
        self._learn_latent = learn
        self._families = Families(places)
        self._history: list[Seen] = []
        self._bar: float | None = None
        self._reports: list[tuple[Report, Terms]] = []
        self._known: Statistics = statistics(())
        self._latent: Latent | None = None
        self._learned_at = 0
        self._index = MemoryIndex()

    def bar(self) -> float | None:
        """The bar for claims, from everything that has been seen."""
        return calibrate(self._history)

    def meet(self, report: Report, found: Terms) -> Outcome:
        """What would be said of a new report; nothing is learned from it yet."""
        query, older = report.place, {one for one in report.relatives if self._is_older(one, report.place)}
        alike = tuple(matches(Entry(query.id, self._profile(report, found)), self._index))
        claimed = claim(query, alike, self._families, self._bar)
        return Outcome(query.id, frozenset(older), alike, claimed, self._bar)

    def add(self, report: Report, found: Terms, outcome: Outcome) -> None:
        """The report becomes a part of the past, with what people made of it."""
        self._reports.append((report, found))
        if is_due(self._learned_at, len(self._reports)):
            self._learn()
        else:
            self._index.add(Entry(report.place.id, self._profile(report, found)))
        if outcome.found:
            right = outcome.found[0].id in outcome.wanted
            standing = strength(outcome.found, self._families.members)
            self._history.append(Seen(standing, right, bool(outcome.wanted)))
        for other in sorted(outcome.wanted):
            self._families.mark(report.place.id, other)
        if len(self._reports) % _RECALIBRATE == 0:
            self._bar = self.bar()

    def _is_older(self, name: str, place: Place) -> bool:
        return name in self._places and self._places[name].created < place.created

    def _profile(self, report: Report, found: Terms) -> Profile:
        return profile(found, self._known, report.dense or self._latent or ())

    def _learn(self) -> None:
        self._learned_at = len(self._reports)
        self._known = statistics(found for _, found in self._reports)
        if not all(report.dense for report, _ in self._reports):
            self._latent = self._learn_latent([profile(found, self._known) for _, found in self._reports])
        self._index = MemoryIndex()
        for report, found in self._reports:
            self._index.add(Entry(report.place.id, self._profile(report, found)))


def is_due(learned_from: int, reports: int) -> bool:
    """Whether to learn again: the first reports are there, or a third more than it was learned from."""
    return reports >= max(_FIRST, learned_from * _GROWTH)


def replay(reports: Sequence[Report], learn: Learn) -> Iterator[Outcome]:
    """An outcome for each report, oldest first; those of the same moment do not know each other.

    The bar is set anew from the outcomes before, every _RECALIBRATE reports. `learn` makes dense vectors for reports
    that bring none (`training.latent.learn`).
    """
    yield from _play(_Past({one.place.id: one.place for one in reports}, learn), reports)


def earned_bar(reports: Sequence[Report], learn: Learn) -> float | None:
    """The bar for claims after all these reports; None where they have not earned one."""
    past = _Past({one.place.id: one.place for one in reports}, learn)
    for _ in _play(past, reports):
        pass
    return past.bar()


def _play(past: _Past, reports: Sequence[Report]) -> Iterator[Outcome]:
    for _, group in groupby(sorted(reports, key=lambda one: one.place), key=lambda one: one.place.created):
        together = [(report, terms(report.title, report.body)) for report in group]
        outcomes = [past.meet(report, found) for report, found in together]
        for (report, found), outcome in zip(together, outcomes, strict=True):
            past.add(report, found, outcome)
        yield from outcomes
