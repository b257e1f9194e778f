"""How alike two reports are: BM25-weighted term vectors per aspect, a dense vector, and their fusion.

A report's vectors are computed once, when it is indexed, with the statistics of that time, and have length 1: likeness
is a plain product, in Python as in a database. A candidate is found by its rarest common terms and then compared in
every aspect.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Final

from bot.learning.terms import Terms

Vector = Mapping[str, float]
Dense = Sequence[float]

WHOLE: Final = "whole"
DENSE: Final = "dense"
ASPECTS: Final = (WHOLE, "title", "pieces")
_FIELD_WEIGHTS: Final = {"title": 3.0, "text": 1.0, "code": 0.5, "faults": 1.0}
"""Of the aspect WHOLE: a term in the title counts like three in the text; each field by its own mean length."""
_SATURATION: Final = 1.2
_LENGTH: Final = 0.75
_KEPT_TERMS: Final = 400
_MOST_COUNTED: Final = 500_000
"""Terms of an aspect that are counted at a time: where logs make up ever new ones, the rarest are given up."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What weighs terms: the number of reports, aspect → term → reports with it, and the fields' mean lengths."""

    reports: int
    frequencies: Mapping[str, Mapping[str, int]]
    lengths: Mapping[str, float]

    def idf(self, aspect: str, term: str) -> float:
        """BM25's inverse document frequency, never below 0 (Robertson and Zaragoza 2009, with Lucene's 1 +)."""
        frequency = self.frequencies[aspect].get(term, 0)
        return math.log(1 + (self.reports - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True, slots=True)
class Profile:
    """A report as it is compared: aspect → vector of length 1 (or empty), and a dense vector of length 1 if any."""

    aspects: Mapping[str, Vector]
    dense: Dense = ()

    @property
    def whole(self) -> Vector:
        return self.aspects[WHOLE]


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` 0..1: half of it WHOLE, half the mean of the other `parts`, all cosines."""

    score: float
    parts: Mapping[str, float]


class Counting:
    """Counts the terms of reports, one after the other; memory for `most` terms of each aspect."""

    def __init__(self, most: int = _MOST_COUNTED) -> None:
        self._most = most
        self._frequencies: dict[str, dict[str, int]] = {aspect: {} for aspect in ASPECTS}
        self._totals = dict.fromkeys(_FIELD_WEIGHTS, 0)
        self._reports = 0

    def add(self, report: Terms) -> None:
        self._reports += 1
        for field in self._totals:
            self._totals[field] += sum(report[field].values())
        for aspect, present in presence(report).items():
            known = self._frequencies[aspect]
            for term in present:
                known[term] = known.get(term, 0) + 1
            if len(known) > self._most:
                self._frequencies[aspect] = _pruned(known, self._most // 2)

    def result(self) -> Statistics:
        """What has been counted."""
        means = {field: total / max(1, self._reports) for field, total in self._totals.items()}
        return Statistics(self._reports, self._frequencies, means)


def _pruned(counts: dict[str, int], most: int) -> dict[str, int]:
    """Without the rarest terms, so many that at most `most` are left: what is met again counts from there."""
    floor, left = 0, counts
    while len(left) > most:
        floor += 1
        left = {term: count for term, count in counts.items() if count > floor}
    return left


def statistics(reports: Iterable[Terms]) -> Statistics:
    """Count the terms of all reports."""
    counting = Counting()
    for one in reports:
        counting.add(one)
    return counting.result()


def presence(report: Terms) -> dict[str, Iterable[str]]:
    """Aspect → the report's terms there, each once."""
    whole = {term for field in _FIELD_WEIGHTS for term in report[field]}
    return {WHOLE: whole, **{aspect: report[aspect].keys() for aspect in ASPECTS if aspect != WHOLE}}


def profile(report: Terms, known: Statistics, dense: Dense | Callable[[Vector], Dense] = ()) -> Profile:
    """A report's vectors. `dense` is its dense vector of length 1, or makes one from the vector of the aspect WHOLE."""
    aspects = {aspect: _vector(_counts(report, aspect, known), aspect, known) for aspect in ASPECTS}
    return Profile(aspects, dense(aspects[WHOLE]) if callable(dense) else dense)


def _counts(report: Terms, aspect: str, known: Statistics) -> Mapping[str, float]:
    """Term frequencies; of WHOLE the weighted sum over the fields, each by its length (BM25F)."""
    if aspect != WHOLE:
        return report[aspect]
    total: dict[str, float] = {}
    for field, weight in _FIELD_WEIGHTS.items():
        mean = known.lengths[field] or 1.0
        norm = 1 - _LENGTH + _LENGTH * sum(report[field].values()) / mean
        for term, count in report[field].items():
            total[term] = total.get(term, 0.0) + weight * count / norm
    return total


def _vector(counts: Mapping[str, float], aspect: str, known: Statistics) -> dict[str, float]:
    weighted = {term: count / (_SATURATION + count) * known.idf(aspect, term) for term, count in counts.items()}
    heaviest = sorted(weighted.items(), key=lambda one: (-one[1], one[0]))[:_KEPT_TERMS]
    length = math.sqrt(math.fsum(value * value for _, value in heaviest))
    return {term: value / length for term, value in heaviest} if length else {}


def rarest(one: Profile, most: int) -> list[tuple[str, float]]:
    """The terms that say most about a report, heaviest first: candidates are looked up by them."""
    return list(one.whole.items())[:most]


def likeness(one: Profile, other: Profile) -> Likeness:
    """How alike two reports are; symmetric but for the statistics that each was indexed with."""
    parts = {aspect: product(one.aspects[aspect], other.aspects[aspect]) for aspect in ASPECTS}
    if one.dense and len(one.dense) == len(other.dense):
        parts[DENSE] = max(0.0, math.fsum(map(mul, one.dense, other.dense)))
    others = [value for aspect, value in parts.items() if aspect != WHOLE]
    return Likeness((parts[WHOLE] + math.fsum(others) / len(others)) / 2, parts)


def product(one: Vector, other: Vector) -> float:
    """The cosine of two vectors of length 1."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return math.fsum(value * large[term] for term, value in small.items() if term in large)
