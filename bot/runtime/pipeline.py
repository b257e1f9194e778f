"""One delivery from facts to recorded effects. What was decided is stored before anything is done."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bot.domain import events
from bot.domain.capability import TRIAGE_ROLES, Capability, Context, Manifest, Mode
from bot.domain.codec import decode_actions, encode
from bot.domain.commands import parse_commands
from bot.domain.compose import Stage, compose
from bot.domain.errors import Terminal
from bot.domain.events import Event, Ignored, Lifecycle
from bot.domain.facts import MAINTAINER_ASSOCIATIONS, AppIdentity, Facts, Item, Need, ThreadMemory
from bot.domain.gate import judge
from bot.domain.plan import ModelAnswer, Skip
from bot.domain.ports import Fence, Model, Spelling
from bot.domain.repo_config import ConfigSchema, RepoConfig
from bot.domain.text import RenderPolicy, find_marker
from bot.github.auth import GitHubApp, Installation
from bot.github.client import GitHub
from bot.github.errors import Moved
from bot.github.executor import Executor
from bot.github.reader import Reader
from bot.runtime import messages
from bot.runtime.configuration import load_configuration
from bot.runtime.ledger import DeliveryLedger
from bot.store.deliveries import Waiting
from bot.store.limits import Limits
from bot.store.records import Decision, Records, Subject
from bot.store.threads import Threads

log = structlog.get_logger()

_STALE: Final = timedelta(minutes=10)
"""A plan of which nothing was begun for this long is made anew from fresh facts."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a pipeline works with."""

    app: GitHubApp
    model: Model | None
    spelling: Spelling
    records: Records
    threads: Threads
    limits: Limits


