"""Asks once for what a report lacks, and withdraws by itself."""

from bot.capabilities.missing_info.decide import MissingInfo

CAPABILITY = MissingInfo()
