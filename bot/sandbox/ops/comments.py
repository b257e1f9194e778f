"""Comments on threads, and reactions."""

from __future__ import annotations

from bot.sandbox.model import Comment, Issue, Json, Reaction, Repository
from bot.sandbox.shapes import issues as shapes
from bot.sandbox.world import Actor, World


def create_comment(world: World, repo: Repository, item: Issue, actor: Actor, body: str) -> Comment:
    world.remember(item)
    now = world.now()
    made = Comment(world.state.next_id(), repo.id, item.number, actor.account, body, now, now, via_app=actor.app)
    item.comments.append(made)
    item.updated_at = now
    _announce(world, "created", repo, item, made, actor)
    return made


def edit_comment(world: World, repo: Repository, item: Issue, made: Comment, actor: Actor, body: str) -> None:
    world.remember(item)
    before, made.body = made.body, body
    made.updated_at = item.updated_at = world.now()
    made.edited = True
    _announce(world, "edited", repo, item, made, actor, {"changes": {"body": {"from": before}}})


def delete_comment(world: World, repo: Repository, item: Issue, made: Comment, actor: Actor) -> None:
    world.remember(item)
    item.comments.remove(made)
    item.updated_at = world.now()
    _announce(world, "deleted", repo, item, made, actor)


def react(world: World, reactions: list[Reaction], actor: Actor, content: str) -> tuple[Reaction, bool]:
    """Add a reaction; the flag is False when this person had left it before. Reactions send no webhook."""
    for present in reactions:
        if present.user is actor.account and present.content == content:
            return present, False
    made = Reaction(world.state.next_id(), actor.account, content, world.now())
    reactions.append(made)
    return made, True


def _announce(
    world: World,
    action: str,
    repo: Repository,
    item: Issue,
    made: Comment,
    actor: Actor,
    fields: Json | None = None,
) -> None:
    links = world.links()
    shown: Json = {
        **(fields or {}),
        "issue": shapes.hook_issue(links, world.state, repo, item),
        "comment": shapes.comment(links, world.state, repo, item, made),
    }
    world.announce("issue_comment", action, repo, actor, shown)
