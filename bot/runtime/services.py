"""What the steps of an event work with."""

from dataclasses import dataclass, field

from bot.domain.events import Event
from bot.domain.facts import AppIdentity
from bot.domain.ports import Model, Spelling
from bot.github.auth import GitHubApp
from bot.github.client import GitHub
from bot.github.kept import Kept
from bot.github.reader import Reader
from bot.runtime.learning import Learning
from bot.runtime.relating import Relating
from bot.store.backfills import Backfills
from bot.store.feedback import Feedbacks
from bot.store.gaps import Gaps
from bot.store.history import History
from bot.store.learners import Learners
from bot.store.limits import Limits
from bot.store.records import Records
from bot.store.threads import Threads


@dataclass(frozen=True, slots=True)
class Services:
    """What a pipeline works with."""

    app: GitHubApp
    model: Model | None
    spelling: Spelling
    records: Records
    threads: Threads
    limits: Limits
    gaps: Gaps
    history: History
    backfills: Backfills
    learners: Learners
    feedback: Feedbacks
    learning: Learning
    relating: Relating
    kept: Kept = field(default_factory=Kept)

    async def reader(self, github: GitHub, event: Event, app: AppIdentity) -> Reader:
        """A reader of the event's repository, and of its owner's `.github` repository."""
        owner = await self.app.owner_client(event.installation, event.repository.id)
        return Reader(github, owner, event, app, self.spelling, self.kept)
