"""What GitHub does not list any more, found by looking at what was created in a recorded gap."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bot.domain.errors import Deferred, Terminal
from bot.domain.events import route
from bot.domain.recovery import Known, Place, Window, lost
from bot.github.auth import GitHubApp
from bot.github.client import GitHub, path
from bot.github.errors import Absent, Moved, Unavailable
from bot.runtime.missed import SCOPE, NotYetError
from bot.store.deliveries import Deliveries, Incoming, compress
from bot.store.gaps import Gaps
from bot.store.limits import Limits

log = structlog.get_logger()

OLDEST: Final = timedelta(days=14)
"""Nobody waits for a first answer any longer; what is older is left alone."""
_LATER: Final = timedelta(minutes=1)
_PAGES: Final = 1000


class GapScan:
    def __init__(
        self, app: GitHubApp, *, deliveries: Deliveries, gaps: Gaps, limits: Limits, handled: frozenset[str],
        retention: timedelta,
    ) -> None:  # fmt: skip
        self._app = app
        self._deliveries = deliveries
        self._gaps = gaps
        self._limits = limits
        self._handled = handled
        # What was handled is known for as long as deliveries are kept.
        self._oldest = min(OLDEST, retention)

    async def settle(self, now: datetime, covered_from: datetime) -> int:
        """Look at what was created in open gaps before `covered_from`; returns how many deliveries were stored.

        Raises NotYetError if some repositories have to wait; those that were looked at are not looked at again.
        """
        stored = 0
        for gap in await self._gaps.open():
            # guard: listed-deliveries-are-not-looked-for (28): without min
            # guard: oldest-gaps (28): without max
            window = Window(max(gap.begins, now - self._oldest), min(gap.ends, covered_from))
            if window.begins < window.ends:
                stored += await self._scan(gap.id, window)
            await self._gaps.settle(gap.id)
            log.info("gap_settled", begins=gap.begins.isoformat(), ends=gap.ends.isoformat(), found=stored)
        return stored

    async def _scan(self, gap: int, window: Window) -> int:
        done, stored, waiting = await self._gaps.scanned(gap), 0, 0
        async for installation in self._app.api.pages("/app/installations", most=_PAGES):
            if installation.get("suspended_at"):
                continue
            try:
                for place, since in await self._places(installation):
                    if place.id not in done:  # guard: scanned-repositories (31): as True
                        stored += await self._look(gap, place, window.since(since))
            except (Deferred, Unavailable) as error:
                # The others do not wait for one that has to.
                log.info("gap_scan_postponed", installation=installation["id"], reason=str(error))
                waiting += 1
            except (Terminal, Moved) as error:
                log.warning("gap_scan_impossible", installation=installation["id"], reason=str(error))
        if waiting:
            await self._limits.back_off(SCOPE, _LATER, "GitHub asked us to wait")
            raise NotYetError(f"{waiting} installations have to wait")
        return stored

    async def _places(self, installation: Mapping[str, Any]) -> list[tuple[Place, datetime]]:
        """The installation's repositories, and since when each has been ours; without those that cannot say."""
        number, made = int(installation["id"]), datetime.fromisoformat(installation["created_at"])
        everything = installation.get("repository_selection") == "all"
        known = await self._gaps.installed(number)
        github = self._app.listing_client(number)
        found = []
        async for one in github.pages("/installation/repositories", most=_PAGES, under="repositories"):
            # guard: unknown-beginnings (1): always
            since = known.get(int(one["id"]), made if everything else None)
            if since is None:
                log.warning("gap_scan_left_out", repository=one["id"], reason="nobody knows when it was added")
            # guard: archived-repositories (34): as True
            elif not one.get("archived"):
                found.append((Place(number, one), since))
        return found

    async def _look(self, gap: int, place: Place, window: Window) -> int:
        """Store what was lost in one repository, all of it at once, and remember that it was looked at."""
        stored = 0
        if window.begins < window.ends:
            group = [one for one in await self._found(place, window) if one.item_key is not None]
            stored = len(await self._deliveries.store(group)) if group else 0
        await self._gaps.mark_scanned(gap, place.id)
        return stored

    async def _found(self, place: Place, window: Window) -> list[Incoming]:
        github = self._app.client(place.installation, place.id)
        base = path("repos", place.repository["owner"]["login"], place.repository["name"])
        since = window.begins.strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            items = await _items(github, base, since)
            comments = [
                one async for one in github.pages(
                    f"{base}/issues/comments", most=_PAGES, since=since, sort="created", direction="asc"
                )
            ]  # fmt: skip
        except (Terminal, Moved) as error:
            log.warning("gap_scan_impossible", repository=place.id, reason=str(error))
            return []
        opened, spoken = await self._deliveries.arrived(place.id, window.begins)
        try:
            found = lost(place, items, comments, window, Known(opened, spoken))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("gap_scan_impossible", repository=place.id, reason=f"{type(error).__name__}: {error}")
            return []
        return [self._incoming(one.guid, one.event, one.payload) for one in found]

    def _incoming(self, guid: str, event: str, payload: Mapping[str, Any]) -> Incoming:
        where = route(event, payload, self._handled)
        body = compress(json.dumps(payload).encode())
        return Incoming.routed(where, guid=guid, event=event, body=body, reason="found: it was missed")


async def _items(github: GitHub, base: str, since: str) -> list[Any]:
    """Issues and pull requests that changed since then; only pull requests where issues are switched off."""
    order = {"state": "all", "sort": "created", "direction": "asc"}
    try:
        return [one async for one in github.pages(f"{base}/issues", most=_PAGES, since=since, **order)]
    except Absent:
        return [one async for one in github.pages(f"{base}/pulls", most=_PAGES, **order)]
