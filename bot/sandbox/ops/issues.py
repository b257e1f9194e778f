"""Opening, editing, closing, locking, moving and deleting issues (and the same of pull requests)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bot.sandbox.model import Issue, IssueEvent, Json, Repository
from bot.sandbox.ops.labels import announce_label, attach_label
from bot.sandbox.shapes import issues as shapes
from bot.sandbox.shapes import people, repos
from bot.sandbox.world import Actor, World


def open_issue(
    world: World, repo: Repository, actor: Actor, title: str, body: str | None, labels: Sequence[str] = ()
) -> Issue:
    """Open an issue: `issues.opened` with its labels, then one `issues.labeled` each, as GitHub does."""
    now = world.now()
    item = Issue(
        id=world.state.next_id(),
        repo_id=repo.id,
        number=take_number(repo),
        author=actor.account,
        title=title,
        body=body,
        created_at=now,
        updated_at=now,
        via_app=actor.app,
    )
    repo.issues[item.number] = item
    attached = [attach_label(world, repo, item, actor, name) for name in labels]
    world.announce_item("opened", repo, item, actor)
    for label in attached:
        if label is not None:
            announce_label(world, "labeled", repo, item, actor, label)
    return item


def take_number(repo: Repository) -> int:
    number = repo.next_number
    repo.next_number += 1
    return number


def log_event(world: World, item: Issue, actor: Actor, event: str, **extra: object) -> None:
    entry = IssueEvent(world.state.next_id(), event, actor.account, world.now(), actor.app, dict(extra))
    item.events.append(entry)


def edit_issue(
    world: World,
    repo: Repository,
    item: Issue,
    actor: Actor,
    *,
    title: str | None = None,
    body: str | None = None,
) -> None:
    """Change title or body; the payload's `changes` holds what was there before."""
    before: Json = {}
    if title is not None and title != item.title:
        before["title"] = {"from": item.title}
        log_event(world, item, actor, "renamed", rename={"from": item.title, "to": title})
        item.title = title
    if body is not None and body != item.body:
        before["body"] = {"from": item.body or ""}
        item.body = body
    item.updated_at = world.now()
    world.announce_item("edited", repo, item, actor, {"changes": before})


def set_state(
    world: World,
    repo: Repository,
    item: Issue,
    actor: Actor,
    state: Literal["open", "closed"],
    reason: str | None = None,
) -> None:
    """Close or reopen; nothing happens when it is so already."""
    if item.state == state:
        return
    item.state, item.updated_at = state, world.now()
    item.closed_at = item.updated_at if state == "closed" else None
    item.closed_by = actor.account if state == "closed" else None
    if item.pull is None:
        item.state_reason = (reason or "completed") if state == "closed" else "reopened"
    action = "closed" if state == "closed" else "reopened"
    log_event(world, item, actor, action, **({"state_reason": item.state_reason} if state == "closed" else {}))
    world.announce_item(action, repo, item, actor)


def set_lock(world: World, repo: Repository, item: Issue, actor: Actor, *, locked: bool, reason: str | None) -> None:
    item.locked, item.lock_reason = locked, reason if locked else None
    item.updated_at = world.now()
    action = "locked" if locked else "unlocked"
    log_event(world, item, actor, action, lock_reason=item.lock_reason)
    world.announce_item(action, repo, item, actor)


def assign(world: World, repo: Repository, item: Issue, actor: Actor, logins: Sequence[str]) -> None:
    """Assign existing accounts; unknown names are ignored, as GitHub does."""
    for login in logins:
        account = world.state.accounts.get(login.lower())
        if account is None or account in item.assignees:
            continue
        item.assignees.append(account)
        item.updated_at = world.now()
        shown = people.user(world.links(), account)
        log_event(world, item, actor, "assigned", assignee=shown, assigner=people.user(world.links(), actor.account))
        world.announce_item("assigned", repo, item, actor, {"assignee": shown})


def delete_issue(world: World, repo: Repository, item: Issue, actor: Actor) -> None:
    """Delete an issue: its number answers 410 from now on."""
    del repo.issues[item.number]
    repo.deleted.add(item.number)
    world.announce_item("deleted", repo, item, actor)


def transfer(world: World, repo: Repository, item: Issue, actor: Actor, target: Repository) -> Issue:
    """Move an issue to another repository: the old number answers 301; `issues.opened` fires there.

    https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/transferring-an-issue-to-another-repository
    """
    links, state = world.links(), world.state
    old = shapes.hook_issue(links, state, repo, item)
    moved = Issue(
        id=state.next_id(),
        repo_id=target.id,
        number=take_number(target),
        author=item.author,
        title=item.title,
        body=item.body,
        created_at=item.created_at,
        updated_at=world.now(),
        comments=item.comments,
    )
    for made in moved.comments:
        made.repo_id, made.number = target.id, moved.number
    target.issues[moved.number] = moved
    repo.moved[item.number] = (target.id, moved.number)
    del repo.issues[item.number]
    changes = {
        "new_issue": shapes.hook_issue(links, state, target, moved),
        "new_repository": repos.repository(links, state, target),
    }
    world.announce("issues", "transferred", repo, actor, {"changes": changes, "issue": old})
    opened = {"old_issue": old, "old_repository": repos.repository(links, state, repo)}
    world.announce_item("opened", target, moved, actor, {"changes": opened})
    return moved
