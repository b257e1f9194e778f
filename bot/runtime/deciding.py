"""From an event to recorded decisions: configuration, facts, the capabilities' answers, the gate."""

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
import structlog

from bot.computing import computed
from bot.domain.actions import Reply
from bot.domain.capability import TRIAGE_ROLES, Capability, CommandHelp, Context, Manifest, Mode
from bot.domain.codec import encode
from bot.domain.commands import parse_commands
from bot.domain.events import Event
from bot.domain.facts import AppIdentity, Facts, Item, Need, ThreadMemory
from bot.domain.gate import Verdict, judge
from bot.domain.labels import spelled, spelled_or_same
from bot.domain.learned import Lesson
from bot.domain.opinions import opinions_of
from bot.domain.plan import ModelAnswer, NoAnswer, Plan, Skip
from bot.domain.ports import Allowance
from bot.domain.repo_config import ConfigSchema, RepoConfig
from bot.domain.sizes import size_of
from bot.domain.status import Thread
from bot.github.auth import Installation
from bot.github.client import GitHub
from bot.github.reader import Reader
from bot.github.sight import Sight, sight_of
from bot.learning.earned import PRECISION
from bot.runtime.configuration import load_configuration
from bot.runtime.dislikes import Dislikes
from bot.runtime.learning import Wanted
from bot.runtime.services import Services
from bot.store.records import Decision, Subject
from bot.store.threads import Recollection

log = structlog.get_logger()

REPLIES_PER_HOUR: Final = 10
"""To one person in one thread."""
_ENOUGH: Final = "this person has had enough replies here for this hour"


@dataclass(frozen=True, slots=True)
class Decided:
    """What was recorded for a delivery: `plans` by capability, encoded; `sight` is what was seen for it just now."""

    config: RepoConfig
    thread: Thread
    plans: list[tuple[str, list[Any]]]
    sight: Sight | None = None


