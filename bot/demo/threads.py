"""A thread as the stand-in tells it, read back into values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; `line` and `path` are set for those in a review."""

    id: int
    author: str
    by_bot: bool
    body: str
    edited: bool
    at: str
    reactions: Mapping[str, int]
    path: str = ""
    start_line: int | None = None
    line: int | None = None
    diff_hunk: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    author: str
    by_bot: bool
    body: str
    at: str
    comments: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """An issue or a pull request with everything that people see of it."""

    number: int
    title: str
    body: str
    author: str
    state: str
    is_pull: bool
    locked: bool
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    comments: tuple[Comment, ...]
    reviews: tuple[Review, ...]

    @property
    def by_bot(self) -> tuple[Comment, ...]:
        return tuple(one for one in self.comments if one.by_bot)

    @property
    def bot_text(self) -> str:
        """Everything that the assistant wrote here."""
        reviews = [one for one in self.reviews if one.by_bot]
        bodies = [*(one.body for one in self.by_bot), *(one.body for one in reviews)]
        return "\n\n".join([*bodies, *(made.body for one in reviews for made in one.comments)])


def thread_of(data: Mapping[str, Any]) -> Thread:
    """Read `/_sandbox/thread/…`; KeyError when it is something else."""
    return Thread(
        number=data["number"],
        title=data["title"],
        body=data["body"],
        author=data["author"],
        state=data["state"],
        is_pull=data["is_pull"],
        locked=data["locked"],
        labels=tuple(data["labels"]),
        assignees=tuple(data["assignees"]),
        comments=tuple(_comment(one) for one in data["comments"]),
        reviews=tuple(_review(one) for one in data["reviews"]),
    )


def _comment(data: Mapping[str, Any]) -> Comment:
    return Comment(
        id=data["id"],
        author=data["author"],
        by_bot=data["is_bot"],
        body=data["body"],
        edited=data["edited"],
        at=data.get("created_at", ""),
        reactions=data["reactions"],
        path=data.get("path", ""),
        start_line=data.get("start_line"),
        line=data.get("line"),
        diff_hunk=data.get("diff_hunk", ""),
    )


def _review(data: Mapping[str, Any]) -> Review:
    return Review(
        author=data["author"],
        by_bot=data["is_bot"],
        body=data["body"],
        at=data["created_at"],
        comments=tuple(_comment(one) for one in data["comments"]),
    )
