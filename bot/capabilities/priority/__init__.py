"""A priority label where a report says in so many words why it matters."""

from bot.capabilities.priority.decide import Priority

CAPABILITY = Priority()
