"""The capabilities, in the order of their sections."""

from bot.capabilities.commands import CAPABILITY as COMMANDS
from bot.capabilities.configuration import CAPABILITY as CONFIGURATION
from bot.capabilities.docs import CAPABILITY as DOCS
from bot.capabilities.duplicates import CAPABILITY as DUPLICATES
from bot.capabilities.missing_info import CAPABILITY as MISSING_INFO
from bot.capabilities.priority import CAPABILITY as PRIORITY
from bot.capabilities.security import CAPABILITY as SECURITY
from bot.capabilities.triage import CAPABILITY as TRIAGE
from bot.capabilities.welcome import CAPABILITY as WELCOME
from bot.domain.capability import Capability

REGISTRY: tuple[Capability, ...] = (
    SECURITY,
    WELCOME,
    MISSING_INFO,
    DUPLICATES,
    TRIAGE,
    PRIORITY,
    DOCS,
    CONFIGURATION,
    COMMANDS,
)
