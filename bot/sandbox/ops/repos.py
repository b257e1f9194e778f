"""Repositories: commits, forks, names, and where the App is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.sandbox.gitstore import Commit, Content
from bot.sandbox.model import Account, App, Installation, Json, Repository
from bot.sandbox.shapes import people
from bot.sandbox.shapes.links import stamp
from bot.sandbox.shapes.repos import pushed_repository
from bot.sandbox.world import Actor, Announcement, World


def make_commit(
    world: World, parents: tuple[str, ...], author: Account, files: Mapping[str, Content | None], message: str
) -> Commit:
    return world.state.git.commit(
        files,
        parents=parents,
        author=author.login,
        email=f"{author.login}@users.noreply.example.com",
        message=message,
        when=world.now(),
    )


def create_repository(
    world: World, owner: Account, name: str, files: Mapping[str, Content], *, private: bool = False
) -> Repository:
    """Create a repository whose default branch holds `files`."""
    now = world.now()
    repo = Repository(world.state.next_id(), owner, name, now, now, now, private=private)
    first = make_commit(world, (), owner, files, "Initial commit")
    repo.branches[repo.default_branch] = first.sha
    world.state.repositories[repo.id] = repo
    return repo


def commit_to_branch(
    world: World,
    repo: Repository,
    actor: Actor,
    branch: str,
    files: Mapping[str, Content | None],
    message: str,
) -> Commit:
    """Commit on a branch and send `push`. The bases of open pull requests follow."""
    before = repo.branches[branch]
    made = make_commit(world, (before,), actor.account, files, message)
    repo.branches[branch] = made.sha
    repo.pushed_at = world.now()
    for item in repo.issues.values():
        if item.pull and item.state == "open" and item.pull.base_ref == branch:
            item.pull.base_sha = made.sha
    old = world.state.git.commits[before].files
    shown = _hook_commit(world, repo, made, files, old)
    page = f"{world.links().html}/{repo.full_name}"
    fields: Json = {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": made.sha,
        "pusher": {"name": actor.account.login, "email": made.email},
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{page}/compare/{before[:12]}...{made.sha[:12]}",
        "commits": [shown],
        "head_commit": shown,
        "repository": pushed_repository(world.links(), world.state, repo),
    }
    world.announce("push", None, repo, actor, fields)
    return made


def fork(world: World, repo: Repository, account: Account) -> Repository:
    """Return the account's fork of `repo`, made if there is none."""
    for other in world.state.repositories.values():
        if other.fork_of == repo.id and other.owner is account:
            return other
    now = world.now()
    made = Repository(world.state.next_id(), account, repo.name, now, now, now, fork_of=repo.id)
    made.description, made.language = repo.description, repo.language
    made.default_branch, made.branches = repo.default_branch, dict(repo.branches)
    world.state.repositories[made.id] = made
    return made


def rename(world: World, repo: Repository, actor: Actor, name: str) -> None:
    """Rename: the old name answers 301 until another repository takes it."""
    before = repo.name
    world.state.former_names[repo.full_name.lower()] = repo.id
    repo.name = name
    world.state.former_names.pop(repo.full_name.lower(), None)
    changes = {"repository": {"name": {"from": before}}}
    world.announce("repository", "renamed", repo, actor, {"changes": changes})


def install(
    world: World, app: App, account: Account, actor: Actor, repositories: Sequence[Repository] | None
) -> Installation:
    """Install an App on an account, on all repositories (None) or some."""
    now = world.now()
    made = Installation(
        id=world.state.next_id(),
        app=app,
        account=account,
        permissions=dict(app.permissions),
        events=list(app.events),
        created_at=now,
        updated_at=now,
        repository_ids=None if repositories is None else {repo.id for repo in repositories},
    )
    world.state.installations[made.id] = made
    announce_installation(world, "created", made, actor)
    return made


def uninstall(world: World, installation: Installation, actor: Actor) -> None:
    del world.state.installations[installation.id]
    announce_installation(world, "deleted", installation, actor)


def suspend(world: World, installation: Installation, actor: Actor, *, suspended: bool) -> None:
    installation.suspended_at = world.now() if suspended else None
    installation.suspended_by = actor.account if suspended else None
    announce_installation(world, "suspend" if suspended else "unsuspend", installation, actor)


def change_permissions(world: World, installation: Installation, actor: Actor, permissions: Mapping[str, str]) -> None:
    """The owner accepts other permissions, fewer ones included; tokens that are out lose what is gone."""
    installation.permissions = dict(permissions)
    installation.updated_at = world.now()
    announce_installation(world, "new_permissions_accepted", installation, actor)


def change_selection(
    world: World,
    installation: Installation,
    actor: Actor,
    added: Sequence[Repository],
    removed: Sequence[Repository],
) -> None:
    """Add or remove selected repositories: one `installation_repositories` event for each kind."""
    if installation.repository_ids is None:
        installation.repository_ids = {r.id for r in world.state.installed_repositories(installation)}
    installation.repository_ids |= {repo.id for repo in added}
    installation.repository_ids -= {repo.id for repo in removed}
    installation.updated_at = world.now()
    for action, plus, minus in (("added", added, ()), ("removed", (), removed)):
        if not plus and not minus:
            continue
        fields: Json = {
            "repository_selection": "selected",
            "repositories_added": people.short_repositories(plus),
            "repositories_removed": people.short_repositories(minus),
            "requester": None,
        }
        _announce(world, "installation_repositories", action, installation, actor, fields)


def announce_installation(world: World, action: str, installation: Installation, actor: Actor) -> None:
    found = world.state.installed_repositories(installation)
    fields: Json = {"repositories": people.short_repositories(found), "requester": None}
    _announce(world, "installation", action, installation, actor, fields)


def _announce(world: World, event: str, action: str, installation: Installation, actor: Actor, fields: Json) -> None:
    # installation events go to the App whatever it subscribed to
    links = world.links()
    shown = people.installation(links, installation)
    payload = {"action": action, "installation": shown, **fields, "sender": people.user(links, actor.account)}
    world.send(Announcement(event, payload, installation.app, installation.id, None))


def _hook_commit(
    world: World,
    repo: Repository,
    made: Commit,
    files: Mapping[str, Content | None],
    old: Mapping[str, object],
) -> Json:
    person = {"name": made.author, "email": made.email, "username": made.author}
    return {
        "id": made.sha,
        "tree_id": made.tree,
        "distinct": True,
        "message": made.message,
        "timestamp": stamp(made.when),
        "url": f"{world.links().html}/{repo.full_name}/commit/{made.sha}",
        "author": person,
        "committer": person,
        "added": [path for path, content in files.items() if content is not None and path not in old],
        "removed": [path for path, content in files.items() if content is None],
        "modified": [path for path, content in files.items() if content is not None and path in old],
    }
