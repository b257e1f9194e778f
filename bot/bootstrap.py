"""The only composition root: settings in, a running service out."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Final

import aiohttp
import psycopg
import structlog
from aiohttp import web

from bot.capabilities import REGISTRY
from bot.domain.capability import Manifest
from bot.domain.errors import AssistantError
from bot.domain.ports import Answers
from bot.github.auth import Clock, Credentials, GitHubApp
from bot.github.client import open_session
from bot.prompting import load_prompts
from bot.runtime.backfill import Backfill
from bot.runtime.chores import Chores
from bot.runtime.embedding import Budget, Embedding
from bot.runtime.gaps import GapScan
from bot.runtime.ingest import Ingest
from bot.runtime.learning import Learning
from bot.runtime.liveness import Liveness
from bot.runtime.missed import Missed
from bot.runtime.pipeline import Pipeline
from bot.runtime.profiling import Profiling
from bot.runtime.relating import Relating
from bot.runtime.services import Services
from bot.runtime.training import Training
from bot.runtime.worker import Worker
from bot.settings import AppSettings, ModelSettings, Settings
from bot.spelling import TyposChecker
from bot.store.backfills import Backfills
from bot.store.database import Pool, migrate, open_pool
from bot.store.deliveries import Deliveries
from bot.store.embedded import DatabaseUnavailable, EmbeddedPostgres
from bot.store.embeddings import Embeddings
from bot.store.feedback import Feedbacks
from bot.store.gaps import Gaps
from bot.store.history import History
from bot.store.learned import Learned
from bot.store.learners import Learners
from bot.store.limits import Limits
from bot.store.models import ModelMemory
from bot.store.profiles import Profiles
from bot.store.queue import Queue, queue_app
from bot.store.records import Records
from bot.store.threads import Threads
from bot.web.application import Readiness, make_application
from bot.web.webhook import Webhook

if TYPE_CHECKING:
    from bot.llm.local import LocalModel
    from bot.llm.pool import ModelPool

log = structlog.get_logger()

_LEVELS: Final = ("read", "write", "admin")
_DRAIN: Final = 30.0
_COLLECT: Final = (50_000, 20, 50)
"""Thresholds of the garbage collector: an event makes thousands of values, and hardly any of them in a circle."""


def declared_permissions(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    """The union of the manifests' permissions, each at the highest level asked."""

    def join(found: dict[str, str], one: Manifest) -> dict[str, str]:
        wanted = {**one.optional_permissions, **one.permissions}
        return found | {name: max(level, found.get(name, level), key=_LEVELS.index) for name, level in wanted.items()}

    return reduce(join, manifests, {"metadata": "read"})


@contextlib.asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The address of a migrated database: the operator's, or the embedded one, started and watched."""
    if settings.database_url is not None:
        await migrate(settings.database_url)
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data_folder)
    use = embedded.used()
    url = await asyncio.to_thread(use.__enter__)
    leaving = asyncio.Event()
    watcher = asyncio.create_task(_watch(embedded, leaving))
    try:
        await migrate(url)
        yield url
    finally:
        # Not cancelled: a start that is under way in its thread would come after our stop.
        leaving.set()
        await asyncio.gather(watcher, return_exceptions=True)
        await asyncio.to_thread(use.__exit__, None, None, None)


