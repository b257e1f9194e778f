"""When a failed event is tried again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest

from bot.runtime.retry import MAX_ATTEMPTS, next_attempt

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def delay(attempts: int) -> timedelta | None:
    until = next_attempt(attempts, NOW)
    return None if until is None else until - NOW


def test_the_first_attempt_comes_soon_and_each_later_one_later() -> None:
    delays = [one for attempts in range(MAX_ATTEMPTS) if (one := delay(attempts)) is not None]
    assert delays[0] == timedelta(seconds=2)
    assert all(later > earlier for earlier, later in pairwise(delays))


def test_after_about_eight_hours_it_is_enough() -> None:
    delays = [one for attempts in range(100) if (one := delay(attempts)) is not None]
    assert len(delays) == MAX_ATTEMPTS - 1
    assert timedelta(hours=7) < sum(delays, timedelta()) < timedelta(hours=9)


@pytest.mark.parametrize("attempts", [MAX_ATTEMPTS - 1, MAX_ATTEMPTS, 1_000])
def test_then_it_is_given_up(attempts: int) -> None:
    assert next_attempt(attempts, NOW) is None
