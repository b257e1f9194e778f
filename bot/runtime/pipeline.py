"""One delivery from its payload to what became of it. What was decided is stored before anything is done."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bot.domain import events
from bot.domain.capability import Capability
from bot.domain.errors import Terminal
from bot.domain.events import Event, Ignored, Lifecycle
from bot.domain.facts import AppIdentity
from bot.domain.ports import Fence
from bot.domain.repo_config import ConfigSchema
from bot.domain.text import find_marker
from bot.github.errors import Moved
from bot.runtime.acting import Acting
from bot.runtime.deciding import Deciding
from bot.runtime.indexing import Indexing
from bot.runtime.services import Services
from bot.store.deliveries import Waiting
from bot.store.records import Subject

log = structlog.get_logger()

_STALE: Final = timedelta(minutes=10)
"""A plan of which nothing was begun for this long is made anew from fresh facts."""


class Pipeline:
    def __init__(self, services: Services, registry: tuple[Capability, ...]) -> None:
        self._services = services
        self._registry = registry
        manifests = tuple(one.manifest for one in registry)
        schema = ConfigSchema(manifests)
        self._deciding = Deciding(services, registry, schema)
        self._acting = Acting(services, schema, tuple(one.id for one in manifests))
        self._indexing = Indexing(services.history, services.learners)
        self._decided = frozenset({"issue_comment.deleted"}).union(*(one.events for one in manifests))

    @property
    def handled(self) -> frozenset[str]:
        """The "event.action" names that somebody listens to."""
        return self._decided | self.noted

    @property
    def worth_fetching(self) -> frozenset[str]:
        """Those that are fetched, one request each, when they were missed: the next reading finds the rest."""
        return self._decided | self._indexing.removals

    @property
    def noted(self) -> frozenset[str]:
        """Those that are taken note of whoever did it, bots and ourselves included; nothing is decided about these."""
        return self._indexing.events

    async def handle(self, waiting: Waiting, payload: Mapping[str, Any], fence: Fence) -> str:
        """Carry one delivery through; returns what became of it in one line.

        Raises Terminal, Deferred, Unavailable or ClaimLost; everything done until then is recorded.
        """
        delivery = events.parse(waiting.event, waiting.guid, payload)
        match delivery:
            case Ignored(reason):
                return f"ignored: {reason}"
            case Lifecycle():
                return await self._lifecycle(delivery, waiting.received_at)
            case Event():
                app = await self._services.app.identity()
                noted = await self._indexing.note(delivery, payload, app)
                if delivery.kind not in self._decided:
                    return "noted in the history" if noted else "ignored: nothing to note"
                if events.was_moved(waiting.event, payload):  # guard: moved-issues (28)
                    return "ignored: an issue that was moved here; it was new where it came from"
                return await self._item(delivery, app, waiting, fence)

    async def _lifecycle(self, change: Lifecycle, at: datetime) -> str:
        """The App was installed: note since when; the history is to be read. It was removed: forget what was kept."""
        self._services.app.forget(change.installation)
        threads = self._services.threads
        forgotten = list(change.removed)
        for repository in change.removed:
            await threads.forget_repository(repository)
        if change.kind == "installation.deleted":
            forgotten += await threads.forget_installation(change.installation)
        if change.added:
            await self._services.gaps.note_installed(change.installation, change.added, at)
            await self._services.backfills.want(change.added, change.installation)
        return f"{change.kind}: {len(forgotten)} repositories forgotten"

    async def _item(self, event: Event, app: AppIdentity, waiting: Waiting, fence: Fence) -> str:
        if event.kind == "issue_comment.deleted":
            return await self._after_deletion(event, app)
        if event.sender.is_bot or event.via_app == app.id:  # guard: own-events (7): each
            return "ignored: an event of a bot"
        try:
            return await self._run(event, app, waiting, fence)
        except Moved as moved:
            renamed = await self._renamed(event, moved)
            return await self._run(renamed, app, waiting, fence)

    async def _after_deletion(self, event: Event, app: AppIdentity) -> str:
        """A person deleted our comment: it never comes back. Other deletions need nothing."""
        key = await self._services.threads.marker_key()
        marker = find_marker(event.comment.body, key) if event.comment else None
        ours = event.comment is not None and app.did(event.comment.author.login, event.comment.via_app)
        # guard: deletions-of-our-comment (5): without ours
        if ours and marker is not None and marker.kind == "status" and not event.sender.is_bot:
            await self._services.threads.silence(event.repository.id, event.number)
            return "our comment was deleted: silent here from now on"
        return "ignored: somebody else's comment was deleted"

    async def _renamed(self, event: Event, moved: Moved) -> Event:
        """The event under the repository's present name; raises Terminal if the item is in another repository now."""
        client = self._services.app.client(event.installation, event.repository.id)
        data = await client.get(f"/repositories/{event.repository.id}")
        repository = events.repository(data)
        if repository.full_name == event.repository.full_name:  # guard: items-of-other-repositories (1)
            raise Terminal("the item was moved to another repository")
        log.info("repository_renamed", delivery=event.delivery)
        return replace(event, repository=repository)

    async def _run(self, event: Event, app: AppIdentity, waiting: Waiting, fence: Fence) -> str:
        installation = await self._services.app.installation(event.installation)
        github = self._services.app.client(event.installation, event.repository.id)
        subject = Subject(event.delivery, event.kind, event.repository.id, event.number, "")
        now = waiting.read_at
        # guard: decided-once (29)
        if waiting.decided_at is not None and not await self._outdated(waiting, waiting.decided_at, now):
            return await self._acting.act(event, app, github, subject, fence, None)
        decided = await self._deciding.decide(event, app, github, installation, subject, now)
        if isinstance(decided, str):
            return decided
        return await self._acting.act(event, app, github, subject, fence, decided)

    async def _outdated(self, waiting: Waiting, decided_at: datetime, now: datetime) -> bool:
        return now - decided_at > _STALE and await self._services.records.forget_decisions(waiting.guid)
