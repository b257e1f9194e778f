"""What kind of report or change this is, as a label."""

from bot.capabilities.triage.decide import Triage

CAPABILITY = Triage()