class Deciding:
    def __init__(self, services: Services, registry: tuple[Capability, ...], schema: ConfigSchema) -> None:
        self._services = services
        self._registry = registry
        self._schema = schema
        self._dislikes = Dislikes(services.feedback)

    async def decide(
        self,
        event: Event,
        app: AppIdentity,
        github: GitHub,
        installation: Installation,
        subject: Subject,
        now: datetime,
    ) -> Decided | str:
        """Decide and record; what was decided, or, in one line, why nobody had anything to decide."""
        reader = await self._services.reader(github, event, app)
        loaded = await load_configuration(reader, self._schema, self._services.threads)
        config = loaded.config
        active = [
            one
            for one in self._registry
            if event.kind in one.manifest.events and config.mode_of(one.manifest) is not Mode.OFF
        ]
        # guard: granted-permissions (3): without not installation.grants(_needed(one.manifest, event))
        disabled = [one.manifest.id for one in active if not installation.grants(_needed(one.manifest, event))]
        if disabled:
            log.warning("permissions_missing", capabilities=disabled, installation=event.installation)
        active = [one for one in active if one.manifest.id not in disabled]
        if not active:
            return f"nothing is on for {event.kind}" + (
                f" (missing permissions: {', '.join(disabled)})" if disabled else ""
            )
        where = event.repository.id, event.number
        known = await self._services.threads.recall(*where, _budgets(event, config))
        if not known.within and not await _exempt(event, reader):  # guard: event-budgets (5)
            return "ignored: the budget of events for today is used up"
        looked_at = time.monotonic()
        item = await reader.item()
        facts = await self._facts(event, app, reader, item, active, known, now)
        lesson = await self._lesson(active, facts, config) if known.learned else None
        facts = replace(facts, broken_configuration=loaded.mistakes, lesson=lesson)
        decisions = await self._decisions(active, facts, config)
        # Before the record: what is said again after a crash is stored once.
        on = frozenset(command.name for one in active for command in one.manifest.commands)
        opinions = opinions_of(facts, on, await self._services.history.digest())
        await self._services.feedback.note(event.repository.id, opinions)
        recorded = await self._services.records.save(replace(subject, author=item.author.login), decisions)
        if loaded.mistakes and any(one.capability == "configuration" and one.plan for one in decisions):
            await self._services.threads.notice_configuration(event.repository.id, loaded.broken)
        sight = sight_of(facts, at=looked_at)
        if not recorded:  # guard: records-stand (29)
            return Decided(config, *await self._services.threads.planned(event.delivery, *where), sight)
        return Decided(config, known.thread, [(one.capability, one.plan) for one in decisions], sight)

    async def _facts(
        self,
        event: Event,
        app: AppIdentity,
        reader: Reader,
        item: Item,
        active: list[Capability],
        known: Recollection,
        now: datetime,
    ) -> Facts:
        """The facts without the lesson."""
        needs = frozenset(need for one in active for need in one.manifest.needs)
        created = event.kind.endswith((".created", ".submitted"))
        invocations = parse_commands(event.comment.body) if event.comment and created else ()
        if not invocations:
            needs -= {Need.PERMISSION, Need.DECISIONS}
        records = self._services.records
        comments = await reader.comments(int(orjson.loads(one)["comment"]["id"]) for one in known.told)
        groups = await reader.read(needs, item)
        if Need.RELATED in needs:
            groups["related"] = await self._services.relating.find(event, item, profiled=known.profiled)
        memory = ThreadMemory(
            silenced=known.thread.silenced,
            sections=frozenset(known.thread.sections),
            applied_labels=known.applied_labels,
            written=known.thread.sections,
        )
        ours = next((one for one in comments if one.id == known.thread.comment_id), None)
        said = known.opinions or bool(ours and ours.disliked)
        if ours is not None and said:
            digest = await self._services.history.digest()
            await self._dislikes.note(reader, ours, item, digest)
        feedback = await self._services.feedback.of_item(event.repository.id, event.number) if said else ()
        decisions = await records.recent(event.repository.id, event.number) if Need.DECISIONS in needs else ()
        return Facts(
            event=event, now=now, app=app, item=item, comments=comments, invocations=invocations, memory=memory,
            decisions=decisions, feedback=feedback, **groups,
        )  # fmt: skip

    async def _lesson(self, active: list[Capability], facts: Facts, config: RepoConfig) -> Lesson | None:
        """What was learned says of an issue; of comments only where a command may ask."""
        asking = [one for one in active if Need.LESSON in one.manifest.needs]
        if not asking or facts.item.is_pull or (facts.event.comment is not None and not facts.invocations):
            return None
        options = config.options[asking[0].manifest.id]
        wanted = Wanted(
            precision=float(getattr(options, "precision", PRECISION)),
            sure=float(getattr(options, "minimum_confidence", 1.0)),
            live=config.mode_of(asking[0].manifest) is Mode.EARNED,
            nearby=self._services.model is not None,
        )
        item = facts.item
        return await self._services.learning.about(facts.event.repository.id, item.title, item.body, wanted, facts.now)

    async def _decisions(self, active: list[Capability], facts: Facts, config: RepoConfig) -> list[Decision]:
        help_of_all = tuple(
            command
            for one in self._registry
            if config.mode_of(one.manifest) is not Mode.OFF
            for command in one.manifest.commands
        )
        # The repository's own spelling of the allow-list is the same for all.
        labels = _allowed(config, facts.label_names)
        needs_info = spelled_or_same(config.labels.needs_info, facts.label_names)
        contexts = [self._context(one, config, labels, needs_info, help_of_all) for one in active]
        allowance = Allowance()
        size = size_of(facts)
        asked = [
            await self._answer(one, facts, found, allowance, size) for one, found in zip(active, contexts, strict=True)
        ]
        cases = list(zip(active, asked, contexts, strict=True))
        outcomes = await computed(lambda: [_outcome(*case, facts) for case in cases], size)
        # guard: replies-to-one-person (5)
        if any(one.replies for one in outcomes) and not await self._may_reply(facts):
            outcomes = [one.without_replies() for one in outcomes]
        digest = _digest(facts)
        return [one.decision(digest) for one in outcomes]

    def _context(
        self,
        capability: Capability,
        config: RepoConfig,
        labels: frozenset[str],
        needs_info: str,
        commands: tuple[CommandHelp, ...],
    ) -> Context:
        options = config.options[capability.manifest.id]
        return Context(
            mode=config.mode_of(capability.manifest),
            options=options,
            labels=labels,
            needs_info_label=needs_info,
            commands=commands,
            unlabel_any=bool(getattr(options, "unlabel_any", False)),
            check_configuration=self._schema.mistakes,
        )

    async def _may_reply(self, facts: Facts) -> bool:
        """No more replies than a person reads: another bot with a person's account would go on for ever."""
        event = facts.event
        scope = f"replies:{event.repository.id}#{event.number}:{event.sender.id}:{facts.now:%H}"
        return await self._services.limits.spend(scope, 1, REPLIES_PER_HOUR)

    async def _answer(
        self, capability: Capability, facts: Facts, context: Context, allowance: Allowance, size: int
    ) -> ModelAnswer | NoAnswer | None:
        if self._services.model is None:
            return None
        request = await computed(lambda: capability.ask(facts, context), size)
        if request is None:
            return None
        repository = facts.event.repository
        return await self._services.model.answer(
            request, private=repository.private, scope=str(repository.id), allowance=allowance
        )


