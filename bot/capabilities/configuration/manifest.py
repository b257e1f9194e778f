"""What the capability may do."""

from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Manifest, Options
from bot.domain.facts import Need

MANIFEST = Manifest(
    id="configuration",
    title="Configuration check",
    summary="Checks a pull request that changes this assistant's configuration, and reports a broken one once.",
    events=frozenset(
        {
            "issues.opened",
            "pull_request.opened",
            "pull_request.reopened",
            "pull_request.synchronize",
        }
    ),
    needs=frozenset({Need.FILES, Need.CONFIGURATION}),
    permissions={"contents": "read", "issues": "write", "pull_requests": "write"},
    actions=(SetSection, DropSection),
    options=Options,
)
