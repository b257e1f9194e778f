"""Marking a thread as a duplicate, as GitHub's page does it."""

from __future__ import annotations

from bot.sandbox.model import Comment, Issue, Repository
from bot.sandbox.ops.comments import create_comment
from bot.sandbox.ops.issues import log_event
from bot.sandbox.world import Actor, World


def mark_duplicate(world: World, repo: Repository, item: Issue, actor: Actor, original: int) -> Comment:
    """A maintainer's comment "Duplicate of #n" is an event too; the event does not say of what.

    https://docs.github.com/en/issues/tracking-your-work-with-issues/administering-issues/marking-issues-or-pull-requests-as-a-duplicate
    """
    made = create_comment(world, repo, item, actor, f"Duplicate of #{original}")
    log_event(world, item, actor, "marked_as_duplicate")
    item.updated_at = world.now()
    return made


def unmark_duplicate(world: World, item: Issue, actor: Actor) -> None:
    """Take the mark back; the comment stays."""
    log_event(world, item, actor, "unmarked_as_duplicate")
    item.updated_at = world.now()
