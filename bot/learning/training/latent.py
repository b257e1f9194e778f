"""Learns dense vectors from the index itself: latent semantic analysis of the reports' term vectors."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd

from bot.learning.latent import Latent
from bot.learning.likeness import WHOLE, Profile

_DIMENSIONS: Final = 100
_MIN_REPORTS: Final = 2
_MOST_TERMS: Final = 20_000
_SEED: Final = 1
FEWEST_REPORTS: Final = 30
_FEWEST_TERMS: Final = 4


def learn(profiles: Sequence[Profile], dimensions: int = _DIMENSIONS) -> Latent | None:
    """The directions along which the reports differ most; None where there are too few reports to tell."""
    vectors = [one.aspects[WHOLE] for one in profiles]
    frequency = Counter(term for one in vectors for term in one)
    common = sorted((-count, term) for term, count in frequency.items() if count >= _MIN_REPORTS)[:_MOST_TERMS]
    if len(profiles) < FEWEST_REPORTS or len(common) < _FEWEST_TERMS:
        return None
    places = {term: at for at, (_, term) in enumerate(common)}
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for one in vectors:
        known = [(places[term], value) for term, value in one.items() if term in places]
        columns += (place for place, _ in known)
        values += (value for _, value in known)
        ends.append(len(columns))
    matrix = sp.csr_array((values, columns, ends), shape=(len(vectors), len(places)))
    kept = min(dimensions, len(profiles) // 2, len(places) // 2)
    _, _, directions = randomized_svd(matrix, kept, n_iter=4, random_state=_SEED)
    return Latent({term: directions[:, at].astype(np.float32).tolist() for term, at in places.items()}, kept)