def _allowed(config: RepoConfig, existing: frozenset[str]) -> frozenset[str]:
    """The allow-list, also as the repository spells it: GitHub's labels ignore case."""
    allowed = config.allowed_labels()
    return allowed.union(spelled(allowed, existing))


async def _exempt(event: Event, reader: Reader) -> bool:
    """People who may triage are never too many."""
    return await reader.role(event.sender.login) in TRIAGE_ROLES  # guard: exempt-people (5): as True


def _budgets(event: Event, config: RepoConfig) -> dict[str, int]:
    """Events per author, thread, repository and day, which are counted before anything is read."""
    repository, budgets = event.repository.id, config.budgets
    return {
        f"author:{repository}:{event.sender.id}": budgets.events_per_author_day,
        f"thread:{repository}#{event.number}": budgets.events_per_thread_day,
        f"repository:{repository}": budgets.events_per_repository_day,
    }


def note_of(asked: ModelAnswer | NoAnswer | None) -> tuple[str, ...]:
    """What /why says of a question to the model besides what the capability makes of the answer."""
    match asked:
        case NoAnswer(reason):
            return (reason,)
        case ModelAnswer(cached=True):
            return ("the model's answer is from the cache",)
    return ()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a capability decided, and what the gate says about each of its actions."""

    capability: str
    tokens: int
    note: tuple[str, ...]
    decided: Plan | Skip
    verdicts: tuple[Verdict, ...] = ()

    @property
    def replies(self) -> bool:
        return any(isinstance(one.action, Reply) for one in self.verdicts)

    def without_replies(self) -> "_Outcome":
        kept = (Verdict(None, _ENOUGH) if isinstance(one.action, Reply) else one for one in self.verdicts)
        return replace(self, verdicts=tuple(kept))

    def decision(self, digest: str) -> Decision:
        """As it is recorded; `digest` names the facts."""
        if isinstance(self.decided, Skip):
            outcome = "; ".join((self.decided.reason, *self.note))
            return Decision(self.capability, digest, outcome, (), "", None, self.tokens, [], [])
        why = self.decided.why
        return Decision(
            capability=self.capability,
            facts_digest=digest,
            outcome=why.outcome,
            evidence=(*why.evidence, *self.note),
            method=why.method,
            confidence=why.confidence,
            tokens=self.tokens,
            plan=[encode(one.action) for one in self.verdicts if one.action is not None],
            verdicts=[
                {"action": type(action).__name__, "allowed": "yes" if one.action else "no", "reason": one.reason}
                for action, one in zip(self.decided.actions, self.verdicts, strict=True)
            ],
        )


def _outcome(capability: Capability, asked: ModelAnswer | NoAnswer | None, context: Context, facts: Facts) -> _Outcome:
    name, tokens, note = capability.manifest.id, asked.tokens if asked else 0, note_of(asked)
    answer = asked if isinstance(asked, ModelAnswer) else None
    try:
        decided = capability.decide(facts, answer, context)
    except Exception:
        # One capability's mistake must not take the others' work with it; it is recorded and logged.
        log.exception("capability_failed", capability=name, delivery=facts.event.delivery)
        decided = Skip("this part failed; the operator's log has the reason")
    if isinstance(decided, Skip):
        return _Outcome(name, tokens, note, decided)
    return _Outcome(name, tokens, note, decided, judge(capability.manifest, decided, facts, context))


def _needed(manifest: Manifest, event: Event) -> dict[str, str]:
    """The permissions that the capability needs for this kind of item."""
    return {name: level for name, level in manifest.permissions.items() if event.is_pull or name != "pull_requests"}


def _digest(facts: Facts) -> str:
    """A short name for the facts that decisions rest on."""
    item = facts.item
    parts = (
        facts.event.kind, item.title, item.body, item.state, item.head_sha or "", *sorted(item.labels),
        *(str(one.id) for one in facts.comments), *(one.path for one in facts.files),
    )  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
