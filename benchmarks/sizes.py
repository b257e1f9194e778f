"""Deliveries as large as real ones: most of 10 to 30 kB, one in a hundred of 5 MB, a single one of 25 MB."""

import json
import random
import uuid
from collections.abc import Iterator
from typing import Final

from benchmarks.driver import request
from benchmarks.town import Delivery, signed

_WORDS: Final = (
    "reader", "stops", "empty", "row", "log", "header", "prints", "nothing", "while", "waiting", "level", "gauge",
    "harbour", "zone", "metres", "feet", "gap", "calibration", "version", "Windows", "traceback", "parser", "tide",
)  # fmt: skip
_SMALL: Final = (10_000, 30_000, 14_000)
"""Least, most and most frequent size: `issues` and `issue_comment` are near the lower end, `pull_request` higher."""
_BIG: Final = 5_000_000
_HUGE: Final = 25_000_000
_BIG_EVERY: Final = 100


def sized(made: list[Delivery], secret: bytes) -> list[Delivery]:
    """The same deliveries, their text lengthened to real sizes."""
    chance = random.Random(20)
    return [_lengthened(one, int(chance.triangular(*_SMALL)), chance, secret) for one in made]


def stream(small: list[Delivery], count: int, secret: bytes) -> Iterator[bytes]:
    """`count` requests, each under a fresh GUID, the single huge one in the middle.

    What is large is made before this returns, and takes no time of the load.
    """
    chance = random.Random(21)
    big = [_lengthened(one, _BIG, chance, secret) for one in small[:3]] if count >= _BIG_EVERY else []
    huge = _lengthened(small[3], _HUGE, chance, secret)
    return _mixed(small, big, huge, count)


def _mixed(small: list[Delivery], big: list[Delivery], huge: Delivery, count: int) -> Iterator[bytes]:
    for index in range(count):
        if index == count // 2:
            chosen = huge
        elif index % _BIG_EVERY == _BIG_EVERY - 1:
            chosen = big[index // _BIG_EVERY % len(big)]
        else:
            chosen = small[index % len(small)]
        yield request(chosen, guid=str(uuid.uuid4()))


def _lengthened(delivery: Delivery, size: int, chance: random.Random, secret: bytes) -> Delivery:
    data = json.loads(delivery.body)
    item = data.get("issue") or data["pull_request"]
    missing = size - len(delivery.body)
    if missing <= 0:
        return delivery
    count = min(missing, 200_000) // 8 + 1
    words = " ".join(f"{chance.choice(_WORDS)} {chance.randrange(10_000)}" for _ in range(count))
    before = item["body"] or ""
    item["body"] = f"{before}\n\n{words * (missing // len(words) + 1)}"[: len(before) + missing]
    return signed(delivery.event, json.dumps(data, separators=(",", ":")).encode(), secret)
