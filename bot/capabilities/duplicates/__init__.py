"""Related threads, and the original of a duplicate where that is sure."""

from bot.capabilities.duplicates.decide import Duplicates

CAPABILITY = Duplicates()
