"""When GitHub wants us to wait, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from bot.github.limits import rate_limit_pause

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
RATE: Final = "API rate limit exceeded for installation ID 1."


def at(seconds: float) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


# status, headers, message, the seconds to wait (None: it is not about rates)
WINDOWS: Final[dict[str, tuple[int, dict[str, str], str, float | None]]] = {
    "success": (200, {"x-ratelimit-remaining": "0"}, "", None),
    "a missing permission": (403, {"x-ratelimit-remaining": "4999"}, "Resource not accessible by integration", None),
    "a missing permission without headers": (403, {}, "Resource not accessible by integration", None),
    "a server's fault with a date": (503, {"retry-after": "5"}, "", None),
    "unauthorised": (401, {"retry-after": "5"}, "", None),
    "retry-after": (403, {"retry-after": "30"}, "", 31),
    "retry-after goes first": (429, {"retry-after": "30", "x-ratelimit-remaining": "0"}, "", 31),
    "retry-after of nought": (429, {"retry-after": "0"}, "", 2),
    "retry-after without end": (429, {"retry-after": "99999999999"}, "", 7200),
    "retry-after as a date": (429, {"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, "", 61),
    "retry-after below nought": (429, {"retry-after": "-5"}, "", 61),
    "retry-after in other digits": (429, {"retry-after": "٣٠"}, "", 61),
    "retry-after too long to read": (429, {"retry-after": "9" * 5000}, "", 61),
    "used up": (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": at(600)}, RATE, 601),
    "used up, reset passed": (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": at(-600)}, RATE, 1),
    "used up, reset far away": (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": at(90_000)}, RATE, 7200),
    "used up, no reset": (403, {"x-ratelimit-remaining": "0"}, RATE, 61),
    "used up, odd reset": (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, RATE, 61),
    "secondary by its words": (403, {"x-ratelimit-remaining": "100"}, "You have exceeded a secondary rate limit", 61),
    "secondary in capitals": (403, {}, "SECONDARY RATE LIMIT", 61),
    "an abuse by its words": (403, {}, "You have triggered an abuse detection mechanism.", 61),
    "used up, by GitHub's clock": (
        403,
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": at(600), "date": "Sun, 01 Mar 2026 12:05:00 GMT"},
        RATE,
        301,
    ),
    "used up, an odd clock": (
        403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": at(600), "date": "noon"}, RATE, 601,
    ),
    "used up, a clock without a zone": (
        403,
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": at(600), "date": "Sun, 01 Mar 2026 12:05:00 -0000"},
        RATE,
        301,
    ),
    "429 without a word": (429, {}, "", 61),
}  # fmt: skip


@pytest.mark.parametrize(("status", "headers", "message", "seconds"), WINDOWS.values(), ids=WINDOWS)
def test_windows(status: int, headers: dict[str, str], message: str, seconds: float | None) -> None:
    found = rate_limit_pause(status, headers, message, NOW)
    assert found == (None if seconds is None else timedelta(seconds=seconds))
