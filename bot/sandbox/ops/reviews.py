"""Reviews and their comments: all of a review is taken, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.sandbox.diff import DiffLine, diff_lines, find_line, hunk_up_to
from bot.sandbox.model import Issue, Json, Pull, Repository, Review, ReviewComment
from bot.sandbox.shapes import pulls as shapes
from bot.sandbox.shapes.pulls import pull_changes, pull_of
from bot.sandbox.world import Actor, World

STATES = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}


class NotInDiffError(ValueError):
    """A comment names a line that the diff does not show; the message is GitHub's."""


@dataclass(frozen=True, slots=True)
class NewComment:
    path: str
    body: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None
    in_reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class NewReview:
    event: str = "COMMENT"
    body: str = ""
    commit_id: str | None = None
    comments: Sequence[NewComment] = ()


def submit_review(world: World, repo: Repository, item: Issue, actor: Actor, new: NewReview) -> Review:
    """Submit a review; NotInDiffError, and no effect at all, when one comment is not on a line of the diff.

    https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
    """
    pull, now = pull_of(item), world.now()
    placed = [(comment, *locate(world, pull, comment)) for comment in new.comments]
    world.remember(item)
    commit = new.commit_id or pull.head_sha
    state = STATES[new.event]
    made = Review(world.state.next_id(), repo.id, item.number, actor.account, new.body, state, commit, now, now)
    pull.reviews.append(made)
    item.updated_at = now
    added = [_add(world, pull, made, comment, patch, line) for comment, patch, line in placed]
    links = world.links()
    shown = {
        "review": shapes.hook_review(links, world.state, repo, item, made),
        "pull_request": shapes.simple_pull(links, world.state, repo, item),
    }
    world.announce("pull_request_review", "submitted", repo, actor, shown)
    for comment in added:
        announce_review_comment(world, "created", repo, item, comment, actor)
    return made


def edit_review(world: World, repo: Repository, item: Issue, made: Review, actor: Actor, body: str) -> None:
    world.remember(item)
    before, made.body, made.edited, made.updated_at = made.body, body, True, world.now()
    shown = {
        "review": shapes.hook_review(world.links(), world.state, repo, item, made),
        "pull_request": shapes.simple_pull(world.links(), world.state, repo, item),
        "changes": {"body": {"from": before}},
    }
    world.announce("pull_request_review", "edited", repo, actor, shown)


def edit_review_comment(
    world: World, repo: Repository, item: Issue, made: ReviewComment, actor: Actor, body: str
) -> None:
    world.remember(item)
    before, made.body, made.edited, made.updated_at = made.body, body, True, world.now()
    changed = {"changes": {"body": {"from": before}}}
    announce_review_comment(world, "edited", repo, item, made, actor, changed)


def announce_review_comment(
    world: World,
    action: str,
    repo: Repository,
    item: Issue,
    made: ReviewComment,
    actor: Actor,
    fields: Json | None = None,
) -> None:
    links = world.links()
    shown = {
        **(fields or {}),
        "comment": shapes.review_comment(links, world.state, repo, item, made),
        "pull_request": shapes.simple_pull(links, world.state, repo, item),
    }
    world.announce("pull_request_review_comment", action, repo, actor, shown)


def locate(world: World, pull: Pull, new: NewComment) -> tuple[str, DiffLine]:
    """Return the file's patch and the diff line of a comment; NotInDiffError when there is none."""
    change = next((c for c in pull_changes(world.state, pull) if c.path == new.path), None)
    if change is None or change.patch is None:
        raise NotInDiffError("Pull request review thread path is invalid and must be part of the diff")
    line = _by_position(change.patch, new.position) if new.line is None else find_line(change.patch, new.line, new.side)
    if line is None:
        raise NotInDiffError("Pull request review thread line must be part of the diff")
    if new.start_line is not None:
        start = find_line(change.patch, new.start_line, new.start_side or new.side)
        if start is None:
            raise NotInDiffError("Pull request review thread start line must be part of the diff")
        if start.hunk != line.hunk:
            message = "Pull request review thread start line must be part of the same hunk as the line."
            raise NotInDiffError(message)
        if start.position >= line.position:
            raise NotInDiffError("Pull request review thread start line must precede the end line.")
    return change.patch, line


def _by_position(patch: str, position: int | None) -> DiffLine | None:
    return next((line for line in diff_lines(patch) if line.position == position), None)


def _add(world: World, pull: Pull, review: Review, new: NewComment, patch: str, line: DiffLine) -> ReviewComment:
    side = new.side if new.line is not None else "LEFT" if line.right is None else "RIGHT"
    number = (line.left if side == "LEFT" else line.right) or 0
    made = ReviewComment(
        id=world.state.next_id(),
        review_id=review.id,
        repo_id=review.repo_id,
        number=review.number,
        author=review.author,
        body=new.body,
        path=new.path,
        side=side,
        line=number,
        original_line=number,
        start_side=(new.start_side or new.side) if new.start_line else None,
        start_line=new.start_line,
        position=line.position,
        original_position=line.position,
        diff_hunk=hunk_up_to(patch, line),
        commit_id=review.commit_id,
        original_commit_id=review.commit_id,
        created_at=review.submitted_at,
        updated_at=review.submitted_at,
        in_reply_to_id=new.in_reply_to,
    )
    pull.comments.append(made)
    return made