class Pipeline:
    def __init__(self, services: Services, registry: tuple[Capability, ...]) -> None:
        self._services = services
        self._registry = registry
        self._order = tuple(one.manifest.id for one in registry)
        self.schema = ConfigSchema(tuple(one.manifest for one in registry))

    @property
    def handled(self) -> frozenset[str]:
        """The "event.action" names that somebody listens to."""
        own = frozenset({"issue_comment.deleted"})
        return own.union(*(one.manifest.events for one in self._registry))

    async def handle(self, waiting: Waiting, payload: Mapping[str, Any], fence: Fence) -> str:
        """Carry one delivery through; returns what became of it in one line.

        Raises Terminal, Deferred, Unavailable or ClaimLost; everything done until then is recorded.
        """
        delivery = events.parse(waiting.event, waiting.guid, payload)
        match delivery:
            case Ignored(reason):
                return f"ignored: {reason}"
            case Lifecycle():
                return await self._lifecycle(delivery)
            case Event():
                return await self._item(delivery, waiting, fence)

    async def _lifecycle(self, change: Lifecycle) -> str:
        """The App was removed, or lost a repository: forget what was kept about it."""
        self._services.app.forget(change.installation)
        threads = self._services.threads
        forgotten = list(change.removed)
        for repository in change.removed:
            await threads.forget_repository(repository)
        if change.kind == "installation.deleted":
            forgotten += await threads.forget_installation(change.installation)
        return f"{change.kind}: {len(forgotten)} repositories forgotten"

    async def _item(self, event: Event, waiting: Waiting, fence: Fence) -> str:
        app = await self._services.app.identity()
        if event.sender.is_bot or event.via_app == app.id:
            return await self._after_deletion(event, app) or "ignored: an event of a bot"
        if (reason := await self._after_deletion(event, app)) is not None:
            return reason
        try:
            return await self._run(event, app, waiting, fence)
        except Moved as moved:
            renamed = await self._renamed(event, moved)
            return await self._run(renamed, app, waiting, fence)

    async def _after_deletion(self, event: Event, app: AppIdentity) -> str | None:
        """A person deleted our comment: it never comes back. Other deletions need nothing."""
        if event.kind != "issue_comment.deleted":
            return None
        key = await self._services.threads.marker_key()
        marker = find_marker(event.comment.body, key) if event.comment else None
        ours = event.comment is not None and event.comment.author.login == app.login
        if ours and marker is not None and marker.kind == "status" and not event.sender.is_bot:
            await self._services.threads.silence(event.repository.id, event.number)
            return "our comment was deleted: silent here from now on"
        return "ignored: somebody else's comment was deleted"

    async def _renamed(self, event: Event, moved: Moved) -> Event:
        """The event under the repository's present name; raises Terminal if the item is in another repository now."""
        client = self._services.app.client(event.installation, event.repository.id)
        data = await client.get(f"/repositories/{event.repository.id}")
        repository = events.repository(data)
        if repository.full_name == event.repository.full_name:
            raise Terminal("the item was moved to another repository")
        log.info("repository_renamed", delivery=event.delivery)
        return replace(event, repository=repository)

    async def _run(self, event: Event, app: AppIdentity, waiting: Waiting, fence: Fence) -> str:
        installation = await self._services.app.installation(event.installation)
        if installation.suspended:
            raise Terminal("the installation is suspended")
        github = self._services.app.client(event.installation, event.repository.id)
        subject = Subject(event.delivery, event.kind, event.repository.id, event.number, "")
        now = await self._services.limits.now()
        if waiting.decided_at is not None and not await self._outdated(waiting, waiting.decided_at, now):
            return await self._act(event, app, github, subject, fence, None)
        config = await self._decide(event, app, github, installation, subject, now)
        if isinstance(config, str):
            return config
        return await self._act(event, app, github, subject, fence, config)

    async def _outdated(self, waiting: Waiting, decided_at: datetime, now: datetime) -> bool:
        return now - decided_at > _STALE and await self._services.records.forget_decisions(waiting.guid)

    async def _decide(
        self,
        event: Event,
        app: AppIdentity,
        github: GitHub,
        installation: Installation,
        subject: Subject,
        now: datetime,
    ) -> RepoConfig | str:
        """Decide and record; the configuration, or, in one line, why nobody had anything to decide."""
        reader = await self._reader(github, event, app)
        loaded = await load_configuration(reader, self.schema, self._services.threads)
        config = loaded.config
        active = [
            one
            for one in self._registry
            if event.kind in one.manifest.events and config.mode_of(one.manifest) is not Mode.OFF
        ]
        disabled = [one.manifest.id for one in active if not installation.grants(_needed(one.manifest, event))]
        if disabled:
            log.warning("permissions_missing", capabilities=disabled, installation=event.installation)
        active = [one for one in active if one.manifest.id not in disabled]
        if not active:
            return f"nothing is on for {event.kind}" + (
                f" (missing permissions: {', '.join(disabled)})" if disabled else ""
            )
        item = await reader.item()
        facts = await self._facts(event, app, reader, item, active, now)
        facts = replace(facts, broken_configuration=loaded.mistakes)
        if not await self._within_budget(event, reader, facts, config):
            return "ignored: this author's budget of events for today is used up"
        decisions = await self._decisions(active, facts, config)
        await self._services.records.save(replace(subject, author=item.author.login), decisions)
        return config

    async def _reader(self, github: GitHub, event: Event, app: AppIdentity) -> Reader:
        owner = await self._services.app.owner_client(event.installation, event.repository.id)
        return Reader(github, owner, event, app, self._services.spelling)

    async def _facts(
        self,
        event: Event,
        app: AppIdentity,
        reader: Reader,
        item: Item,
        active: list[Capability],
        now: datetime,
    ) -> Facts:
        needs = frozenset(need for one in active for need in one.manifest.needs)
        created = event.kind.endswith((".created", ".submitted"))
        invocations = parse_commands(event.comment.body) if event.comment and created else ()
        if not invocations:
            needs -= {Need.PERMISSION, Need.DECISIONS}
        records, threads = self._services.records, self._services.threads
        comments = await reader.comments()
        groups = await reader.read(needs, item)
        thread = await threads.load(event.repository.id, event.number)
        memory = ThreadMemory(
            silenced=thread.silenced,
            sections=frozenset(thread.sections),
            applied_labels=await records.applied_labels(event.repository.id, event.number),
        )
        decisions = await records.recent(event.repository.id, event.number) if Need.DECISIONS in needs else ()
        return Facts(
            event=event, now=now, app=app, item=item, comments=comments, invocations=invocations, memory=memory,
            decisions=decisions, **groups,
        )  # fmt: skip

    async def _within_budget(self, event: Event, reader: Reader, facts: Facts, config: RepoConfig) -> bool:
        """Events of one author and day; people who may triage are exempt."""
        scope = f"events:{event.repository.id}:{event.sender.id}"
        if await self._services.limits.spend(scope, 1, config.budgets.events_per_author_day):
            return True
        same = event.sender.id == facts.item.author.id
        if same and facts.item.association in MAINTAINER_ASSOCIATIONS:
            return True
        return await reader.role(event.sender.login) in TRIAGE_ROLES

    async def _decisions(self, active: list[Capability], facts: Facts, config: RepoConfig) -> list[Decision]:
        help_of_all = tuple(
            command
            for one in self._registry
            if config.mode_of(one.manifest) is not Mode.OFF
            for command in one.manifest.commands
        )
        digest = _digest(facts)
        found = []
        for capability in active:
            options = config.options[capability.manifest.id]
            context = Context(
                mode=config.mode_of(capability.manifest),
                options=options,
                labels=config.allowed_labels(),
                needs_info_label=config.labels.needs_info,
                commands=help_of_all,
                unlabel_any=bool(getattr(options, "unlabel_any", False)),
                check_configuration=self.schema.mistakes,
            )
            found.append(await self._decision(capability, facts, context, digest))
        return found

    async def _decision(self, capability: Capability, facts: Facts, context: Context, digest: str) -> Decision:
        name = capability.manifest.id
        answer = await self._answer(capability, facts, context)
        try:
            # In a thread: hostile text may take a second, and deliveries are acknowledged on this loop.
            decided = await asyncio.to_thread(capability.decide, facts, answer, context)
        except Exception:
            # One capability's mistake must not take the others' work with it; it is recorded and logged.
            log.exception("capability_failed", capability=name, delivery=facts.event.delivery)
            decided = Skip("this part failed; the operator's log has the reason")
        tokens = answer.tokens if answer else 0
        if isinstance(decided, Skip):
            return Decision(name, digest, decided.reason, (), "", None, tokens, [], [])
        verdicts = judge(capability.manifest, decided, facts, context)
        why = decided.why
        return Decision(
            capability=name,
            facts_digest=digest,
            outcome=why.outcome,
            evidence=why.evidence,
            method=why.method,
            confidence=why.confidence,
            tokens=tokens,
            plan=[encode(one.action) for one in verdicts if one.action is not None],
            verdicts=[
                {"action": type(action).__name__, "allowed": "yes" if one.action else "no", "reason": one.reason}
                for action, one in zip(decided.actions, verdicts, strict=True)
            ],
        )

    async def _answer(self, capability: Capability, facts: Facts, context: Context) -> ModelAnswer | None:
        if self._services.model is None:
            return None
        request = capability.ask(facts, context)
        if request is None:
            return None
        repository = facts.event.repository
        return await self._services.model.answer(request, private=repository.private, scope=str(repository.id))

    async def _act(
        self,
        event: Event,
        app: AppIdentity,
        github: GitHub,
        subject: Subject,
        fence: Fence,
        config: RepoConfig | None,
    ) -> str:
        """Carry out what was decided and let through; after a crash this starts again from the record."""
        records, threads = self._services.records, self._services.threads
        plans = [(name, decode_actions(plan)) for name, plan in await records.plans(event.delivery)]
        if not any(plan for _name, plan in plans):
            return "nothing to do"
        if config is None:
            reader = await self._reader(github, event, app)
            config = (await load_configuration(reader, self.schema, threads)).config
        key = await threads.marker_key()
        stage = Stage(
            repository=event.repository.id,
            number=event.number,
            reply_to=f"{event.kind.split('.', 1)[0]}-{event.comment.id}" if event.comment else "",
            policy=_policy(event, config),
            marker_key=key,
            footer=messages.footer(),
            order=self._order,
        )
        thread = await threads.load(event.repository.id, event.number)
        known = await records.known_remarks(event.repository.id, event.number, event.delivery)
        effects = await asyncio.to_thread(compose, plans, thread, stage, known)
        ledger = DeliveryLedger(records, threads, self._services.limits, subject)
        await Executor(github, event, app, ledger, fence, key).run(effects)
        return f"done: {len(effects)} effects"


def _needed(manifest: Manifest, event: Event) -> dict[str, str]:
    """The permissions that the capability needs for this kind of item."""
    return {name: level for name, level in manifest.permissions.items() if event.is_pull or name != "pull_requests"}


def _policy(event: Event, config: RepoConfig) -> RenderPolicy:
    url = event.repository.url
    return RenderPolicy(repository_url=url, owner_url=url.rsplit("/", 1)[0], link_prefixes=config.links.prefixes)


def _digest(facts: Facts) -> str:
    """A short name for the facts that decisions rest on."""
    item = facts.item
    parts = (
        facts.event.kind, item.title, item.body, item.state, item.head_sha or "", *sorted(item.labels),
        *(str(one.id) for one in facts.comments), *(one.path for one in facts.files),
    )  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
