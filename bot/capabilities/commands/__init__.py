"""Slash commands in comments."""

from bot.capabilities.commands.decide import Commands

CAPABILITY = Commands()
