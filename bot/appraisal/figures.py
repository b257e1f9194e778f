"""What a rehearsal says: precision and recall per label, abstention, calibration, confusion, a model's cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from bot.appraisal.rehearsal import Rehearsal, Rehearsed
from bot.capabilities.triage.kinds import Kind
from bot.domain.learned import Measure
from bot.learning.measures import calibration_error, confusion, wilson

NOTHING: Final = "nothing"
_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label: `right` of `set` settings were true; `wanted` issues are of its kind by people's word, and on
    `abstained` of these no kind would have been set.

    `precision_interval` and `recall_interval` are 95 % (Wilson); a share is None where there is nothing to divide by.
    """

    label: str
    kind: str
    set: int
    right: int
    wanted: int
    precision: float | None
    precision_interval: tuple[float, float]
    recall: float | None
    recall_interval: tuple[float, float]
    abstained: int


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """One area label: `right` of the `named` issues have it by people's word, `wanted` issues have it in all.

    Named are those of which what was learned was sure enough, which `mode: earned` sets while the label earned it.
    `threshold`, `earned` and `reason` are those of today, by the whole history; the intervals are as of labels.
    """

    label: str
    named: int
    right: int
    wanted: int
    precision: float | None
    precision_interval: tuple[float, float]
    recall: float | None
    recall_interval: tuple[float, float]
    threshold: float | None
    earned: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Bin:
    """Issues whose likeliest kind had a probability from `low` to `high`: its mean, and how often it was true."""

    low: float
    high: float
    count: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All shares are of 1. `confusion`: people's kind → what would have been said ("nothing" included) → how often.

    `issues` are those whose kind was to be decided; `given` more were opened with one, which triage leaves alone: of
    them only areas count.
    `silences`: why a model that was asked did not answer → how often. `earned_set` labels, kinds and areas, would have
    been set in `mode: earned` by what was known then, `earned_right` of them rightly.
    """

    issues: int
    given: int
    taught: int
    labels: tuple[LabelFigures, ...]
    abstained: int
    by_method: dict[str, int]
    confusion: dict[str, dict[str, int]]
    calibration: tuple[Bin, ...]
    calibration_error: float | None
    asked: int
    tokens: int
    tokens_measured: bool
    silences: dict[str, int]
    earned: dict[str, dict[str, Any]]
    not_allowed: tuple[str, ...]
    earned_set: int
    earned_right: int
    areas: tuple[AreaFigures, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds that people or the assistant would have said."""
        said = {other for row in self.confusion.values() for other in row if other != NOTHING}
        return tuple(sorted({str(one) for one in (*self.confusion, *said)}))

    @property
    def nothing_to_decide(self) -> str:
        """A sentence where every issue came with a kind; else empty."""
        if self.issues:
            return ""
        return f"All {self.given} closed issues that were looked at came with a kind, so that nothing was to be decided"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def figures(found: Rehearsal, *, tokens: Mapping[int, int] | None = None) -> Figures:
    """`tokens`: about what each question would take, by the issue's number; without it, what answers took counts."""
    issues = [one for one in found.issues if not one.given]
    guessed = [(one.guess.probability, one.guess.kind == one.truth) for one in issues if one.guess is not None]
    asked = [one for one in issues if one.request is not None]
    earned = [
        one.said == one.truth if label == one.label else label in one.in_areas
        for one in found.issues
        for label in one.earned
    ]
    return Figures(
        issues=len(issues),
        given=len(found.issues) - len(issues),
        taught=found.taught,
        labels=tuple(_labels(issues)),
        abstained=sum(one.said is None for one in issues),
        by_method=_counted(_method(one) for one in issues if one.said is not None),
        confusion=confusion([one.truth for one in issues], [one.said or NOTHING for one in issues]),
        calibration=tuple(bins(guessed)),
        calibration_error=calibration_error(*zip(*guessed, strict=True)) if guessed else None,
        asked=len(asked),
        tokens=sum(tokens.get(one.number, 0) for one in asked) if tokens is not None else sum(o.tokens for o in issues),
        tokens_measured=tokens is None,
        silences=_counted(one.silence for one in asked if one.silence),
        earned={**_standing("rules", found.rules), **_standing("learned", found.learned)},
        not_allowed=found.not_allowed,
        earned_set=len(earned),
        earned_right=sum(earned),
        areas=tuple(_area(label, measure, found.issues) for label, measure in sorted(found.areas.items())),
    )


def bins(guessed: Sequence[tuple[float, bool]]) -> Iterable[Bin]:
    """Tenths of the probability, those without any left out."""
    for at in range(_BINS):
        low, high = at / _BINS, (at + 1) / _BINS
        inside = [(chance, right) for chance, right in guessed if low <= chance and (chance < high or at == _BINS - 1)]
        if inside:
            count = len(inside)
            mean, share = sum(chance for chance, _ in inside) / count, sum(right for _, right in inside) / count
            yield Bin(low, high, count, mean, share)


def _area(label: str, measure: Measure, issues: Sequence[Rehearsed]) -> AreaFigures:
    said = [label in one.in_areas for one in issues if label in one.areas]
    right, wanted = sum(said), sum(label in one.in_areas for one in issues)
    precision, precise = _share(right, len(said))
    recall, complete = _share(right, wanted)
    return AreaFigures(
        label, len(said), right, wanted, precision, precise, recall, complete,
        measure.threshold, measure.earned, measure.standing,
    )  # fmt: skip


def _share(right: int, count: int) -> tuple[float | None, tuple[float, float]]:
    """The share, None of nothing, and its interval."""
    found = wilson(right, count)
    return right / count if count else None, (found.low, found.high)


def _labels(issues: Sequence[Rehearsed]) -> Iterable[LabelFigures]:
    wanted = _counted(one.truth for one in issues)
    kinds: dict[tuple[str, str], None] = {(one.label, str(one.said)): None for one in issues if one.said is not None}
    missed = {str(kind) for kind in wanted} - {kind for _, kind in kinds}
    for label, kind in sorted([*kinds, *((kind, kind) for kind in missed)]):
        said = [one.truth == one.said for one in issues if (one.label, one.said) == (label, kind)]
        right, total = sum(said), wanted.get(kind, 0)
        abstained = sum(one.said is None for one in issues if str(one.truth) == kind)
        precision, precise = _share(right, len(said))
        recall, complete = _share(right, total)
        yield LabelFigures(label, kind, len(said), right, total, precision, precise, recall, complete, abstained)


def _method(one: Rehearsed) -> str:
    for name in ("learned", "model"):
        if one.method.startswith(name):
            return name
    return "rules"


def _standing(who: str, measures: Mapping[str, Measure]) -> dict[str, dict[str, Any]]:
    return {
        f"{kind} by {'the rules' if who == 'rules' else 'what was learned'}": {
            "earned": one.earned, "reason": one.standing, "threshold": one.threshold, "right": one.right,
            "count": one.count, "wanted": one.wanted, "coverage": one.coverage,
        }
        for kind, one in sorted(measures.items()) if kind in tuple(Kind)
    }  # fmt: skip


def _counted(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[str(name)] = found.get(str(name), 0) + 1
    return found
