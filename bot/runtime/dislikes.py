"""Thumbs down on our comment: nobody tells us of them, so that they are looked for when the thread is read next."""

from collections.abc import Callable, Sequence
from typing import Final

from cachetools import TTLCache

from bot.domain.capability import Access
from bot.domain.facts import Comment, Item
from bot.domain.feedback import ALL, Feedback, Opinion
from bot.github.reader import Dislike, Reader
from bot.store.feedback import Feedbacks

_MOST: Final = 10
"""People whose permission is looked up for one comment."""
_COMMENTS: Final = 10_000
_WHILE: Final = 600.0
"""Seconds for which it is not asked again who they are, while they are as many: some of them may not judge us."""
_KIND: Final = "reaction:"


class Dislikes:
    """Asks GitHub who they are from only where their number has changed: it is told with each comment."""

    def __init__(self, feedback: Feedbacks) -> None:
        self._feedback = feedback
        self._seen: TTLCache[int, tuple[int, int]] = TTLCache(_COMMENTS, _WHILE)

    async def note(self, reader: Reader, comment: Comment, item: Item, digest: Callable[[str], str]) -> None:
        """Store the thumbs down of those who may judge us, and forget those that were taken back."""
        repository = reader.event.repository.id
        stored = [one for one in await self._feedback.of_item(repository, item.number) if one.source.startswith(_KIND)]
        count = len(stored)
        if (comment.disliked, count) == self._seen.get(comment.id, (count, count)):
            return
        found = await reader.dislikes(comment.id) if comment.disliked else ()
        opinions = [
            Feedback(item.number, ALL, "", Opinion.WRONG, digest(one.by.login), f"{_KIND}{one.id}", one.at)
            for one in await _judging(found, reader, item)
        ]
        await self._feedback.note(repository, opinions)
        sources = [one.source for one in opinions]
        await self._feedback.withdraw(repository, item.number, capability=ALL, sources=sources)
        self._seen[comment.id] = (comment.disliked, len(opinions))


async def _judging(found: Sequence[Dislike], reader: Reader, item: Item) -> list[Dislike]:
    """The author, whoever else came first, and those of the first others who may judge us."""
    authors = [one for one in found if one.by.id == item.author.id]
    others = [one for one in found if one.by.id != item.author.id]
    return [one for one in (*authors, *others[:_MOST]) if await _may_judge(one, reader, item)]


async def _may_judge(dislike: Dislike, reader: Reader, item: Item) -> bool:
    """As for /wrong: the item's author, and people with the triage role."""
    if dislike.by.is_bot:  # guard: dislikes-of-bots (7)
        return False
    if dislike.by.id == item.author.id:
        return True
    # guard: roles-of-dislikes (6): as True
    return Access.TRIAGE.permits(await reader.role(dislike.by.login))
