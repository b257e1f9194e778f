"""An executor at its desk: for one issue of the sandbox GitHub, with a ledger in memory."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.bootstrap import declared_permissions
from bot.capabilities import REGISTRY
from bot.domain import events
from bot.domain.actions import Reaction
from bot.domain.effects import Effect, PutLabels, PutReaction, PutReply, PutStatus
from bot.domain.errors import ClaimLost
from bot.domain.events import Actor, Event
from bot.domain.facts import AppIdentity
from bot.domain.status import Section, Thread
from bot.domain.text import Prose, Rendered, RenderPolicy, make_marker, render
from bot.github.auth import Credentials, GitHubApp
from bot.github.client import open_session
from bot.github.executor import SETTLE, Executor
from bot.github.sight import Said, Sight
from bot.sandbox import Delivery, Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.threads import ThreadView
from tests.support.answers import WindowsInMemory
from tests.support.assistant import REPOSITORY

KEY: Final = b"k" * 32
POLICY: Final = RenderPolicy("https://github.com/sample-org/tidepool", "https://github.com/sample-org")
ISSUES: Final = r"/issues/\d+"


@dataclass(slots=True)
class Row:
    state: str
    fresh: bool
    target_id: int | None
    begun_at: datetime
    added: tuple[str, ...] = ()
    wait: float | None = None
    slot_at: float | None = None


@dataclass(slots=True)
class LedgerInMemory:
    """Fits the executor's `Ledger`; `clock` is ahead of the real one."""

    rows: dict[str, Row] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    thread: Thread | None = None
    ahead: timedelta = timedelta()
    ended: tuple[str, int | None, dict[str, Any]] | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    """What the service was told of its own writes."""
    wait: float = 0.0
    """Seconds until there is a write slot."""

    async def announce(self, key: str, detail: dict[str, Any]) -> None:
        begun_at = await self.now()
        self.rows[key] = replace(self.rows[key], added=tuple(detail.get("added", ())), begun_at=begun_at)

    async def heard(self, since: datetime) -> list[dict[str, Any]]:
        return [one.payload for one in reversed(self.deliveries) if one.delivered_at >= since]

    async def begin(self, key: str, detail: dict[str, Any] | None = None, *, follows: bool = False) -> Row:
        await self.settle()
        if key in self.rows:
            return replace(self.rows[key], fresh=False)
        self.rows[key] = Row("pending", True, None, datetime.now(UTC), tuple((detail or {}).get("added", ())))
        slot_at = time.monotonic() if follows and not self.wait else None
        return replace(self.rows[key], added=(), wait=self.wait if follows else None, slot_at=slot_at)

    async def done(self, key: str, *, target: int | None = None, detail: dict[str, Any] | None = None) -> None:
        await self.settle()
        self.ended = (key, target, detail or {})

    async def settle(self) -> None:
        if self.ended is not None:
            key, target, self.details[key] = self.ended
            self.rows[key] = replace(self.rows[key], state="done", target_id=target)
            self.ended = None

    async def refused(self, key: str) -> None:
        self.rows.pop(key)

    async def save_thread(self, thread: Thread, *, made: str | None = None) -> None:
        self.thread = thread
        if made is not None:
            self.rows[made] = replace(self.rows[made], state="done", target_id=thread.comment_id)

    async def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True)
class Desk:
    """An executor for one issue, with what it writes to and what it remembers."""

    sandbox: Sandbox
    executor: Executor
    ledger: LedgerInMemory
    lost: list[bool]
    windows: WindowsInMemory
    """Where write slots come from that were not taken with an announcement."""

    async def do(self, *effects: Effect, sight: Sight | None = None) -> None:
        await self.executor.run(effects, sight)

    async def again(self, *effects: Effect) -> None:
        """As another attempt does, when lists can be believed."""
        self.ledger.ahead = SETTLE + timedelta(seconds=1)
        await self.executor.run(effects)

    def look(self, *, ago: float = 0.0, labels: tuple[str, ...] | None = None) -> Sight:
        """What deciding saw so many seconds ago: the thread as it is now, or with other labels."""
        said = tuple(
            Said(one.id, Actor(one.author, 1, "Bot" if one.is_bot else "User"), None, one.body)
            for one in self.thread.comments
        )
        known = frozenset({"bug", "question", "old"})
        return Sight(frozenset(self.thread.labels if labels is None else labels), known, said, time.monotonic() - ago)

    @property
    def number(self) -> int:
        return self.executor.event.number

    @property
    def thread(self) -> ThreadView:
        return self.sandbox.thread(REPOSITORY, self.number)

    @property
    def writes(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.sandbox.writes if "access_tokens" not in one.path]

    def arm(self, kind: FaultKind, path: str, method: str = "POST", **more: Any) -> None:
        self.sandbox.faults.add(Fault(kind, path, method, **more))


async def event_of(sandbox: Sandbox, name: str) -> Event:
    await sandbox.drain_webhooks()
    sent = next(one for one in reversed(sandbox.deliveries) if one.event == name)
    parsed = events.parse(name, sent.guid, sent.payload)
    assert isinstance(parsed, Event)
    return parsed


@contextlib.asynccontextmanager
async def open_desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    """For an issue by jonas on which mira, who may, has given a command."""
    number = sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", "It stops.").number
    said = sandbox.comment(REPOSITORY, number, "mira", "/label question")
    event = await event_of(sandbox, "issue_comment")
    assert event.comment is not None
    assert event.comment.id == said.id
    lost: list[bool] = []

    async def fence() -> None:
        if lost:
            raise ClaimLost("taken over")

    windows = WindowsInMemory()
    async with open_session() as session:
        app = GitHubApp(
            session, Credentials(sandbox.app_id, sandbox.private_key), api_url=sandbox.url, windows=windows,
            declared=declared_permissions(tuple(one.manifest for one in REGISTRY)),
        )  # fmt: skip
        ledger = LedgerInMemory()
        identity: AppIdentity = await app.identity()
        github = app.client(event.installation, event.repository.id)
        yield Desk(sandbox, Executor(github, event, identity, ledger, fence, KEY), ledger, lost, windows)


def text(words: str, kind: str = "status", key: bytes = KEY, subject: str = "1#5") -> Rendered:
    return render((Prose(words),), POLICY, marker=make_marker(kind, subject, key))


LABELS: Final = PutLabels("own", ("bug",), commanded=False)
STATUS: Final = PutStatus(text("Hello."), Thread(sections={"triage": Section((Prose("Hello."),))}))
REPLY: Final = PutReply(text("An answer.", "reply"))
SEEN: Final = PutReaction(Reaction.SEEN)
EVERY: Final[dict[str, Effect]] = {"labels": LABELS, "status": STATUS, "reply": REPLY, "reaction": SEEN}
