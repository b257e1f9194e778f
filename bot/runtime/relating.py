"""Looks up what is like an item, when an event is about it: the same comparison that `eval duplicates` judges."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.events import Event
from bot.domain.facts import Item
from bot.domain.history.values import MAX_BODY, MAX_TITLE, HistoryItem, clean
from bot.domain.related import ClaimedOriginal, RelatedItem, Relation
from bot.domain.sensitive import is_sensitive, looks_sensitive
from bot.learning.duplicates import Families, Mark, Place, claim
from bot.learning.index import Entry, Match, matches
from bot.learning.likeness import WHOLE, Profile, profile
from bot.learning.stored import FetchedIndex
from bot.learning.terms import terms
from bot.runtime.building import marks_of
from bot.runtime.embedding import Embedding
from bot.store.history import History
from bot.store.profiles import Profiles, Text, entry_id, item_number

Rejected = Callable[[int], Awaitable[frozenset[tuple[int, int | None]]]]
"""Repository → (item, other) that people said are no duplicates of each other; other is None where all were meant."""

_LOOKED_AT: Final = 20
"""So many of the most alike are looked at in the history."""
_NEAR: Final = 10
_SHARED: Final = 6
_NOT_YET: Final = "this repository's threads are not compared yet: there are too few, or they are still being read"
_NOTHING: Final = Relation()


async def _nobody(_repository: int) -> frozenset[tuple[int, int | None]]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Query:
    """An item that is compared, and what is like it. `latent` is its profile with the vector that was learned here,
    which is all but for an endpoint's; `note` is why none of an endpoint was asked for."""

    text: Text
    is_pull: bool
    profile: Profile
    latent: Profile
    generation: int
    bar: float | None
    index: FetchedIndex
    found: tuple[Match, ...]
    note: str = ""


class Relating:
    """`embedding` gives an endpoint's vectors, where one is configured; `rejected` is what people said."""

    def __init__(
        self, profiles: Profiles, history: History, embedding: Embedding, rejected: Rejected = _nobody
    ) -> None:
        self._profiles = profiles
        self._history = history
        self._embedding = embedding
        self._rejected = rejected

    async def find(self, event: Event, item: Item, *, profiled: bool = True) -> Relation:
        """What is like the item; nothing for events of comments, and nothing is compared that looks like the report
        of a vulnerability."""
        if event.comment is not None or is_sensitive(item):  # guard: vulnerabilities-in-the-index (17)
            return _NOTHING
        if not profiled:
            return Relation(silence=_NOT_YET)
        text = Text(item.number, clean(item.title, MAX_TITLE), clean(item.body, MAX_BODY))
        query = await self.look_up(event.repository.id, text, is_pull=item.is_pull, private=event.repository.private)
        if query is None:
            return Relation(silence=_NOT_YET)
        await self.keep(event.repository.id, query)
        numbers = [item_number(one.id) for one in query.found[:_LOOKED_AT]]
        known = await self._history.families(event.repository.id, [*numbers, item.number])
        rejected = await self._rejected(event.repository.id)
        place = Place(item.created_at.timestamp(), entry_id(item.number))
        return await asyncio.to_thread(relation, query, place, known, rejected)

    async def look_up(self, repository: int, text: Text, *, is_pull: bool, private: bool) -> Query | None:
        """The comparison alone: the older items that are like this one; None while the repository is not learned."""
        report = await asyncio.to_thread(terms, text.title, text.body)
        known = await self._profiles.known(repository, report)
        if known is None:
            return None
        embedded = await self._embedding.of_text(repository, text, private=private)
        dense = embedded.first
        latent = await asyncio.to_thread(profile, report, known.statistics, known.latent or ())
        made = replace(latent, dense=dense) if dense else latent
        index = await self._profiles.candidates(repository, made, known.generation, before=text.number)
        if dense:
            index = await self._embedding.dress(repository, index)
        found = await asyncio.to_thread(matches, Entry(entry_id(text.number), made), index)
        return Query(
            text, is_pull, made, latent, known.generation, known.bar, index, tuple(found), embedded.objection
        )  # fmt: skip

    async def keep(self, repository: int, query: Query) -> None:
        """The item's own profile, for those that come after it."""
        await self._profiles.keep(repository, query.generation, [(query.text, query.latent)])
        if query.latent is not query.profile:
            await self._embedding.keep(repository, query.text.number, query.profile.dense)


