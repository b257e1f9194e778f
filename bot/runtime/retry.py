"""When to try again: pure."""

from datetime import datetime, timedelta
from typing import Final

_DELAYS: Final = (2, 10, 30, 120, 600, 1800, 3600, 7200, 14400)
MAX_ATTEMPTS: Final = len(_DELAYS) + 1


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """The time of the next attempt after `attempts` failed ones; None when it is enough (after about 8 hours)."""
    if attempts >= len(_DELAYS):
        return None
    return now + timedelta(seconds=_DELAYS[attempts])
