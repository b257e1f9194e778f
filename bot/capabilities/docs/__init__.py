"""Suggestions for documentation; see README.md."""

from bot.capabilities.docs.decide import Docs

CAPABILITY = Docs()

__all__ = ["CAPABILITY"]
