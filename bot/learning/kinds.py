"""The kind of a report, from what was learned: plain arrays in, a calibrated probability per kind and its reasons out.

A linear model over the views of a report. Each view is a TF-IDF vector of length 1, so that no long text outweighs
the others; what all repositories share and what is a repository's own are two blocks of weights that are added.
"""

import base64
import json
import math
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.learning.views import VERSION, Features, views

FORMAT: Final = "kinds 1"
COMMON: Final = ""
"""The block that serves repositories of which nothing was learned."""


class UnusableModel(ValueError):
    """What was stored is not a model that this version can read; train it again."""


@dataclass(frozen=True, slots=True)
class Block:
    """Weights of a repository, or of all: `rows` says for each feature which row of the `weights` (rows × kinds) it
    has, or -1.
    """

    rows: "array[int]"
    weights: "array[float]"
    bias: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Features of one view: their place among all features, and their inverse document frequency."""

    places: Mapping[str, int]
    idf: "array[float]"
    first: int


@dataclass(frozen=True, slots=True)
class KindModel:
    """What training made. `sharpness` turns scores into calibrated probabilities (softmax of sharpness × score).

    `thresholds` are the confidences from which each kind had the stated precision on held-back reports; a kind that
    never had it is missing.
    """

    kinds: tuple[str, ...]
    views: Mapping[str, View]
    blocks: Mapping[str, Block]
    sharpness: float
    thresholds: Mapping[str, float]
    trained_on: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature that spoke for the kind, with what it added to the score before calibration."""

    view: str
    feature: str
    weight: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """`kind` is the likeliest; `probabilities` follow the order of the model's kinds and sum up to 1."""

    kind: str
    confidence: float
    probabilities: tuple[float, ...]
    scores: tuple[float, ...]
    pooled: bool
    reasons: tuple[Reason, ...] = ()


def vector(view: View, bag: Mapping[str, int]) -> list[tuple[str, int, float]]:
    """The view's known features with their places and values: (1 + ln count) × idf, of Euclidean length 1."""
    known = [(name, view.places[name], count) for name, count in bag.items() if name in view.places]
    values = [(name, place, (1 + math.log(count)) * view.idf[place - view.first]) for name, place, count in known]
    length = math.sqrt(math.fsum(value * value for _, _, value in values))
    return [(name, place, value / length) for name, place, value in values] if length else []


def predict(model: KindModel, repository: str, title: str, body: str, *, reasons: int = 0) -> Prediction:
    """The kind of a report; a repository that the model does not know gets what all have in common."""
    return predict_features(model, repository, views(title, body), reasons=reasons)


def predict_features(model: KindModel, repository: str, features: Features, *, reasons: int = 0) -> Prediction:
    """As `predict`, from features already taken."""
    own = model.blocks.get(repository)
    blocks = [model.blocks[COMMON]] if own is None else [model.blocks[COMMON], own]
    scores = [math.fsum(block.bias[kind] for block in blocks) for kind in range(len(model.kinds))]
    shares: list[tuple[str, str, list[float]]] = []
    for name, view in model.views.items():
        for feature, place, value in vector(view, features.get(name, {})):
            for block in blocks:
                row = block.rows[place]
                if row < 0:
                    continue
                start = row * len(scores)
                share = [value * one for one in block.weights[start : start + len(scores)]]
                scores = [old + new for old, new in zip(scores, share, strict=True)]
                if reasons:
                    shares.append((name, feature, share))
    chances = softmax([model.sharpness * one for one in scores])
    best = max(range(len(chances)), key=chances.__getitem__)
    return Prediction(
        kind=model.kinds[best],
        confidence=chances[best],
        probabilities=tuple(chances),
        scores=tuple(scores),
        pooled=own is None,
        reasons=tuple(_strongest(shares, best, reasons)),
    )


def _strongest(shares: Iterable[tuple[str, str, list[float]]], kind: int, most: int) -> list[Reason]:
    """What raised this kind above the mean of all, strongest first."""
    total: dict[tuple[str, str], float] = {}
    for view, name, share in shares:
        total[view, name] = total.get((view, name), 0.0) + share[kind] - sum(share) / len(share)
    found = [Reason(view, name, weight) for (view, name), weight in total.items() if weight > 0]
    return sorted(found, key=lambda one: (-one.weight, one.view, one.feature))[:most]


