"""The part of the repository configuration that is about reports of vulnerabilities."""

from bot.domain.capability import Options


class SecurityOptions(Options):
    """How reports of vulnerabilities are met."""
