"""Areas of a repository, learned label by label: a report may have several, or none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.learning.earned import Row
from bot.learning.kinds import COMMON, Block, KindModel, predict_features
from bot.learning.views import Features


@dataclass(frozen=True, slots=True)
class Areas:
    """One score for each label; sigmoid(slope × score + intercept) is its calibrated probability.

    `rows` are answers about held-back reports, oldest first: those of which a label was likelier than not.
    """

    labels: tuple[str, ...]
    block: Block
    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]
    rows: Sequence[Row]


def predict_areas(model: KindModel, areas: Areas, features: Features) -> list[tuple[str, float]]:
    """Every label with its probability, likeliest first; `model` lends its vocabularies."""
    scorer = KindModel(areas.labels, model.views, {COMMON: areas.block}, 1.0, {}, {})
    scores = predict_features(scorer, COMMON, features).scores
    found = [
        (label, sigmoid(slope * score + intercept))
        for label, score, slope, intercept in zip(areas.labels, scores, areas.slopes, areas.intercepts, strict=True)
    ]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def sigmoid(value: float) -> float:
    """Between 0 and 1, without overflow."""
    return 1 / (1 + math.exp(-min(50.0, max(-50.0, value))))
