"""Trains the classifier of kinds: ridge regression on the weighed views of the reports, in closed form.

All is done on the reports' likeness (a matrix of reports × reports), because there are far more features than reports:
the weights of the features follow from those of the reports, and the score that each report would have had from a
model without it follows from the same factorisation. These held-back scores calibrate the model.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize_scalar

from bot.learning.kinds import COMMON, Block, KindModel, View, rows_of
from bot.learning.measures import threshold_for
from bot.learning.views import Features, views

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Names = NDArray[np.str_]
Progress = Callable[[str, int, int], None]

WEIGHTS: Final[Mapping[str, float]] = {
    "title": 1.0,
    "title pieces": 1.5,
    "text": 3.0,
    "text pieces": 3.0,
    "first line": 0.5,
    "last line": 0.3,
    "form": 1.0,
    "code": 0.3,
    "addresses": 0.3,
    "style": 1.5,
    "signs": 1.0,
    "shape": 1.5,
}
"""How much each view counts in the likeness of two reports."""

OWN: Final = 0.7
"""What two reports of the same repository have in common counts so much more."""
_OWN_BIAS: Final = 0.3
_RIDGE: Final = 1.0
_MIN_REPORTS: Final = 2
MOST_EXAMPLES: Final = 2_500
"""Time grows with the cube of their number, memory with the square; more of the same hardly helps."""


@dataclass(frozen=True, slots=True)
class Example:
    """A report with the kind and the other labels that people gave it; one of weight 2 counts like two of weight 1.

    `created` is when it was made, in seconds. `given` are the labels that it was opened with: they teach, but nobody
    has to decide about them.
    """

    repository: str
    kind: str
    title: str
    body: str
    weight: float = 1.0
    labels: tuple[str, ...] = ()
    created: float = 0.0
    given: tuple[str, ...] = ()


class TooFewExamples(ValueError):
    """At least two kinds with two reports each are needed to learn anything."""


def train(examples: Sequence[Example], *, precision: float = 0.9, progress: Progress | None = None) -> KindModel:
    """The model of these examples; the same examples give the same model.

    `precision` is what each kind's threshold is chosen for, on held-back scores. Of more than MOST_EXAMPLES the last
    ones of each kind of each repository are used. Raises TooFewExamples.
    """
    taken = latest(examples, MOST_EXAMPLES)
    features = []
    for count, one in enumerate(taken, 1):
        features.append(views(one.title, one.body))
        if progress:
            progress("Reading reports", count, len(taken))
    return fit(taken, features, precision=precision)


def latest(examples: Sequence[Example], most: int) -> list[Example]:
    """The last examples of each kind of each repository, equally many where there are enough, in their order."""
    sizes = Counter((one.repository, one.kind) for one in examples)
    share = max(sizes.values(), default=0)
    while share > 1 and sum(min(share, size) for size in sizes.values()) > most:
        share -= 1
    left = {group: size - share for group, size in sizes.items()}
    taken = []
    for one in examples:
        left[one.repository, one.kind] -= 1
        if left[one.repository, one.kind] < 0:
            taken.append(one)
    return taken


def fit(examples: Sequence[Example], features: Sequence[Features], *, precision: float = 0.9) -> KindModel:
    """As `train`, from features already taken, one for each example."""
    return solve(examples, features).model(precision)


@dataclass(frozen=True, slots=True)
class Solution:
    """What was solved, in the trainer's own terms: scores follow from the likeness to the examples."""

    kinds: tuple[str, ...]
    vocabularies: Mapping[str, View]
    matrix: sp.csr_array
    scales: Array
    repositories: Names
    truth: Places
    duals: Array
    bias: Array
    held_back: Array

    def model(self, precision: float) -> KindModel:
        """The same as plain arrays, calibrated on the held-back scores."""
        sharpness = _sharpness(self.held_back, self.truth)
        return KindModel(
            kinds=self.kinds,
            views=self.vocabularies,
            blocks=_blocks(self.matrix, self.repositories, self.duals, self.bias, self.scales),
            sharpness=sharpness,
            thresholds=_thresholds(self.kinds, self.held_back * sharpness, self.truth, precision),
            trained_on=dict(sorted(Counter(self.repositories.tolist()).items())),
        )

    def chances(self) -> Array:
        """Calibrated probabilities (reports × kinds) of each report by a model without it."""
        scores = self.held_back * _sharpness(self.held_back, self.truth)
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def scores(self, repositories: Sequence[str], features: Sequence[Features]) -> Array:
        """Scores of new reports (reports × kinds), before calibration: what the model must say, too."""
        parts = [
            _vectors(view, [one[name] for one in features]) * _scale(name) for name, view in self.vocabularies.items()
        ]
        shared = np.asarray((sp.csr_array(sp.hstack(parts, format="csr")) @ self.matrix.T).toarray())
        return _with_own(shared, np.array(repositories), self.repositories) @ self.duals + self.bias


def solve(examples: Sequence[Example], features: Sequence[Features]) -> Solution:
    """Fit the examples. Raises TooFewExamples."""
    counts = Counter(one.kind for one in examples)
    kinds = tuple(sorted(counts))
    if len(kinds) < 2 or min(counts.values()) < _MIN_REPORTS:
        raise TooFewExamples("at least two kinds with two reports each are needed")
    vocabularies, matrix, scales = _matrix(features)
    repositories = np.array([one.repository for one in examples])
    truth = np.array([kinds.index(one.kind) for one in examples])
    likeness = _with_own(np.asarray((matrix @ matrix.T).toarray()), repositories, repositories)
    weights = np.array([one.weight for one in examples])
    duals, bias, held_back = ridge(likeness, np.eye(len(kinds))[truth], weights)
    return Solution(kinds, vocabularies, matrix, scales, repositories, truth, duals, bias, held_back)


