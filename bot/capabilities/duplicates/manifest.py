"""What the capability may do."""

from bot.capabilities.duplicates.config import DuplicatesOptions
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Manifest
from bot.domain.facts import Need

MANIFEST = Manifest(
    id="duplicates",
    title="Related threads",
    summary="Lists older threads that are like a new one, and names the original of a duplicate where that is sure.",
    events=frozenset(
        {"issues.opened", "issues.edited", "issues.reopened", "pull_request.opened", "issue_comment.created"}
    ),
    needs=frozenset({Need.RELATED, Need.PERMISSION}),
    permissions={"issues": "write"},
    actions=(SetSection, DropSection),
    options=DuplicatesOptions,
)
