"""What training hands to the service: one checked, plain format for the model and what was measured about it."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.learned import FEW
from bot.learning.areas import Areas
from bot.learning.earned import Bar, Measured, Row, choose
from bot.learning.kinds import KindModel, UnusableModel, block_from_plain, block_to_plain, from_plain, to_plain

FORMAT: Final = "learned 1"
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of the stored form, unpacked; a model of 1,500 reports takes 10 MB."""
TOO_FEW: Final = 3
"""The status with which the trainer ends where there is nothing to learn from."""
ENOUGH: Final = 100
"""A repository with fewer answers of its own is measured together with those that it learned with."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What would have been said about one report by rules and by a model that had no part of it.

    `truth` is people's word. `ruled` is None where the rules saw nothing. `at` is when the report was made, in seconds.
    """

    truth: str
    learned: str
    probability: float
    ruled: str | None
    confidence: float
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Artefact:
    """`answers` and `areas` by repository; answers, and the rows of areas, oldest report first."""

    model: KindModel
    answers: Mapping[str, Sequence[Answer]]
    areas: Mapping[str, Areas] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bars:
    """By kind: when the rules' word is good enough, and when what was learned is; `areas` by label.

    `own`: measured here alone.
    """

    rules: Mapping[str, Bar]
    learned: Mapping[str, Bar]
    own: bool
    answers: int
    areas: Mapping[str, Bar] = field(default_factory=dict)


def bars_of(artefact: Artefact, repository: str, *, precision: float, sure: float) -> Bars:
    """What the held-back answers say for a stated precision, as triage uses them.

    The rules come first where they are at least so `sure`, and do not fall short; what was learned is asked about the
    others only, and so it is measured on those only.
    """
    mine = artefact.answers.get(repository, ())
    own = len(mine) >= ENOUGH or artefact.answers.keys() == {repository}
    pool = mine if own else sorted((one for each in artefact.answers.values() for one in each), key=lambda one: one.at)
    ruled = [one for one in pool if one.ruled is not None and one.confidence >= sure]
    rules = _fixed(ruled, sure, precision, len(pool))
    deciding = {kind for kind, bar in rules.items() if not _falls_short(bar)}
    left = [one for one in pool if one.ruled not in deciding or one.confidence < sure]
    areas = artefact.areas.get(repository)
    return Bars(
        rules=rules,
        learned=choose(
            [Row(one.learned, one.probability, one.learned == one.truth) for one in left], precision=precision
        ),
        own=own,
        answers=len(pool),
        areas=choose(areas.rows, precision=precision) if areas else {},
    )


def _fixed(ruled: Sequence[Answer], sure: float, precision: float, total: int) -> dict[str, Bar]:
    """The rules' threshold is not chosen, so that all answers measure it."""
    found: dict[str, list[bool]] = {}
    for one in ruled:
        found.setdefault(str(one.ruled), []).append(one.ruled == one.truth)
    return {
        kind: Bar(kind, precision, sure, Measured(sum(right), len(right)), len(right) / total)
        for kind, right in found.items()
    }


def _falls_short(bar: Bar) -> bool:
    """Whether the rules stand back for a kind, as `Measure.falls_short` tells triage."""
    return bar.measured.count >= FEW and bar.measured.falls_short(bar.wanted)


def pack(artefact: Artefact) -> bytes:
    """The artefact as compressed JSON."""
    data = {
        "format": FORMAT,
        "model": to_plain(artefact.model),
        "answers": {
            name: [[one.truth, one.learned, one.probability, one.ruled, one.confidence] for one in each]
            for name, each in artefact.answers.items()
        },
        "times": {name: [one.at for one in each] for name, each in artefact.answers.items()},
        "areas": {name: _areas_to_plain(one) for name, one in artefact.areas.items()},
    }
    return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpack(stored: bytes) -> Artefact:
    """The artefact again. Raises UnusableModel for another format, one that is too large, or damage."""
    try:
        reader = zlib.decompressobj()
        plain = reader.decompress(stored, MAX_BYTES)
        if reader.unconsumed_tail or not reader.eof:
            raise UnusableModel("too large, or cut off")
        data = json.loads(plain)
        if data["format"] != FORMAT:
            raise UnusableModel(f"made as {data['format']}, this is {FORMAT}")
        times = data.get("times", {})
        answers = {str(name): _answers(each, times.get(name)) for name, each in data["answers"].items()}
        model = from_plain(data["model"])
        features = sum(len(one.places) for one in model.views.values())
        areas = {str(name): _areas(one, features) for name, one in data["areas"].items()}
        return Artefact(model, answers, areas)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise error if isinstance(error, UnusableModel) else UnusableModel(type(error).__name__) from error


def _answers(data: Sequence[Any], times: Sequence[float] | None) -> tuple[Answer, ...]:
    """Oldest first. Older artefacts hold no times: their answers' places stand for these."""
    found = times if times is not None else [place / len(data) for place in range(len(data))]
    return tuple(_answer(one, at) for one, at in zip(data, found, strict=True))


def _answer(data: Sequence[Any], at: float) -> Answer:
    truth, learned, probability, ruled, confidence = data
    if not (0 <= probability <= 1 and 0 <= confidence <= 1):
        raise UnusableModel("a probability is none")
    name = None if ruled is None else str(ruled)
    return Answer(str(truth), str(learned), float(probability), name, float(confidence), float(at))


def _areas_to_plain(areas: Areas) -> dict[str, Any]:
    return {
        "labels": areas.labels,
        "block": block_to_plain(areas.block),
        "lines": [*zip(areas.slopes, areas.intercepts, strict=True)],
        "rows": [[one.label, one.probability, one.truth] for one in areas.rows],
    }


def _areas(data: Mapping[str, Any], features: int) -> Areas:
    labels = tuple(str(one) for one in data["labels"])
    lines = [(float(slope), float(intercept)) for slope, intercept in data["lines"]]
    if len(lines) != len(labels):
        raise UnusableModel("an area has no calibration")
    rows = tuple(Row(str(label), float(chance), bool(truth)) for label, chance, truth in data["rows"])
    block = block_from_plain(data["block"], len(labels), features)
    return Areas(labels, block, tuple(one[0] for one in lines), tuple(one[1] for one in lines), rows)
