"""Keeps the history index fresh: a listener beside the capabilities. It declares its events, and only writes to us."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from cachetools import TTLCache

from bot.domain.events import Event
from bot.domain.facts import AppIdentity
from bot.domain.history.sightings import NOTED_EVENTS, REMOVALS, noted
from bot.store.history import History
from bot.store.learners import Learners

log = structlog.get_logger()

_PLACES: Final = 10_000
_MOMENT: Final = 60.0


class Indexing:
    """`events`: what it listens to, as a manifest says it. Bots' events too: their labels are part of the history."""

    events: Final = NOTED_EVENTS
    removals: Final = REMOVALS

    def __init__(self, history: History, learners: Learners) -> None:
        self._history = history
        self._learners = learners
        self._told: TTLCache[int, tuple[int, bool]] = TTLCache(_PLACES, _MOMENT)

    async def _see(self, event: Event) -> None:
        """Pass on whose repository it is, and whether it was private then, unless that was told a moment ago."""
        place = event.repository
        told = (event.installation, place.private)
        if self._told.get(place.id) != told:
            await self._learners.told(place.id, installation=event.installation, private=place.private)
            self._told[place.id] = told

    async def note(self, event: Event, payload: Mapping[str, Any], app: AppIdentity) -> bool:
        """Note what the delivery tells; whether it told anything. What has no use here is left to the next reading."""
        if event.kind not in self.events and event.kind != "issue_comment.created":
            return False
        await self._see(event)
        digest = await self._history.digest()
        try:
            found = noted(event.kind, event.delivery, payload, app, digest)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Deliveries that were made from what a gap left behind carry a number only.
            log.info("history_not_noted", reason=f"{type(error).__name__}: {error}"[:200])
            return False
        if found is None:
            return False
        await self._history.note(event.repository.id, found)
        return True
