"""Whether a schedule ended as it must: nothing lost, nothing doubled, no window broken, everything at an end."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.faults.schedules_plans import Trouble
from tests.faults.schedules_run import Played
from tests.faults.schedules_stories import STORIES, Looks, Telling, tellings, told, unlinked
from tests.faults.schedules_world import World

PER_ATTEMPT: Final = 45
"""Requests that one attempt at an event may take: undisturbed, the longest takes 33."""
PER_LOSS: Final = 60
"""Further ones for a write without an answer, which is looked for up to five times."""
_TOGETHER: Final = 15
"""Reads that may be under way together when GitHub asks to wait."""
_LOST: Final = frozenset({Trouble.RESET_AFTER, Trouble.SERVER_ERROR_AFTER, Trouble.RESET, Trouble.SERVER_ERROR})


@dataclass(slots=True)
class Expected:
    """How stories end undisturbed, told in every order; each telling is played when it is first needed."""

    known: dict[str, list[Looks]] = field(default_factory=dict)
    left: dict[str, Iterator[Telling]] = field(default_factory=dict)

    async def of(self, world: World, story: str) -> AsyncIterator[Looks]:
        known = self.known.setdefault(story, [])
        for one in list(known):
            yield one
        left = self.left.setdefault(story, tellings(len(STORIES[story])))
        for telling in left:
            await world.clear()
            found = await told(world, story, telling)
            if found not in known:
                known.append(found)
                yield found

    async def is_one(self, world: World, story: str, seen: Looks, *, renamed: bool) -> bool:
        """Whether some undisturbed telling ends like that."""
        async for one in self.of(world, story):
            if one == seen or (renamed and unlinked(one) == unlinked(seen)):
                return True
        return False


async def violations(world: World, played: Played, expected: Expected) -> list[str]:
    """What went wrong, in words; the world is used to tell the stories undisturbed."""
    found = [*_not_ended(played), *_doubled(played), *_too_early(played), *_storm(played), *_unknown(played)]
    for place, (item, seen) in enumerate(zip(played.plan.items, played.seen, strict=True)):
        if place in played.out_of_reach:
            continue
        if seen is None:
            found.append(f"lost: item {place} ({item.story}) is not there")
        elif not await expected.is_one(world, item.story, seen, renamed=Trouble.RENAMED in played.fired):
            found.append(f"lost: item {place} ({item.story}) ended as {seen}")
    return found


def _not_ended(played: Played) -> Iterator[str]:
    if not played.settled:
        yield "not ended: there is always one more job"
    for guid, (state, reason) in played.ends.items():
        if state in ("queued", "failed"):
            yield f"not ended: {guid} is {state}: {reason}"


def _doubled(played: Played) -> Iterator[str]:
    for thread in played.markers:
        for marker, count in Counter(thread).items():
            if count > 1:
                yield f"doubled: {marker} is there {count} times"
        statuses = [one for one in thread if one.startswith("status:")]
        if len(statuses) > 1:
            yield f"doubled: {len(statuses)} status comments in one thread: {statuses}"


def _too_early(played: Played) -> Iterator[str]:
    """Requests inside a window. Only reads that were under way together with the refused one may still come in."""
    opened: dict[str, int] = {}
    together: Counter[int] = Counter()
    for place, request in enumerate(played.requests):
        if request.too_early:
            start = opened[request.owner]
            same_job = not any(start < job <= place for job in played.jobs)
            together[start] += 1
            if not same_job or request.method != "GET" or together[start] > _TOGETHER:
                yield f"inside a window: {request.method} {request.path}"
        if request.wait_until is not None:
            opened[request.owner] = place


def _storm(played: Played) -> Iterator[str]:
    asked = len(played.requests)
    if asked > most(played):
        yield f"a storm: {asked} requests where {most(played)} are enough"


def most(played: Played) -> int:
    """How many requests the schedule may take."""
    fired = sum(1 for one in played.requests if one.fault is not None and one.fault not in ("lag", "act", "expire"))
    losses = fired if played.fired & _LOST else 0
    return PER_ATTEMPT * (len(played.ends) + fired + 2) + PER_LOSS * losses


def _unknown(played: Played) -> Iterator[str]:
    for one in played.requests:
        if one.unknown is not None or (one.status == 500 and one.fault is None):
            yield f"GitHub does not know {one.method} {one.path}: {one.unknown}"
