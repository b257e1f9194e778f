"""Labelled reports whose titles are most like a new one's."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from bot.learning.words import pieces, words

T = TypeVar("T")


def nearest(title: str, known: Sequence[tuple[str, T]], most: int) -> list[T]:
    """The values of the titles that share the rarest words and pieces with this one, best first; of none, nothing."""
    bags = [_bag(one) for one, _value in known]
    frequency = Counter(term for bag in bags for term in bag)
    mine = _bag(title)
    scored = []
    for place, bag in enumerate(bags):
        shared = mine & bag
        if shared:
            weight = math.fsum(math.log(1 + len(bags) / frequency[term]) ** 2 for term in shared)
            scored.append((weight / math.sqrt(len(bag)), place))
    return [known[place][1] for _score, place in sorted(scored, reverse=True)[:most]]


def _bag(title: str) -> frozenset[str]:
    return frozenset((*words(title[:300]), *pieces(title[:300], 4, 5)))
