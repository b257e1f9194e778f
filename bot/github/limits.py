"""When GitHub wants us to wait, and for how long: pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

_UNSAID: Final = timedelta(seconds=60)
_LONGEST: Final = timedelta(hours=2)
_MARGIN: Final = timedelta(seconds=1)


def rate_limit_window(status: int, headers: Mapping[str, str], message: str, now: datetime) -> datetime | None:
    """The end of the back-off window that an answer opens, or None if it is not about rates.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit:
    `retry-after` first, then `x-ratelimit-reset` where nothing remains, else at least a minute.
    """
    if status not in (403, 429):
        return None
    if (after := _number(headers.get("retry-after"))) is not None:
        return now + min(timedelta(seconds=max(after, 1)) + _MARGIN, _LONGEST)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = _number(headers.get("x-ratelimit-reset"))
        until = datetime.fromtimestamp(reset, UTC) if reset is not None else now + _UNSAID
        return min(max(until, now) + _MARGIN, now + _LONGEST)
    if status == 429 or "rate limit" in message.lower():
        return now + _UNSAID + _MARGIN
    return None


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 12 else None
