"""What the capability may do."""

from bot.capabilities.priority.config import PriorityOptions
from bot.domain.actions import AddLabels, DropSection, RemoveLabels, SetSection
from bot.domain.capability import Manifest
from bot.domain.facts import Need

MANIFEST = Manifest(
    id="priority",
    title="Priority",
    summary="Sets a priority label where the report itself says why, and quotes that sentence.",
    events=frozenset({"issues.opened", "issues.edited", "issues.reopened"}),
    needs=frozenset({Need.FORMS, Need.LABELS, Need.LABEL_EVENTS}),
    permissions={"contents": "read", "issues": "write"},
    actions=(SetSection, DropSection, AddLabels, RemoveLabels),
    options=PriorityOptions,
)
