"""Errors by audience: what a person did wrong becomes a kind reply, what GitHub did becomes a schedule."""

from datetime import datetime


class AssistantError(Exception):
    """Base of every error that this program raises on purpose."""


class SettingsError(AssistantError):
    """The environment cannot be used; the text is one sentence that names the variable."""


class Terminal(AssistantError):
    """Nothing further can be done for this event (gone, locked, forbidden); recorded, never retried."""


class Deferred(AssistantError):
    """The event must wait until `until` (UTC): a back-off window, or a write without an answer.

    Waiting is the rule here and uses up no attempt.
    """

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until
        self.reason = reason


class ClaimLost(AssistantError):
    """Another worker has taken this item over; whoever sees this must not write anything more."""
