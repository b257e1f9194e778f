"""What the capability may do."""

from bot.capabilities.missing_info.config import MissingInfoOptions
from bot.domain.actions import AddLabels, DropSection, RemoveLabels, SetSection
from bot.domain.capability import Manifest
from bot.domain.facts import Need

MANIFEST = Manifest(
    id="missing_info",
    title="Missing information",
    summary="Asks once for the required answers that a report lacks, and withdraws when they are there.",
    events=frozenset({"issues.opened", "issues.edited", "issues.reopened", "issue_comment.created"}),
    needs=frozenset({Need.FORMS, Need.COMMENTS, Need.LABELS, Need.LABEL_EVENTS}),
    permissions={"contents": "read", "issues": "write"},
    actions=(SetSection, DropSection, AddLabels, RemoveLabels),
    options=MissingInfoOptions,
)
