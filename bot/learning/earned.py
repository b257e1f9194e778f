"""How sure to be before acting on a label, and whether that was borne out: pure functions on counted answers.

An answer of which the truth is known is a `Row`: the label that was said (the likeliest one, not each possible), its
calibrated probability, and whether people gave the item that label. Rows must come from answers about items that were
held back from training, and be ordered, oldest item first: what people call a label drifts, and a measure that mixes
old and new answers does not see it. The same functions serve the trainer, the live assistant and `eval`:

    bars = choose(rows, precision=0.9)          # label -> Bar: threshold, measured precision, count, bounds, coverage
    bars["bug"].reached_by(0.97)                # sure enough to act on?
    standing(bars["bug"], Outcomes(12, 1))      # may `mode: earned` act, and why (not)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from bot.learning.measures import wilson

PRECISION: Final = 0.9
JUDGING: Final = 0.5
"""The newer share of a label's answers, which judges thresholds that older ones chose."""
BLOCKS: Final = 4
"""In so many steps, each with all older answers."""
NEWEST: Final = 0.25
"""The share of answers that must not contradict a threshold, however good it was before."""
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

    `measured` is what such thresholds, chosen from older answers only, reached on the newer ones; `coverage` the share
    of all answers that the threshold lets through.
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
    """The bar of every label that was said. Rows are ordered, oldest item first."""
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
    if bar.threshold is None:
        return Standing(False, f"no confidence is sure enough for {wanted}")
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
    """Forward in time: each block of the newer answers is judged by the threshold that all before it chose."""
    first = int(len(rows) * (1 - JUDGING))
    cuts = [first + (len(rows) - first) * at // BLOCKS for at in range(BLOCKS + 1)]
    total = Measured()
    for begin, end in pairwise(cuts):
        bar = _threshold(rows[:begin], precision)
        if bar is not None:
            total += _counted(row for row in rows[begin:end] if row.probability >= bar)
    return total


def _threshold(rows: Sequence[Row], precision: float) -> float | None:
    """The lowest probability from which the rows hold the precision, and the newest of them reach it, if any do say so.

    A plain cut at the observed precision of all would follow luck; of the newest few no more can be asked.
    """
    newest = len(rows) - int(len(rows) * NEWEST)
    ordered = sorted(((row, at >= newest) for at, row in enumerate(rows)), key=lambda one: -one[0].probability)
    every = late = Measured()
    best: float | None = None
    for count, (row, is_late) in enumerate(ordered, 1):
        every += Measured(row.truth, 1)
        late += Measured(row.truth, 1) if is_late else Measured()
        tied = count < len(ordered) and ordered[count][0].probability == row.probability
        if not tied and every.holds(precision) and (late.precision is None or late.precision >= precision):
            best = row.probability
    return best


def _counted(rows: Iterable[Row]) -> Measured:
    truths = [row.truth for row in rows]
    return Measured(sum(truths), len(truths))
