"""What triage may do."""

from bot.capabilities.triage.config import TriageOptions
from bot.domain.actions import AddLabels, DropSection, RemoveLabels, Reply, SetSection
from bot.domain.capability import Access, CommandHelp, Manifest
from bot.domain.facts import Need

COMMAND = "triage"

MANIFEST = Manifest(
    id="triage",
    title="Triage",
    summary="Labels issues and pull requests by their kind and by the parts of the repository that they are about.",
    events=frozenset(
        {
            "issues.opened",
            "issues.edited",
            "issues.reopened",
            "pull_request.opened",
            "pull_request.edited",
            "pull_request.reopened",
            "pull_request.synchronize",
            "issue_comment.created",
        }
    ),
    needs=frozenset({Need.FORMS, Need.LABELS, Need.LABEL_EVENTS, Need.FILES, Need.PERMISSION, Need.LESSON}),
    permissions={"contents": "read", "issues": "write", "pull_requests": "write"},
    actions=(SetSection, DropSection, AddLabels, RemoveLabels, Reply),
    options=TriageOptions,
    commands=(
        CommandHelp(
            name=COMMAND,
            usage="/triage",
            summary="look at this issue or pull request afresh",
            access=Access.TRIAGE,
            examples=("/triage",),
        ),
    ),
    prompt="triage",
    earns=True,
)
