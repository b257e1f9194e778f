"""How good answers are: F1, precision and recall with intervals, calibration, coverage at a precision."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

_BINS: Final = 10
_RESAMPLES: Final = 2_000
_Z95: Final = 1.959964
_Z80: Final = 0.841621

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of answers above `threshold`, of which `precision` are right; 0, 0, None if there is none."""

    share: float
    precision: float
    threshold: float | None


def f1_scores(truth: Sequence[str], answers: Sequence[str]) -> dict[str, float]:
    """F1 of every label that occurs on either side; 0 where nothing was right."""
    pairs = list(zip(truth, answers, strict=True))
    scores = {}
    for label in sorted({*truth, *answers}):
        right = sum(one == other == label for one, other in pairs)
        total = sum(one == label for one, _ in pairs) + sum(other == label for _, other in pairs)
        scores[label] = 2 * right / total
    return scores


def macro_f1(truth: Sequence[str], answers: Sequence[str]) -> float:
    """The mean of the labels' F1 scores."""
    scores = f1_scores(truth, answers)
    return math.fsum(scores.values()) / len(scores) if scores else 0.0


def confusion(truth: Sequence[str], answers: Sequence[str]) -> dict[str, dict[str, int]]:
    """True label → answered label → how often."""
    table: dict[str, dict[str, int]] = {}
    for one, other in zip(truth, answers, strict=True):
        row = table.setdefault(one, {})
        row[other] = row.get(other, 0) + 1
    return table


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy over ten bins of equal width."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for confidence, good in zip(confidences, right, strict=True):
        bins[min(_BINS - 1, int(confidence * _BINS))].append((confidence, good))
    gaps = (abs(math.fsum(confidence - good for confidence, good in one)) for one in bins)
    return math.fsum(gaps) / len(confidences) if confidences else 0.0


def coverage_at(precision: float, confidences: Sequence[float], right: Sequence[bool]) -> Coverage:
    """The largest share of answers, most confident first, that are right at least that often; ties stay together."""
    ordered = sorted(zip(confidences, right, strict=True), key=lambda one: -one[0])
    best = Coverage(0.0, 0.0, None)
    good = 0
    for count, (confidence, one) in enumerate(ordered, 1):
        good += one
        tied = count < len(ordered) and ordered[count][0] == confidence
        if not tied and good >= precision * count:
            best = Coverage(count / len(ordered), good / count, confidence)
    return best


def threshold_for(precision: float, confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """The lowest confidence from which the lower end of a one-sided 80 % interval is still at that precision.

    A plain cut at the observed precision would follow luck; None where no cut is good enough.
    """
    ordered = sorted(zip(confidences, right, strict=True), key=lambda one: -one[0])
    best: float | None = None
    good = 0
    for count, (confidence, one) in enumerate(ordered, 1):
        good += one
        tied = count < len(ordered) and ordered[count][0] == confidence
        if not tied and wilson(good, count, z=_Z80).low >= precision:
            best = confidence
    return best


def wilson(good: int, count: int, *, z: float = _Z95) -> Interval:
    """Wilson's interval of a share; (0, 1) without any observation."""
    if not count:
        return Interval(0.0, 1.0)
    share = good / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def bootstrap(values: Sequence[float], seed: int = 1) -> Interval:
    """The 95 % percentile bootstrap interval of a mean; the same values give the same interval."""
    return bootstrap_of(values, mean, seed)


def bootstrap_of(values: Sequence[T], measure: Callable[[Sequence[T]], float], seed: int = 1) -> Interval:
    """The 95 % percentile bootstrap interval of any measure of a sample; (0, 1) for an empty one."""
    if not values:
        return Interval(0.0, 1.0)
    chance = random.Random(seed)
    found = sorted(measure(chance.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return Interval(found[int(0.025 * _RESAMPLES)], found[int(0.975 * _RESAMPLES) - 1])


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; 0 of nothing."""
    return math.fsum(values) / len(values) if values else 0.0
