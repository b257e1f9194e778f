"""Trains areas on what the classifier of kinds has computed: one ridge regression for each label of a repository."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from scipy.optimize import minimize

from bot.learning.areas import Areas, sigmoid
from bot.learning.earned import Row
from bot.learning.training.kinds import Array, Solution, block_of, ridge

FEWEST: Final = 10
"""Reports that have a label, and reports that have it not, below which nothing is learned about it."""
_MOST: Final = 40


def learn_areas(
    solution: Solution, labels: Sequence[tuple[str, ...]], given: Sequence[tuple[str, ...]]
) -> dict[str, Areas]:
    """By repository; `labels` of each report, and those that it was opened with, in the solution's order.

    Labels of too few reports are not learned. Those `given` teach, but measure nothing: nobody has to decide on them.
    """
    found = {}
    for name in sorted(set(solution.repositories.tolist())):
        mine = np.flatnonzero(solution.repositories == name).tolist()
        counts = Counter(label for at in mine for label in labels[at])
        names = sorted(label for label, count in counts.items() if FEWEST <= count <= len(mine) - FEWEST)[:_MOST]
        if names:
            settled = [{label.casefold() for label in given[at]} for at in mine]
            found[str(name)] = _areas(solution, mine, tuple(names), [labels[at] for at in mine], settled)
    return found


def _areas(
    solution: Solution, mine: Sequence[int], names: tuple[str, ...], labels: Sequence[tuple[str, ...]],
    settled: Sequence[Collection[str]],
) -> Areas:  # fmt: skip
    """`settled`: of each report the labels, in lower case, about which nobody had to decide."""
    reports = solution.matrix[mine]
    wanted = np.array([[name in one for name in names] for one in labels], dtype=float)
    likeness = np.asarray((reports @ reports.T).toarray())
    duals, bias, held_back = ridge(likeness, wanted, np.ones(len(wanted)))
    lines = [_calibrated(held_back[:, at], wanted[:, at]) for at in range(len(names))]
    rows = [
        Row(name, chance, bool(wanted[report, at]))
        for report in range(len(wanted))
        for at, name in enumerate(names)
        if name.casefold() not in settled[report]
        and (chance := sigmoid(lines[at][0] * held_back[report, at] + lines[at][1])) >= 0.5
    ]
    block = block_of(reports, duals, bias, solution.scales)
    return Areas(names, block, tuple(one[0] for one in lines), tuple(one[1] for one in lines), rows)


def _calibrated(scores: Array, wanted: Array) -> tuple[float, float]:
    """Slope and intercept of the logistic curve; the targets are Platt's, which keep few reports from being certain."""
    right = wanted.sum()
    targets = np.where(wanted > 0, (right + 1) / (right + 2), 1 / (len(wanted) - right + 2))

    def loss(line: Array) -> float:
        values = line[0] * scores + line[1]
        return float(np.logaddexp(0, values).sum() - (targets * values).sum())

    found = minimize(loss, np.array([4.0, -2.0]), method="Nelder-Mead").x
    return float(found[0]), float(found[1])
