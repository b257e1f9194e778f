"""How sure to be before acting on a label, and whether that was borne out: pure functions on counted answers.

An answer of which the truth is known is a `Row`: the label that was said (the likeliest one, not each possible), its
calibrated probability, and whether people gave the item that label. Rows must come from answers about items that were
held back from training. The same functions serve the trainer, the live assistant and `eval`:

    bars = choose(rows, precision=0.9)          # label -> Bar: threshold, measured precision, count, bounds, coverage
    bars["bug"].reached_by(0.97)                # sure enough to act on?
    standing(bars["bug"], Outcomes(12, 1))      # may `mode: earned` act, and why (not)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.learning.measures import threshold_for, wilson

PRECISION: Final = 0.9
FOLDS: Final = 5
_Z95: Final = 1.644854
_Z80: Final = 0.841621


@dataclass(frozen=True, slots=True)
class Row:
    """One answer about a held-back item: the label said, its calibrated probability, and whether it was true."""

    label: str
    probability: float
    truth: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """`right` of `count` answers that would have been acted on were true."""

    right: int = 0
    count: int = 0

    @property
    def precision(self) -> float | None:
        return self.right / self.count if self.count else None

    @property
    def low(self) -> float:
        """The lower end of a one-sided 95 % interval (Wilson); 0 without any answer."""
        return wilson(self.right, self.count, z=_Z95).low

    def holds(self, precision: float) -> bool:
        """Whether the lower end of a one-sided 80 % interval is still at that precision: not by luck alone."""
        return self.count > 0 and wilson(self.right, self.count, z=_Z80).low >= precision

    def falls_short(self, precision: float) -> bool:
        """Whether the upper end of that interval is below it: hardly bad luck alone."""
        return self.count > 0 and wilson(self.right, self.count, z=_Z80).high < precision

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(self.right + other.right, self.count + other.count)


@dataclass(frozen=True, slots=True)
class Bar:
    """From which probability a label is sure enough for the `wanted` precision; None: from none that was seen.

    `measured` is what such thresholds reached on answers that had no part in choosing them (`FOLDS`-fold), `coverage`
    the share of all answers that the threshold lets through.
    """

    label: str
    wanted: float
    threshold: float | None = None
    measured: Measured = field(default_factory=Measured)
    coverage: float = 0.0

    def reached_by(self, probability: float) -> bool:
        return self.threshold is not None and probability >= self.threshold


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of labels that we set by ourselves lately: `kept` by people, or `corrected`."""

    kept: int = 0
    corrected: int = 0

    @property
    def measured(self) -> Measured:
        return Measured(self.kept, self.kept + self.corrected)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a label may be set by itself in `mode: earned`, and the reason in plain words."""

    earned: bool
    reason: str


def choose(rows: Sequence[Row], *, precision: float = PRECISION) -> dict[str, Bar]:
    """The bar of every label that was said. Rows in any order; the same rows in the same order give the same bars."""
    by_label: dict[str, list[Row]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row)
    return {label: _bar(label, found, len(rows), precision) for label, found in sorted(by_label.items())}


def standing(bar: Bar | None, outcomes: Outcomes) -> Standing:
    """A pure function of counts: held-back answers must hold the wanted precision, alone and with live outcomes.

    Live outcomes can only take the right away: they tell of a label, whichever method set it. A few of them do when
    they fall short by themselves: a long history must not outvote the people of today.
    """
    if bar is None or not bar.measured.count:
        return Standing(False, "nothing was measured for it so far")
    live, wanted = outcomes.measured, f"{bar.wanted:.0%}"
    if live.falls_short(bar.wanted):
        return Standing(
            False, f"people corrected {outcomes.corrected} of the last {live.count}: less than {wanted} right"
        )
    both = bar.measured + live
    for counted in (bar.measured, both):
        if not counted.holds(bar.wanted):  # guard: proof-of-its-own (4)
            return Standing(False, f"{counted.right} of {counted.count} were right: not enough to count on {wanted}")
    return Standing(True, f"{both.right} of {both.count} were right: enough to count on {wanted}")


def outcomes_of(settled: Sequence[tuple[str, bool]]) -> Mapping[str, Outcomes]:
    """By label, from (label, kept) of each item that people have had their say about."""
    found: dict[str, Outcomes] = {}
    for label, kept in settled:
        old = found.get(label, Outcomes())
        found[label] = Outcomes(old.kept + kept, old.corrected + (not kept))
    return found


def _bar(label: str, rows: Sequence[Row], total: int, precision: float) -> Bar:
    threshold = _threshold(rows, precision)
    passed = sum(threshold is not None and row.probability >= threshold for row in rows)
    return Bar(label, precision, threshold, _measure(rows, precision), passed / total if total else 0.0)


def _measure(rows: Sequence[Row], precision: float) -> Measured:
    """Each fold is judged by the threshold of the others. Every FOLDS-th row: old and new ones in each."""
    total = Measured()
    for fold in range(FOLDS):
        bar = _threshold([row for at, row in enumerate(rows) if at % FOLDS != fold], precision)
        if bar is not None:
            passed = [row.truth for row in rows[fold::FOLDS] if row.probability >= bar]
            total += Measured(sum(passed), len(passed))
    return total


def _threshold(rows: Sequence[Row], precision: float) -> float | None:
    found = threshold_for(precision, [row.probability for row in rows], [row.truth for row in rows])
    return None if found is None or math.isnan(found) else found
