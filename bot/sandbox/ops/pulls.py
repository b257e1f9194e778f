"""Pull requests: opening from a branch or a fork, pushing, merging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.diff import find_line
from bot.sandbox.gitstore import Content
from bot.sandbox.model import Issue, Pull, Repository
from bot.sandbox.ops import repos as repo_ops
from bot.sandbox.ops.issues import log_event, set_state, take_number
from bot.sandbox.shapes.pulls import pull_changes, pull_of
from bot.sandbox.world import Actor, World


@dataclass(frozen=True, slots=True)
class NewPull:
    title: str
    body: str | None
    branch: str
    files: Mapping[str, Content | None]
    draft: bool = False
    from_fork: bool = True


def open_pull(world: World, repo: Repository, actor: Actor, new: NewPull) -> Issue:
    """Commit `new.files` on a new branch (of the author's fork, made if needed) and open a pull request."""
    head_repo = repo_ops.fork(world, repo, actor.account) if new.from_fork else repo
    base_sha = repo.branches[repo.default_branch]
    made = repo_ops.make_commit(world, (base_sha,), actor.account, new.files, new.title)
    head_repo.branches[new.branch] = made.sha
    return open_from_branch(world, repo, actor, new, head_repo)


def open_from_branch(world: World, repo: Repository, actor: Actor, new: NewPull, head_repo: Repository) -> Issue:
    """Open a pull request from an existing branch of `head_repo`."""
    now, state = world.now(), world.state
    base_sha, head_sha = repo.branches[repo.default_branch], head_repo.branches[new.branch]
    known = set(state.git.ancestors(base_sha))
    pull = Pull(
        id=state.next_id(),
        head_repo_id=head_repo.id,
        head_owner=head_repo.owner,
        head_ref=new.branch,
        head_sha=head_sha,
        base_ref=repo.default_branch,
        base_sha=base_sha,
        commits=[sha for sha in reversed(state.git.ancestors(head_sha)) if sha not in known],
        draft=new.draft,
    )
    item = Issue(
        id=state.next_id(),
        repo_id=repo.id,
        number=take_number(repo),
        author=actor.account,
        title=new.title,
        body=new.body,
        created_at=now,
        updated_at=now,
        via_app=actor.app,
        pull=pull,
    )
    repo.issues[item.number] = item
    world.announce_item("opened", repo, item, actor)
    return item


def push_to_pull(
    world: World,
    repo: Repository,
    item: Issue,
    actor: Actor,
    files: Mapping[str, Content | None],
    message: str,
) -> str:
    """Commit on the head branch and send `synchronize`; return the new head."""
    pull = pull_of(item)
    before = pull.head_sha
    made = repo_ops.make_commit(world, (before,), actor.account, files, message)
    head_repo = world.state.repositories.get(pull.head_repo_id or 0)
    if head_repo is not None:
        head_repo.branches[pull.head_ref] = made.sha
    pull.head_sha = made.sha
    pull.commits.append(made.sha)
    item.updated_at = world.now()
    _move_comments(world, pull)
    world.announce_item("synchronize", repo, item, actor, {"before": before, "after": made.sha})
    return made.sha


def set_draft(world: World, repo: Repository, item: Issue, actor: Actor, *, draft: bool) -> None:
    pull_of(item).draft = draft
    item.updated_at = world.now()
    log_event(world, item, actor, "convert_to_draft" if draft else "ready_for_review")
    world.announce_item("converted_to_draft" if draft else "ready_for_review", repo, item, actor)


def merge_pull(world: World, repo: Repository, item: Issue, actor: Actor) -> str:
    """Merge by a merge commit on the base branch; return its SHA."""
    pull = pull_of(item)
    files = {change.path: None for change in pull_changes(world.state, pull) if change.status == "removed"}
    merged: dict[str, Content | None] = dict(files)
    head = world.state.git.commits[pull.head_sha]
    for change in pull_changes(world.state, pull):
        if change.status != "removed":
            merged[change.path] = world.state.git.blobs[head.files[change.path].sha]
        if change.previous_path:
            merged[change.previous_path] = None
    parents = (repo.branches[pull.base_ref], pull.head_sha)
    message = f"Merge pull request #{item.number} from {pull.head_owner.login}/{pull.head_ref}"
    made = repo_ops.make_commit(world, parents, actor.account, merged, message)
    repo.branches[pull.base_ref] = made.sha
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = world.now(), actor.account, made.sha
    set_state(world, repo, item, actor, "closed")
    return made.sha


def _move_comments(world: World, pull: Pull) -> None:
    # GitHub keeps a comment where its line still is in the diff and else marks it outdated: line is null
    patches = {change.path: change.patch for change in pull_changes(world.state, pull)}
    old = world.state.git.commits
    for made in pull.comments:
        path = made.path
        same = old[made.original_commit_id].files.get(path) == old[pull.head_sha].files.get(path)
        patch = patches.get(path)
        line = find_line(patch, made.original_line, made.side) if patch and same else None
        made.line = made.original_line if line else None
        made.position = line.position if line else None
        if line:
            made.commit_id = pull.head_sha
