"""Thumbs down on our comment: nobody tells us of them, so that they are looked for when the thread is read next."""

from collections.abc import Callable
from typing import Final

from bot.domain.capability import Access
from bot.domain.facts import Comment, Item
from bot.domain.feedback import ALL, Feedback, Opinion
from bot.github.reader import Dislike, Reader
from bot.store.feedback import Feedbacks

_MOST: Final = 10
"""People whose permission is looked up for one comment."""
_KIND: Final = "reaction:"


async def note_dislikes(
    reader: Reader, feedback: Feedbacks, comment: Comment, item: Item, digest: Callable[[str], str]
) -> None:
    """Store the thumbs down of those who may judge us, and forget those that were taken back.

    Asks nobody where the number is what is stored already; GitHub counts them with the comment.
    """
    repository = reader.event.repository.id
    stored = [one for one in await feedback.of_item(repository, item.number) if one.source.startswith(_KIND)]
    if comment.disliked == len(stored):
        return
    found = await reader.dislikes(comment.id) if comment.disliked else ()
    counted = [one for one in found[:_MOST] if await _may_judge(one, reader, item)]
    opinions = [
        Feedback(item.number, ALL, "", Opinion.WRONG, digest(one.by.login), f"{_KIND}{one.id}", one.at)
        for one in counted
    ]
    await feedback.note(repository, opinions)
    await feedback.withdraw(repository, item.number, capability=ALL, sources=[one.source for one in opinions])


async def _may_judge(dislike: Dislike, reader: Reader, item: Item) -> bool:
    """As for /wrong: the item's author, and people with the triage role."""
    if dislike.by.is_bot:  # guard: dislikes-of-bots (7)
        return False
    if dislike.by.id == item.author.id:
        return True
    # guard: roles-of-dislikes (6): as True
    return Access.TRIAGE.permits(await reader.role(dislike.by.login))
