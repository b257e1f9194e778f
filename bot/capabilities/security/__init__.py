"""A pointer to the private way, where a report looks like one about a vulnerability."""

from bot.capabilities.security.decide import Security

CAPABILITY = Security()
