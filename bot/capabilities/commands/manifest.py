"""What commands may do, and the help of those that are answered here."""

from bot.capabilities.commands.config import CommandsOptions
from bot.domain.actions import AddLabels, React, RemoveLabels, Reply
from bot.domain.capability import Access, CommandHelp, Manifest
from bot.domain.facts import Need
from bot.domain.opinions import LABEL, NOT_DUPLICATE, UNLABEL, WRONG

MANIFEST = Manifest(
    id="commands",
    title="Commands",
    summary="Answers slash commands: /help, /why, /label, /unlabel, /wrong and /not-duplicate.",
    events=frozenset({"issue_comment.created", "pull_request_review_comment.created", "pull_request_review.submitted"}),
    needs=frozenset({Need.PERMISSION, Need.LABELS, Need.LABEL_EVENTS, Need.DECISIONS}),
    permissions={"issues": "write", "pull_requests": "write"},
    actions=(AddLabels, RemoveLabels, React, Reply),
    options=CommandsOptions,
    commands=(
        CommandHelp("help", "/help", "list the commands that you may use", Access.ANYONE, ("/help",)),
        CommandHelp("why", "/why", "say what this assistant did here, and why", Access.ANYONE, ("/why",)),
        CommandHelp(
            LABEL,
            '/label name, "another name"',
            "add labels that the repository has",
            Access.TRIAGE,
            ("/label bug", '/label bug, "good first issue"'),
        ),
        CommandHelp(
            UNLABEL,
            '/unlabel name, "another name"',
            "take off labels that this assistant set",
            Access.TRIAGE,
            ("/unlabel bug",),
        ),
        CommandHelp(
            WRONG,
            "/wrong name",
            "say that a label that this assistant set is wrong (without a name: all of them); it comes off",
            Access.AUTHOR,
            ("/wrong", "/wrong bug"),
        ),
        CommandHelp(
            NOT_DUPLICATE,
            "/not-duplicate #number",
            "say that this is no duplicate of that one (without a number: of none)",
            Access.AUTHOR,
            ("/not-duplicate", "/not-duplicate #12"),
        ),
    ),
)
