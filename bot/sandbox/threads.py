"""A thread as a reader sees it: values for tests, for the demo, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.model import Account, Issue, Reaction
from bot.sandbox.state import State


@dataclass(frozen=True, slots=True)
class CommentView:
    id: int
    author: str
    is_bot: bool
    body: str
    edited: bool
    created_at: datetime
    reactions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReviewCommentView:
    id: int
    author: str
    is_bot: bool
    body: str
    edited: bool
    path: str
    start_line: int | None
    line: int | None
    """None: outdated."""
    diff_hunk: str
    reactions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReviewView:
    id: int
    author: str
    is_bot: bool
    state: str
    body: str
    commit_id: str
    edited: bool
    created_at: datetime
    comments: Sequence[ReviewCommentView]


@dataclass(frozen=True, slots=True)
class ThreadView:
    number: int
    title: str
    body: str
    author: str
    state: str
    is_pull: bool
    locked: bool
    draft: bool
    created_at: datetime
    labels: Sequence[str]
    assignees: Sequence[str]
    reactions: Mapping[str, int]
    comments: Sequence[CommentView]
    reviews: Sequence[ReviewView]

    def by_bot(self) -> Sequence[CommentView]:
        """The comments that an App wrote."""
        return [comment for comment in self.comments if comment.is_bot]


def view(state: State, full_name: str, number: int) -> ThreadView:
    """Return the thread; KeyError when it is not there."""
    item = state.issue(full_name, number)
    return ThreadView(
        number=item.number,
        title=item.title,
        body=item.body or "",
        author=item.author.login,
        state="merged" if item.pull and item.pull.merged_at else item.state,
        is_pull=item.pull is not None,
        locked=item.locked,
        draft=bool(item.pull and item.pull.draft),
        created_at=item.created_at,
        labels=tuple(item.labels),
        assignees=tuple(account.login for account in item.assignees),
        reactions=_counts(item.reactions),
        comments=tuple(
            CommentView(
                made.id,
                made.author.login,
                _is_bot(made.author),
                made.body,
                made.edited,
                made.created_at,
                _counts(made.reactions),
            )
            for made in item.comments
        ),
        reviews=_reviews(item),
    )


def _reviews(item: Issue) -> tuple[ReviewView, ...]:
    pull = item.pull
    if pull is None:
        return ()
    return tuple(
        ReviewView(
            made.id,
            made.author.login,
            _is_bot(made.author),
            made.state,
            made.body,
            made.commit_id,
            made.edited,
            made.submitted_at,
            tuple(
                ReviewCommentView(
                    comment.id,
                    comment.author.login,
                    _is_bot(comment.author),
                    comment.body,
                    comment.edited,
                    comment.path,
                    comment.start_line,
                    comment.line,
                    comment.diff_hunk,
                    _counts(comment.reactions),
                )
                for comment in pull.comments
                if comment.review_id == made.id
            ),
        )
        for made in pull.reviews
    )


def _is_bot(account: Account) -> bool:
    return account.type == "Bot"


def _counts(reactions: Sequence[Reaction]) -> dict[str, int]:
    return dict(Counter(item.content for item in reactions))
