"""Keeps the profiles of all repositories up to date, one repository after the other."""

import asyncio
import sys
from datetime import timedelta
from typing import Final

import psycopg
import structlog

from bot.children import started
from bot.domain.errors import AssistantError
from bot.github.auth import GitHubApp
from bot.runtime.building import ANALYSIS, bar_is_due, learning_is_due, profile_pending
from bot.runtime.embedding import Embedding
from bot.store.database import Pool
from bot.store.embeddings import Unembedded
from bot.store.generations import Due, Generations
from bot.store.limits import Limits
from bot.store.profiles import Profiles

log = structlog.get_logger()

SMALL: Final = 20
"""So many items are profiled here, in a thread: some tens of milliseconds. More go to a process of their own."""
_TURN: Final = timedelta(seconds=20)
_TICK: Final = 30.0
_LONGEST: Final = 1_800.0
"""Seconds: a child that takes longer is ended; what it profiled stays, and the next goes on."""
_LATER: Final = 30


class ChildFailedError(AssistantError):
    """The process that learns ended without an answer."""


class Profiling:
    """`url` is the database's address, for the child."""

    def __init__(self, pool: Pool, embedding: Embedding, app: GitHubApp, limits: Limits, url: str) -> None:
        self._generations = Generations(pool)
        self._profiles = Profiles(pool)
        self._embedding = embedding
        self._app = app
        self._limits = limits
        self._url = url

    async def run(self) -> None:
        """Until cancelled. No fault may end the service; the next tick tries again."""
        while True:
            try:
                if await self._limits.my_turn("profiles", _TURN):
                    while await self.turn():
                        pass
            except (AssistantError, psycopg.Error, OSError) as error:
                log.warning("profiling_failed", reason=f"{type(error).__name__}: {error}"[:300])
            except Exception:
                log.exception("profiling_failed")
            await asyncio.sleep(_TICK)

    async def turn(self) -> bool:
        """Do what is due for one repository; whether there was something that could be done."""
        due = await self._generations.next_due(ANALYSIS, SMALL + 1)
        if due is None:
            return await self._embed()
        try:
            return await self._profile(due)
        except BaseException:
            # One repository's trouble does not keep the others back.
            await asyncio.shield(self._generations.postpone(due.repository, _LATER))
            raise

    async def _profile(self, due: Due) -> bool:
        if due.pending <= SMALL and not learning_is_due(due) and not bar_is_due(due):
            return bool(await profile_pending(self._profiles, due.repository, due.generation, SMALL))
        count = await build_apart(self._url, due.repository)
        log.info("repository_profiled", repository=due.repository, items=count)
        return count > 0

    async def _embed(self) -> bool:
        """A batch of items that an endpoint's vectors are wanted of."""
        wanted = await self._embedding.next()
        if wanted is None:
            return False
        return await self._embedding.turn(wanted.repository, private=await self._is_private(wanted)) > 0

    async def _is_private(self, wanted: Unembedded) -> bool:
        """As GitHub says now; one that nobody can be asked about is private."""
        if wanted.installation is None:  # guard: unknown-privacy (17): as False
            return True
        client = self._app.client(wanted.installation, wanted.repository)
        return bool((await client.get(f"/repositories/{wanted.repository}")).get("private", True))


async def build_apart(url: str, repository: int) -> int:
    """Learn and profile a repository in a child; returns how many items it profiled, 0 if it took too long.

    Raises ChildFailedError.
    """
    async with started(ARGUMENTS) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{url}\n{repository}\n".encode())
        try:
            async with asyncio.timeout(_LONGEST):
                said = (await child.stdout.readline()).decode().strip()
        except TimeoutError:
            said = "0"
    if not said.isdecimal():
        raise ChildFailedError(f"the process that profiles a repository ended with code {child.returncode}")
    return int(said)


ARGUMENTS: Final = (sys.executable, "-m", "bot.runtime.building_child")
"""The child's command line: constant."""
