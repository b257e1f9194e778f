"""Labels on threads."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.model import Issue, IssueEvent, Label, Repository
from bot.sandbox.shapes import repos
from bot.sandbox.world import Actor, World


def add_labels(world: World, repo: Repository, item: Issue, actor: Actor, names: Sequence[str]) -> None:
    """Add labels; one `labeled` event for each that was not there. An unknown name **creates** a label.

    https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
    """
    for name in names:
        label = attach_label(world, repo, item, actor, name)
        if label is not None:
            announce_label(world, "labeled", repo, item, actor, label)


def remove_label(world: World, repo: Repository, item: Issue, actor: Actor, name: str) -> bool:
    """Remove a label; False when the thread does not have it."""
    present = next((held for held in item.labels if held.lower() == name.lower()), None)
    if present is None:
        return False
    item.labels.remove(present)
    label = repo.labels[present.lower()]
    _log(world, item, actor, "unlabeled", label)
    announce_label(world, "unlabeled", repo, item, actor, label)
    return True


def attach_label(world: World, repo: Repository, item: Issue, actor: Actor, name: str) -> Label | None:
    """Attach a label without announcing it on the thread; None when it was there already."""
    label = repo.labels.get(name.lower())
    if label is None:
        label = world.state.make_label(repo, name)
        world.announce("label", "created", repo, actor, {"label": repos.label(world.links(), repo, label)})
    if label.name in item.labels:
        return None
    item.labels.append(label.name)
    _log(world, item, actor, "labeled", label)
    return label


def announce_label(world: World, action: str, repo: Repository, item: Issue, actor: Actor, label: Label) -> None:
    world.announce_item(action, repo, item, actor, {"label": repos.label(world.links(), repo, label)})


def _log(world: World, item: Issue, actor: Actor, event: str, label: Label) -> None:
    extra = {"label": {"name": label.name, "color": label.color}}
    item.updated_at = world.now()
    made = IssueEvent(world.state.next_id(), event, actor.account, item.updated_at, actor.app, extra)
    item.events.append(made)
