"""A word to first-time contributors about what happens next."""

from bot.capabilities.welcome.decide import Welcome

CAPABILITY = Welcome()