async def _watch(embedded: EmbeddedPostgres, leaving: asyncio.Event) -> None:
    """Start the embedded database again when it dies."""
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(leaving.wait(), 1)
            return
        try:
            await asyncio.to_thread(embedded.revive)
        except (DatabaseUnavailable, OSError) as error:
            log.warning("database_not_restarted", reason=str(error)[:300])


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that a running process needs."""

    pool: Pool
    deliveries: Deliveries
    limits: Limits
    worker: Worker
    chores: Chores
    training: Training
    profiling: Profiling
    learning: Learning
    feedback: Feedbacks
    liveness: Liveness
    webhook: Webhook
    model: "ModelPool | None"
    local: "LocalModel | None"
    embedding: Embedding

    async def readiness(self) -> Readiness:
        """Whether deliveries can be stored and the worker lives; GitHub and models do not matter here."""
        faults = []
        details = []
        try:
            async with asyncio.timeout(3):
                counts = await self.deliveries.counts()
            details = [f"deliveries {state}: {count}" for state, count in sorted(counts.items())]
        except (psycopg.Error, OSError, TimeoutError) as error:
            faults.append(f"the database does not answer ({type(error).__name__})")
        if not self.worker.alive:
            faults.append("the worker is not running")
        details += [self.local.detail()] if self.local else ()
        details += self.model.details() if self.model else ()
        details += self.embedding.details()
        return Readiness(tuple(faults), tuple(details))


def github_app(
    session: aiohttp.ClientSession, settings: AppSettings, limits: Limits, *, clock: Clock | None = None
) -> GitHubApp:
    """The App, whose tokens ask for no more than all capabilities declare together."""
    return GitHubApp(
        session,
        Credentials(settings.app_id, settings.private_key),
        api_url=settings.api_url,
        windows=limits,
        declared=declared_permissions(tuple(one.manifest for one in REGISTRY)),
        clock=clock,
    )


@contextlib.asynccontextmanager
async def service(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Service]:
    """The composed service over an open database; nothing runs yet."""
    app_settings = settings.required_app()
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(database(settings))
        pool = await stack.enter_async_context(open_pool(url, size=settings.concurrency + 6))
        session = await stack.enter_async_context(open_session())
        limits, records, deliveries, gaps = Limits(pool), Records(pool), Deliveries(pool), Gaps(pool)
        history, learned, feedback = History(pool), Learned(pool), Feedbacks(pool)
        backfills, learners = Backfills(pool), Learners(pool)
        app = github_app(session, app_settings, limits, clock=clock)
        local = await stack.enter_async_context(_local(settings.model))
        model = await stack.enter_async_context(_model(settings.model, local, limits, ModelMemory(pool)))
        learning = Learning(learned, history, feedback)
        profiles = Profiles(pool)
        embedding = await stack.enter_async_context(_embedding(settings.embedding, Embeddings(pool), limits))
        services = Services(
            app=app, model=model, spelling=TyposChecker(), records=records, threads=Threads(pool), limits=limits,
            gaps=gaps, history=history, backfills=backfills, learners=learners, feedback=feedback, learning=learning,
            relating=Relating(profiles, history, embedding, feedback.not_duplicates),
        )  # fmt: skip
        pipeline = Pipeline(services, REGISTRY)
        queue = queue_app(url)
        await stack.enter_async_context(queue.open_async(pool))
        worker = Worker(
            queue, pipeline=pipeline, deliveries=deliveries, limits=limits, queue=Queue(pool, url),
            concurrency=settings.concurrency,
        )  # fmt: skip
        retention, handled = timedelta(days=settings.retention_days), pipeline.worth_fetching
        missed = Missed(app, deliveries=deliveries, limits=limits, handled=handled)
        scan = GapScan(app, deliveries=deliveries, gaps=gaps, limits=limits, handled=handled, retention=retention)
        backfill = Backfill(app, backfills=backfills, history=history, learners=learners)
        chores = Chores(missed, scan, backfill, records=records, limits=limits, retention=retention)
        profiling = Profiling(pool, embedding, app, limits, url)
        webhook = Webhook(app_settings.webhook_secrets, Ingest(deliveries).accept, pipeline.handled, pipeline.noted)
        training = Training(history, learned, feedback, limits)
        yield Service(
            pool,
            deliveries,
            limits,
            worker,
            chores,
            training,
            profiling,
            learning,
            feedback,
            Liveness(gaps),
            webhook,
            model,
            local,
            embedding,
        )


@contextlib.asynccontextmanager
async def _local(settings: ModelSettings | None) -> "AsyncIterator[LocalModel | None]":
    """llama.cpp on the operator's file, if one is named."""
    if settings is None or settings.file is None:
        yield None
        return
    from bot.llm.local import local_model  # noqa: PLC0415

    async with local_model(settings.file) as made:
        yield made


@contextlib.asynccontextmanager
async def _model(
    settings: ModelSettings | None, local: "LocalModel | None", limits: Limits, memory: ModelMemory,
    answers: Answers | None = None,
) -> "AsyncIterator[ModelPool | None]":  # fmt: skip
    if settings is None:
        yield None
        return
    # Loaded only where a model is configured: the library needs tens of megabytes.
    from bot.llm.pool import Budgets, ModelPool  # noqa: PLC0415

    endpoints = (*([local.endpoint] if local else ()), *settings.endpoints)
    made = ModelPool.of(
        endpoints, load_prompts(), spending=limits, answers=answers or memory, knowledge=memory,
        budgets=Budgets(settings.tokens_per_day, settings.money_per_day),
    )  # fmt: skip
    try:
        yield made
    finally:
        await made.close()


