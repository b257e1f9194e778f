"""Goes through a repository's reports in the order in which they came, as if each were new: what would have been found?

Statistics and dense vectors are learned from older reports only, again whenever the index has grown by a third.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from bot.learning.duplicates import Claim, Families, Mark, Place, Seen, calibrate, claim, strength
from bot.learning.index import Entry, Match, MemoryIndex, matches
from bot.learning.latent import Latent
from bot.learning.likeness import Dense, Profile, Statistics, profile, statistics
from bot.learning.terms import Terms, terms

Learn = Callable[[Sequence[Profile]], Latent | None]

_GROWTH: Final = 4 / 3
_FIRST: Final = 8
_RECALIBRATE: Final = 50
_OUTSIDE: Final = ""
"""No report: marks between two that are not among the reports."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report; `dense` is the vector that an endpoint made of it, empty where there is none."""

    place: Place
    title: str
    body: str
    dense: Dense = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened with one report. `found` is ordered, best first.

    `wanted` are the older reports that people marked as the same, either way round; `family` are also those that are
    the same by way of others. Claims and their bar are judged by the family.
    """

    id: str
    wanted: frozenset[str]
    family: frozenset[str]
    found: tuple[Match, ...]
    claim: Claim | None
    bar: float | None

    @property
    def rank(self) -> int | None:
        """The place of the first of `wanted` among what was found, from 1."""
        return self._rank(self.wanted)

    @property
    def family_rank(self) -> int | None:
        """The place of the first of `family` among what was found, from 1."""
        return self._rank(self.family)

    def _rank(self, wanted: frozenset[str]) -> int | None:
        return next((at for at, one in enumerate(self.found, 1) if one.id in wanted), None)


class _Past:
    """What has been seen, how well it is known, and what people said of it so far."""

    def __init__(self, reports: Sequence[Report], marks: Collection[Mark], learn: Learn) -> None:
        self._places = {one.place.id: one.place for one in reports}
        self._learn_latent = learn
        self._truth = Families(self._places, marks)
        self._marked: dict[str, set[str]] = {}
        self._marks: dict[str, list[Mark]] = {}
        for one in marks:
            self._note(one)
        self._families = Families(self._places, self._marks.get(_OUTSIDE, ()))
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
        query = report.place
        alike = tuple(matches(Entry(query.id, self._profile(report, found)), self._index))
        claimed = claim(query, alike, self._families, self._bar)
        wanted = self._older(self._marked.get(query.id, ()), query)
        family = self._older(self._truth.members(query.id), query)
        return Outcome(query.id, wanted, family, alike, claimed, self._bar)

    def add(self, report: Report, found: Terms, outcome: Outcome) -> None:
        """The report becomes a part of the past, with what people made of it."""
        self._reports.append((report, found))
        if is_due(self._learned_at, len(self._reports)):
            self._learn()
        else:
            self._index.add(Entry(report.place.id, self._profile(report, found)))
        if outcome.found:
            right = outcome.found[0].id in outcome.family
            standing = strength(outcome.found, self._families.members)
            self._history.append(Seen(standing, right, bool(outcome.family)))
        for mark in self._marks.get(report.place.id, ()):
            self._families.mark(*mark)
        if len(self._reports) % _RECALIBRATE == 0:
            self._bar = self.bar()

    def _note(self, mark: Mark) -> None:
        """A mark is known as soon as those are there that are ever there."""
        one, other = mark
        self._marked.setdefault(one, set()).add(other)
        self._marked.setdefault(other, set()).add(one)
        here = [self._places[name] for name in mark if name in self._places]
        self._marks.setdefault(max(here).id if here else _OUTSIDE, []).append(mark)

    def _older(self, names: Iterable[str], place: Place) -> frozenset[str]:
        known = self._places
        return frozenset(one for one in names if one in known and known[one].created < place.created)

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


def replay(reports: Sequence[Report], marks: Collection[Mark], learn: Learn) -> Iterator[Outcome]:
    """An outcome for each report, oldest first; those of the same moment do not know each other.

    `marks` may name others than these reports: two that are the same as a third are the same, wherever that one is.
    The bar is set anew from the outcomes before, every _RECALIBRATE reports. `learn` makes dense vectors for reports
    that bring none (`training.latent.learn`).
    """
    yield from _play(_Past(reports, marks, learn), reports)


def earned_bar(reports: Sequence[Report], marks: Collection[Mark], learn: Learn) -> float | None:
    """The bar for claims after all these reports; None where they have not earned one."""
    past = _Past(reports, marks, learn)
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
