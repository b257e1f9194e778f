"""Dense vectors of reports, where no embedding endpoint is: a table of the terms' directions, added up."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.learning.likeness import Vector


@dataclass(frozen=True, slots=True)
class Latent:
    """Term → its direction, of `dimensions` numbers."""

    directions: Mapping[str, Sequence[float]]
    dimensions: int

    def __call__(self, vector: Vector) -> tuple[float, ...]:
        """The report's dense vector, of length 1; empty if none of its terms is known."""
        sums = [0.0] * self.dimensions
        for term, value in vector.items():
            direction = self.directions.get(term)
            if direction is not None:
                sums = [total + value * one for total, one in zip(sums, direction, strict=True)]
        return unit(sums)


def unit(vector: Sequence[float]) -> tuple[float, ...]:
    """The vector with length 1; empty for one of length 0 or with numbers that are none."""
    length = math.sqrt(math.fsum(one * one for one in vector))
    return tuple(one / length for one in vector) if 0 < length < math.inf else ()
