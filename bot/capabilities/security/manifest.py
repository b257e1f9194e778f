"""What the capability may do."""

from bot.capabilities.security.config import SecurityOptions
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Manifest
from bot.domain.facts import Need

MANIFEST = Manifest(
    id="security",
    title="Security",
    summary="Points to the project's security policy where an issue looks like the report of a vulnerability.",
    events=frozenset({"issues.opened", "issues.edited", "issues.reopened"}),
    needs=frozenset({Need.COMMUNITY}),
    permissions={"contents": "read", "issues": "write"},
    actions=(SetSection, DropSection),
    options=SecurityOptions,
    discreet=True,
)