def relation(
    query: Query, place: Place, known: Sequence[HistoryItem], rejected: frozenset[tuple[int, int | None]] = frozenset()
) -> Relation:
    """What may be said of what was found. `known` are the items that were found, with all their relatives."""
    said = {other for one, other in rejected if one == query.text.number}
    said |= {one for one, other in rejected if other == query.text.number}
    if None in said:
        return Relation(silence="people said that it is no duplicate")
    # guard: listed-vulnerabilities (17): without not looks_sensitive(one.title, one.body)
    items = {one.number: one for one in known if not looks_sensitive(one.title, one.body)}
    marks = marks_of({one.number: one.duplicate_of for one in known if one.duplicate_of is not None})
    families, any_kind = _families(items.values(), marks, pulls=query.is_pull), Families(_places(items.values()), marks)
    own = families.members(entry_id(query.text.number))  # what people linked needs no word of ours
    found = [one for one in query.found if item_number(one.id) not in said and one.id not in own]
    by_id = {one.id: one for one in query.index.candidates(query.profile)}
    shown: dict[int, RelatedItem] = {}
    for one in found[:_LOOKED_AT]:
        whole = any_kind.canonical(one.id, place) or one.id
        number, head = item_number(families.canonical(one.id, place) or whole), item_number(whole)
        # guard: rejected-originals (5): without said.isdisjoint((number, head))
        if number in items and number != query.text.number and said.isdisjoint((number, head)):
            shown.setdefault(number, _related(items[number], one, query.profile, by_id[one.id].profile))
    near = tuple(shown.values())[:_NEAR]
    return Relation(near, _original(query, found, place, families, shown), note=query.note)


def _families(compared: Iterable[HistoryItem], marks: Sequence[Mark], *, pulls: bool) -> Families:
    """Only what is compared with each other stands for a family, as in `replay`, by which the bar is found."""
    # guard: originals-of-the-same-kind (5): without one.is_pull is pulls
    return Families(_places(one for one in compared if one.is_pull is pulls), marks)


def _places(items: Iterable[HistoryItem]) -> dict[str, Place]:
    return {entry_id(one.number): Place(one.created_at.timestamp(), entry_id(one.number)) for one in items}


def _related(item: HistoryItem, match: Match, query: Profile, other: Profile) -> RelatedItem:
    common = {term: weight * query.whole[term] for term, weight in other.aspects[WHOLE].items() if term in query.whole}
    return RelatedItem(
        number=item.number,
        is_pull=item.is_pull,
        state=item.state,
        state_reason=item.state_reason,
        score=match.likeness.score,
        parts=tuple(match.likeness.parts.items()),
        shared=tuple(sorted(common, key=lambda term: (-common[term], term))[:_SHARED]),
    )


def _original(
    query: Query, found: Sequence[Match], place: Place, families: Families, shown: Mapping[int, RelatedItem]
) -> ClaimedOriginal | None:
    """Items of the other kind are no rivals and no originals: a pull request is no duplicate of the issue it fixes."""
    pulls = {one.id: one.is_pull for one in query.index.found}
    alike = [one for one in found if pulls[one.id] is query.is_pull]
    made = claim(place, alike, families, query.bar)
    if made is None or query.bar is None:
        return None
    item = shown.get(item_number(made.of))
    return ClaimedOriginal(item, made.strength, query.bar) if item else None
