"""When GitHub wants us to wait, and for how long: pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_UNSAID: Final = timedelta(seconds=60)
_LONGEST: Final = timedelta(hours=2)
_MARGIN: Final = timedelta(seconds=1)
_WORDS: Final = ("rate limit", "abuse", "secondary")


def rate_limit_pause(status: int, headers: Mapping[str, str], message: str, now: datetime) -> timedelta | None:
    """How long an answer asks us to wait, or None if it is not about rates.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit:
    `retry-after` first, then `x-ratelimit-reset` where nothing remains, else at least a minute. The reset is a time
    of GitHub's clock, and so counted from the answer's own `date`; `now` serves only where there is none.
    """
    if status not in (403, 429):
        return None
    if (after := _number(headers.get("retry-after"))) is not None:  # guard: retry-after (31)
        return min(timedelta(seconds=max(after, 1)) + _MARGIN, _LONGEST)
    if headers.get("x-ratelimit-remaining") == "0":  # guard: used-up-limits (31)
        reset = _number(headers.get("x-ratelimit-reset"))
        pause = datetime.fromtimestamp(reset, UTC) - _date(headers, now) if reset is not None else _UNSAID
        return min(max(pause, timedelta()) + _MARGIN, _LONGEST)
    if status == 429 or any(word in message.lower() for word in _WORDS):  # guard: secondary-limits (31)
        return _UNSAID + _MARGIN
    return None


def _date(headers: Mapping[str, str], now: datetime) -> datetime:
    try:
        found = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return now
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 12 else None
