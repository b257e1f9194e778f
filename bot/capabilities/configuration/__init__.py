"""Mistakes in this assistant's own configuration, said where they are made."""

from bot.capabilities.configuration.decide import Configuration

CAPABILITY = Configuration()
