"""Learns in the background: who is due, what they teach, and the trainer, which is a process of its own.

Learning takes a minute of pure computing; in a thread it would hold up every delivery, even that of another one.
"""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import psycopg
import structlog

from bot.capabilities.triage.kinds import Kind
from bot.children import started
from bot.domain.errors import AssistantError
from bot.learning.artefact import FORMAT, TOO_FEW, unpack
from bot.learning.examples import Taught, taught
from bot.learning.kinds import UnusableModel
from bot.store.feedback import Feedbacks
from bot.store.history import History
from bot.store.learned import Learned, Learner
from bot.store.limits import Limits

log = structlog.get_logger()

EVERY: Final = timedelta(minutes=5)
FEWEST: Final = 20
"""Labelled items, below which nothing is learned: the rules do."""
MANY_NEW: Final = 50
FEW_NEW: Final = 5
REST: Final = timedelta(hours=1)
"""Between two trainings of the same repository, whatever happens."""
_TICK: Final = 30.0
_BATCH: Final = 100
_TIMEOUT: Final = 300.0
_MOST_INPUT: Final = 1024 * 1024 * 1024
_MOST_OUTPUT: Final = 64 * 1024 * 1024


class TrainingFailedError(AssistantError):
    """The trainer did not hand anything over; its reason is in the message."""


@dataclass(frozen=True, slots=True)
class Class:
    """Repositories that learn together: of all `members`, for those that it `serves`."""

    installation: int
    members: tuple[int, ...]
    serves: tuple[int, ...]


def is_due(one: Learner) -> bool:
    """Whether enough new labels came: a fifth more, or MANY_NEW; once the history was read whole, in any case."""
    if one.labelled < 1 or (one.learned_at is not None and one.now - one.learned_at < REST):
        return False
    if one.learned_at is None or one.read_first:
        return True
    new = one.labelled - one.learned_from
    return new >= MANY_NEW or (new >= FEW_NEW and 5 * new >= one.learned_from)


def classes_of(learners: Sequence[Learner]) -> Iterator[Class]:
    """Who learns with whom, of those that are due and have enough between them.

    What anybody may read is shared within an installation. A private repository learns from these too, but teaches
    only itself.
    """
    for installation in sorted({one.installation for one in learners}):
        here = [one for one in learners if one.installation == installation]
        shared = [one for one in here if not one.private]
        if any(map(is_due, shared)) and _labelled(shared) >= FEWEST:
            ids = tuple(one.repository for one in shared)
            yield Class(installation, ids, ids)
        for one in here:
            # guard: private-teachers (17): without one.private
            if one.private and is_due(one) and _labelled([*shared, one]) >= FEWEST:
                yield Class(installation, (*(other.repository for other in shared), one.repository), (one.repository,))


def _labelled(learners: Sequence[Learner]) -> int:
    return sum(one.labelled for one in learners)


class Training:
    def __init__(self, history: History, learned: Learned, feedback: Feedbacks, limits: Limits) -> None:
        self._history = history
        self._learned = learned
        self._feedback = feedback
        self._limits = limits
        self.child: Process | None = None

    async def run(self) -> None:
        """Until cancelled: look every few minutes, in one process at a time."""
        while True:
            try:
                if await self._limits.my_turn("training", EVERY):
                    await self.turn()
            except (AssistantError, psycopg.Error, OSError) as error:
                log.warning("training_postponed", reason=f"{type(error).__name__}: {error}"[:300])
            except Exception:
                log.exception("training_failed")
            await asyncio.sleep(_TICK)

    async def turn(self) -> int:
        """Train whoever is due, one after another; returns how many artefacts were stored."""
        learners = await self._learned.learners()
        labelled = {one.repository: one.labelled for one in learners}
        stored = 0
        for one in classes_of(learners):
            stored += await self._train(one, {repository: labelled[repository] for repository in one.serves})
        return stored

    async def _train(self, one: Class, labelled: Mapping[int, int]) -> bool:
        """Whether an artefact was stored. Whom it was to serve, each with so many labelled items, had a try then."""
        try:
            model = await self._in_a_child(self._lines(one.members))
        except TrainingFailedError as error:
            log.warning("training_failed", repositories=len(one.members), reason=str(error))
            for repository in labelled:
                await self._learned.tried(repository, labelled=None)
            return False
        if model is None:
            log.info("nothing_to_learn_from", repositories=len(one.members))
            for repository, count in labelled.items():
                await self._learned.tried(repository, labelled=count)
            return False
        return await self._keep(model, one, labelled)

    async def _keep(self, model: bytes, one: Class, labelled: Mapping[int, int]) -> bool:
        """Where a member went, or may not teach the others any more, those who stay are due at the next look."""
        version = await self._learned.keep(
            model, form=FORMAT, installation=one.installation, members=one.members, serves=one.serves,
            labelled=labelled,
        )  # fmt: skip
        if version is None:
            log.info("learned_in_vain", repositories=len(one.members))
            return False
        log.info("learned", repositories=len(one.members), bytes=len(model), version=version)
        return True

    async def _lines(self, repositories: Sequence[int]) -> AsyncIterator[bytes]:
        """What the repositories teach, one example a line."""
        for repository in repositories:
            said = await self._feedback.words(repository)
            async for item, changes in self._history.items(repository, batch=_BATCH):
                one = taught(item, changes, said.get(item.number, ()))
                if one is not None and one.kind is not None:
                    yield line_of(repository, one, one.kind)

    async def _in_a_child(self, lines: AsyncIterator[bytes]) -> bytes | None:
        """What the trainer makes of the lines; None if there were too few. Raises TrainingFailedError."""
        try:
            async with started(ARGUMENTS) as child, asyncio.timeout(_TIMEOUT):
                self.child = child
                await _tell(child, lines)
                assert child.stdout is not None
                made = await _read(child.stdout)
                code = await child.wait()
        except TimeoutError:
            raise TrainingFailedError(f"the trainer took more than {_TIMEOUT:.0f} s") from None
        if code == TOO_FEW:
            return None
        if code != 0:
            raise TrainingFailedError(f"the trainer ended with status {code}")
        try:
            await asyncio.to_thread(unpack, made)
        except UnusableModel as error:
            # What serves at the moment stays.
            raise TrainingFailedError(f"the trainer handed over what cannot be used: {error}") from None
        return made


def line_of(repository: int, one: Taught, kind: Kind) -> bytes:
    """What the trainer is told of a report of that kind; `training_child.read` reads it."""
    told = {
        "repository": str(repository), "kind": kind.value, "title": one.title, "body": one.body,
        "weight": one.weight, "labels": one.labels, "created": one.created, "given": one.given,
    }  # fmt: skip
    return json.dumps(told).encode() + b"\n"


ARGUMENTS: Final = (sys.executable, "-m", "bot.runtime.training_child")
"""The trainer's command line: constant. What it learns from comes over its standard input."""


async def _tell(child: Process, lines: AsyncIterator[bytes]) -> None:
    """The examples and the empty line; its input stays open, for it ends with it."""
    assert child.stdin is not None
    sent = 0
    with contextlib.suppress(ConnectionError):
        async for line in lines:
            sent += len(line)
            if sent > _MOST_INPUT:
                break
            child.stdin.write(line)
            await child.stdin.drain()
        child.stdin.write(b"\n")
        await child.stdin.drain()


async def _read(stream: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await stream.read(1 << 20):
        size += len(part)
        if size > _MOST_OUTPUT:
            raise TrainingFailedError("what was learned is too large")
        parts.append(part)
    return b"".join(parts)
