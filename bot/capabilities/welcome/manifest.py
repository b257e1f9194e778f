"""What the capability may do."""

from bot.capabilities.welcome.config import WelcomeOptions
from bot.domain.actions import SetSection
from bot.domain.capability import Manifest
from bot.domain.facts import Need

MANIFEST = Manifest(
    id="welcome",
    title="Welcome",
    summary="Tells people at their first issue and their first pull request here what happens next.",
    events=frozenset({"issues.opened", "pull_request.opened"}),
    needs=frozenset({Need.AUTHOR, Need.COMMUNITY, Need.CHECKS}),
    permissions={"contents": "read", "issues": "write", "pull_requests": "write"},
    optional_permissions={"actions": "read"},
    actions=(SetSection,),
    options=WelcomeOptions,
)