@contextlib.asynccontextmanager
async def model(settings: Settings, pool: Pool, *, answers: Answers | None = None) -> "AsyncIterator[ModelPool]":
    """The configured model, outside of the service, with other `answers` than those that the service knows already.

    Raises AssistantError if none is configured.
    """
    async with (
        _local(settings.model) as local,
        _model(settings.model, local, Limits(pool), ModelMemory(pool), answers) as made,
    ):
        if made is None:
            raise AssistantError("no model is configured that could be asked.")
        yield made


@contextlib.asynccontextmanager
async def _embedding(settings: ModelSettings | None, kept: Embeddings, limits: Limits) -> AsyncIterator[Embedding]:
    """Vectors of the endpoint that is named for it, if one is."""
    if settings is None:
        yield Embedding(None, kept, "")
        return
    from bot.llm.embeddings import EmbeddingClient  # noqa: PLC0415 - the library needs tens of megabytes

    endpoint = settings.endpoints[0]
    client = EmbeddingClient(endpoint)
    try:
        budget = Budget(limits, endpoint, settings.tokens_per_day, settings.money_per_day)
        yield Embedding(client, kept, endpoint.model, client.detail, budget)
    finally:
        await client.close()


async def serve(settings: Settings) -> None:
    """Web and worker in one process, until SIGTERM or SIGINT; then requests and running jobs are drained."""
    async with service(settings) as running:
        runner = web.AppRunner(make_application(running.webhook, running.readiness), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
        await site.start()
        for address in runner.addresses:
            log.info("listening", host=address[0], port=address[1])
        try:
            # Before the first chore, which looks for what was missed: the gap is known by then.
            await running.liveness.note()
            await _until_stopped(running, running.liveness.run())
        finally:
            await runner.cleanup()


async def work(settings: Settings) -> None:
    """A worker alone, until SIGTERM or SIGINT."""
    async with service(settings) as running:
        log.info("working")
        await _until_stopped(running)


async def _until_stopped(running: Service, *more: Coroutine[None, None, None]) -> None:
    # What was loaded so far stays until the end: it need not be looked through again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(one) for one in _loops(running, *more)]
    if running.model is not None:
        tasks.append(asyncio.create_task(running.model.run()))
    waiter = asyncio.create_task(stop.wait())
    try:
        done, _pending = await asyncio.wait([waiter, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiter}:
            # The loops are endless: an end is a fault, and its reason must not be lost.
            task.result()
        log.info("stopping")
    finally:
        for task in (waiter, *tasks):
            task.cancel()
        await asyncio.wait([waiter, *tasks], timeout=_DRAIN)


def _loops(running: Service, *more: Coroutine[None, None, None]) -> tuple[Coroutine[None, None, None], ...]:
    return (running.worker.run(), running.chores.run(), running.training.run(), running.profiling.run(), *more)


async def replay(settings: Settings, guid: str) -> bool:
    """Queue a stored delivery again; False if there is none to queue."""
    async with database(settings) as url, open_pool(url, size=2) as pool:
        return await Deliveries(pool).reopen(guid)


async def forget(settings: Settings, *, repository: str | None, user: str | None) -> str:
    """Delete what is kept about a repository (id or OWNER/REPO) or a person; says what was done."""
    async with database(settings) as url, open_pool(url, size=2) as pool:
        threads, history = Threads(pool), History(pool)
        if user is not None:
            actor = (await history.digest())(user)
            await Learned(pool).forget_author(actor)
            await Feedbacks(pool).forget_actor(actor)
            decisions, items = await threads.forget_author(user), await history.forget_author(user)
            return f"{decisions} decisions and their deliveries deleted, and {items} items of the history."
        named = repository or ""
        found = (int(named), named) if named.isdecimal() else await Backfills(pool).find(named)
        if found is None:
            raise AssistantError(f"no repository {named} is known by that name; give its id.")
        await threads.forget_repository(found[0])
        return f"Everything about repository {named} is deleted."