def _matrix(features: Sequence[Features]) -> tuple[dict[str, View], sp.csr_array, Array]:
    """Vocabularies; reports × features, each view's vector scaled by the root of its weight; that root per feature."""
    vocabularies: dict[str, View] = {}
    parts, scales = [], []
    first = 0
    for name in WEIGHTS:
        bags = [one[name] for one in features]
        view = _vocabulary(bags, first)
        vocabularies[name] = view
        scale = _scale(name)
        parts.append(_vectors(view, bags) * scale)
        scales.append(np.full(len(view.places), scale))
        first += len(view.places)
    return vocabularies, sp.csr_array(sp.hstack(parts, format="csr")), np.concatenate(scales)


def _vocabulary(bags: Sequence[Mapping[str, int]], first: int) -> View:
    frequency = Counter(term for bag in bags for term in bag)
    terms = sorted(term for term, count in frequency.items() if count >= _MIN_REPORTS)
    share = (1 + np.array([frequency[term] for term in terms], dtype=float)) / (1 + len(bags))
    idf = (1 - np.log(share)).astype(np.float32)
    return View({term: first + at for at, term in enumerate(terms)}, array("f", idf.tolist()), first)


def _vectors(view: View, bags: Sequence[Mapping[str, int]]) -> sp.csr_array:
    """Reports × the view's features: what `kinds.vector` gives, for all reports at once."""
    columns: list[int] = []
    counts: list[int] = []
    ends = [0]
    for bag in bags:
        known = [(view.places[term] - view.first, count) for term, count in bag.items() if term in view.places]
        columns += (place for place, _ in known)
        counts += (count for _, count in known)
        ends.append(len(columns))
    idf = np.array(view.idf, dtype=float)
    values = (1 + np.log(np.array(counts, dtype=float))) * idf[np.array(columns, dtype=np.int64)]
    matrix = sp.csr_array((values, columns, ends), shape=(len(bags), len(view.places)))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sp.csr_array(sp.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ matrix)


def _scale(view: str) -> float:
    return float(np.sqrt(WEIGHTS[view] / sum(WEIGHTS.values())))


def _with_own(shared: Array, ones: Names, others: Names) -> Array:
    """Likeness (ones × others): more where the repository is the same."""
    same = ones[:, None] == others[None, :]
    return np.asarray(shared * (1 + OWN * same) + _OWN_BIAS * same)


def ridge(likeness: Array, wanted: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Weights of the reports (reports × kinds), biases, and each report's scores by a model without it.

    `weights` say how much each report counts: the more, the less of its error is put up with.

    Scores are `likeness @ weights + biases`. Held back: Rasmussen and Williams, Gaussian Processes for Machine
    Learning, equation 5.12.
    """
    bias = wanted.mean(axis=0)
    factor = cho_factor(likeness + np.diag(_RIDGE / weights), lower=True)
    duals = cho_solve(factor, wanted - bias)
    spread = np.diag(cho_solve(factor, np.eye(len(wanted))))
    return duals, bias, wanted - duals / spread[:, None]


def _sharpness(scores: Array, truth: Places) -> float:
    """The factor with which softmax gives the held-back truth the highest likelihood."""

    def loss(logarithm: float) -> float:
        raised = scores * np.exp(logarithm)
        raised = raised - raised.max(axis=1, keepdims=True)
        chances = raised - np.log(np.exp(raised).sum(axis=1, keepdims=True))
        return -float(chances[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x))


def _thresholds(kinds: Sequence[str], scores: Array, truth: Places, precision: float) -> dict[str, float]:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances = raised / raised.sum(axis=1, keepdims=True)
    answers = chances.argmax(axis=1)
    found = {}
    for at, kind in enumerate(kinds):
        mine = answers == at
        bar = threshold_for(precision, chances[mine, at].tolist(), (truth[mine] == at).tolist())
        if bar is not None:
            found[kind] = bar
    return found


def _blocks(matrix: sp.csr_array, repositories: Names, duals: Array, bias: Array, scales: Array) -> dict[str, Block]:
    """The features' weights: the common block, and what each repository adds to it."""
    blocks = {COMMON: block_of(matrix, duals, bias, scales)}
    for name in sorted(set(repositories.tolist())):
        mine = np.flatnonzero(repositories == name)
        own_bias = _OWN_BIAS * duals[mine].sum(axis=0)
        blocks[name] = block_of(matrix[mine], OWN * duals[mine], own_bias, scales)
    return blocks


def block_of(matrix: sp.csr_array, duals: Array, bias: Array, scales: Array) -> Block:
    """Weights of the features from those of the reports."""
    weights = np.asarray(matrix.T @ duals) * scales[:, None]
    used = np.flatnonzero(np.any(weights != 0, axis=1))
    rows = rows_of(used.tolist(), len(weights))
    return Block(rows, array("f", weights[used].astype(np.float32).ravel().tolist()), tuple(bias.tolist()))
