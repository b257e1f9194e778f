"""GitHub's answers by what can be done about them."""

from bot.domain.errors import AssistantError, Terminal


class Absent(Terminal):
    """404 or 410: it does not exist, or not for us."""


class Forbidden(Terminal):
    """403 without a rate limit: a missing permission, a locked conversation, a blocked App."""


class Refused(Terminal):
    """Another 4xx: the request can never succeed as it is."""


class Moved(AssistantError):
    """301/302/307/308 within the API: the repository was renamed or the issue transferred."""


class Unavailable(AssistantError):
    """No usable answer (5xx, time-out, reset). After a write the effect may have happened."""
