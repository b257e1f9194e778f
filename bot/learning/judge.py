"""What is said about answers whose truth is known: the figures, as values that can be printed or stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.learning.kinds import Prediction
from bot.learning.measures import (
    Interval,
    bootstrap,
    bootstrap_of,
    calibration_error,
    confusion,
    coverage_at,
    f1_scores,
    macro_f1,
    mean,
    wilson,
)
from bot.learning.replay import Outcome

PRECISION: Final = 0.95


@dataclass(frozen=True, slots=True)
class Judged:
    """One report: what it is, what was said, and whether that was sure enough to act on."""

    repository: str
    truth: str
    prediction: Prediction
    certain: bool

    @property
    def right(self) -> bool:
        return self.truth == self.prediction.kind


def kinds_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """The figures of a classifier of kinds, every report answered.

    `coverage_at_95_precision` is the best that any one threshold reaches on these reports; `abstaining` is what the
    thresholds reach that were chosen beforehand, as live.
    """
    confidences = [one.prediction.confidence for one in judged]
    right = [one.right for one in judged]
    coverage = coverage_at(PRECISION, confidences, right)
    per_repository = _per_repository(judged)
    interval = bootstrap_of(judged, lambda sample: mean(list(_per_repository(sample).values())))
    acted = [one.right for one in judged if one.certain]
    truth, answers = [one.truth for one in judged], [one.prediction.kind for one in judged]
    return {
        "macro_f1": per_repository,
        "mean_macro_f1": mean(list(per_repository.values())),
        "mean_macro_f1_interval": _pair(interval),
        "accuracy": mean(list(map(float, right))),
        "coverage_at_95_precision": coverage.share,
        "threshold_at_95_precision": coverage.threshold,
        "calibration_error": calibration_error(confidences, right),
        "abstaining": {
            "wanted_precision": PRECISION,
            "coverage": len(acted) / max(1, len(judged)),
            "precision": mean(list(map(float, acted))) if acted else None,
            "precision_interval": _pair(wilson(sum(acted), len(acted))),
        },
        "f1": f1_scores(truth, answers),
        "confusion": confusion(truth, answers),
        "items": len(judged),
        "items_of_unknown_repositories": sum(one.prediction.pooled for one in judged),
    }


def _per_repository(judged: Sequence[Judged]) -> dict[str, float]:
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for one in judged:
        truth, answers = groups.setdefault(one.repository, ([], []))
        truth.append(one.truth)
        answers.append(one.prediction.kind)
    return {name: macro_f1(*groups[name]) for name in sorted(groups)}


def duplicates_figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of finding duplicates, over the reports that have a known older relative, and those of the claims.

    Relatives are those that people marked, in one step; where the name of a figure begins with `family`, and for the
    claims, they are all that are the same by any number of steps. A claim about a report that nobody marked counts as
    wrong, though it may be right: nobody marks everything.
    """
    queries = [one.rank for one in outcomes if one.wanted]
    relatives = [one.family_rank for one in outcomes if one.family]
    ranked = _ranked(queries) | {f"family_{name}": values for name, values in _ranked(relatives).items()}
    claims = [one for one in outcomes if one.claim is not None]
    right = sum(one.claim is not None and one.claim.of in one.family for one in claims)
    marked = sum(bool(one.family) for one in claims)
    precision = right / len(claims) if claims else None
    recall = right / len(relatives) if relatives else None
    return {
        **{name: mean(values) for name, values in ranked.items()},
        "intervals": {name: _pair(bootstrap(values)) for name, values in ranked.items()},
        "claim_precision": precision,
        "claim_recall": recall,
        "claims": {
            "made": len(claims),
            "right": right,
            "precision": precision,
            "precision_interval": _pair(wilson(right, len(claims))),
            "recall": recall,
            "recall_interval": _pair(wilson(right, len(relatives))),
            "precision_among_marked": right / marked if marked else None,
            "bar_at_the_end": outcomes[-1].bar if outcomes else None,
        },
        "queries": len(queries),
        "family_queries": len(relatives),
        "reports": len(outcomes),
    }


def _ranked(ranks: Sequence[int | None]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {
        f"recall_at_{most}": [float(rank is not None and rank <= most) for rank in ranks] for most in (1, 5, 10)
    }
    return found | {"mrr": [1 / rank if rank else 0.0 for rank in ranks]}


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