def softmax(scores: Sequence[float]) -> list[float]:
    """Probabilities in proportion to e to the power of each score."""
    top = max(scores)
    powers = [math.exp(one - top) for one in scores]
    total = math.fsum(powers)
    return [one / total for one in powers]


def certain(model: KindModel, prediction: Prediction) -> bool:
    """Whether the kind reached the confidence from which it had the stated precision."""
    bar = model.thresholds.get(prediction.kind)
    return bar is not None and prediction.confidence >= bar


def dump(model: KindModel) -> bytes:
    """The model as JSON with its arrays in base64 (32-bit floats and integers, little-endian)."""
    return json.dumps(to_plain(model), ensure_ascii=False, separators=(",", ":")).encode()


def to_plain(model: KindModel) -> dict[str, Any]:
    """What `dump` writes, before it is text."""
    return {
        "format": FORMAT,
        "features": VERSION,
        "kinds": model.kinds,
        "views": {name: {"terms": list(one.places), "idf": _text(one.idf)} for name, one in model.views.items()},
        "blocks": {name: block_to_plain(one) for name, one in model.blocks.items()},
        "sharpness": model.sharpness,
        "thresholds": model.thresholds,
        "trained_on": model.trained_on,
    }


def block_to_plain(block: Block) -> dict[str, Any]:
    """A block as JSON has it."""
    return {
        "places": _text(array("i", (place for place, row in enumerate(block.rows) if row >= 0))),
        "weights": _text(block.weights),
        "bias": block.bias,
    }


def load(stored: bytes) -> KindModel:
    """The model again. Raises UnusableModel for another format, another version of the views, or damage."""
    try:
        return from_plain(json.loads(stored))
    except ValueError as error:
        raise error if isinstance(error, UnusableModel) else UnusableModel(type(error).__name__) from error


def from_plain(data: Any) -> KindModel:
    """The model of what `to_plain` gave. Raises UnusableModel."""
    try:
        if (data["format"], data["features"]) != (FORMAT, VERSION):
            raise UnusableModel(f"made as {data['format']} of {data['features']}, this is {FORMAT} of {VERSION}")
        return _model(data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, UnusableModel) else UnusableModel(type(error).__name__) from error


def _model(data: Mapping[str, Any]) -> KindModel:
    found: dict[str, View] = {}
    first = 0
    for name, one in data["views"].items():
        idf = _array("f", one["idf"])
        found[name] = View({term: first + at for at, term in enumerate(one["terms"])}, idf, first)
        if len(idf) != len(one["terms"]):
            raise UnusableModel(f"the view {name} is damaged")
        first += len(idf)
    blocks = {name: block_from_plain(one, len(data["kinds"]), first) for name, one in data["blocks"].items()}
    if COMMON not in blocks:
        raise UnusableModel("the common block is missing")
    return KindModel(
        kinds=tuple(data["kinds"]),
        views=found,
        blocks=blocks,
        sharpness=float(data["sharpness"]),
        thresholds=data["thresholds"],
        trained_on=data["trained_on"],
    )


def block_from_plain(data: Mapping[str, Any], kinds: int, features: int) -> Block:
    """The block again. Raises UnusableModel."""
    places = _array("i", data["places"])
    weights = _array("f", data["weights"])
    if len(weights) != len(places) * kinds or len(data["bias"]) != kinds:
        raise UnusableModel("a block of weights is damaged")
    if any(not 0 <= place < features for place in places):
        raise UnusableModel("a weight has no feature")
    return Block(rows_of(places, features), weights, tuple(data["bias"]))


def rows_of(places: Iterable[int], features: int) -> "array[int]":
    """The row of each feature, in the order of the places; -1 for features that are not among them."""
    rows = array("i", [-1]) * features
    for row, place in enumerate(places):
        rows[place] = row
    return rows


def _text(values: "array[Any]") -> str:
    ordered = array(values.typecode, values)
    if sys.byteorder == "big":
        ordered.byteswap()
    return base64.b64encode(ordered.tobytes()).decode()


def _array(code: str, text: str) -> "array[Any]":
    values = array(code)
    values.frombytes(base64.b64decode(text, validate=True))
    if sys.byteorder == "big":
        values.byteswap()
    return values
