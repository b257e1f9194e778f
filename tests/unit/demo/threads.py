"""Threads for tests."""

from dataclasses import replace
from typing import Any

from bot.demo.threads import Comment, Review, Thread

THREAD = Thread(
    number=7, title="Title", body="Body", author="jonas", state="open", is_pull=False, locked=False, labels=(),
    assignees=(), comments=(), reviews=(),
)  # fmt: skip


def comment(author: str, body: str, **changes: Any) -> Comment:
    by_bot = author.endswith("[bot]")
    made = Comment(id=1, author=author, by_bot=by_bot, body=body, edited=False, at="2026-01-01T00:00:00Z", reactions={})
    return replace(made, **changes)


def by_bot(body: str, **changes: Any) -> Comment:
    return comment("contribution-assistant[bot]", f"{body}\n\n*automated*", **changes)


def review(*remarks: Comment) -> Review:
    return Review(
        author="contribution-assistant[bot]", by_bot=True, body="automated", at="2026-01-01T00:00:01Z", comments=remarks
    )
