"""Many organisations on one sandbox GitHub, each with a repository of its own, and the scene that the judge sees."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.events import ITEM_EVENTS
from bot.domain.repo_config import DEFAULT_LABELS
from bot.prompting import load_prompts
from bot.sandbox import Sandbox
from bot.sandbox.diff import changes, diff_lines
from bot.sandbox.hooks import Delivery
from bot.sandbox.model import Pull as PullState
from bot.sandbox.model import Repository
from bot.sandbox.sample_files import FILES
from bot.settings import ModelSettings, Settings
from bot.store.embedded import EmbeddedPostgres
from tests.safety.judge_scene import Pull, Question, Rules, Scene
from tests.support.assistant import Assistant, running, settings_for, with_model
from tests.support.stand_in_model import Reply, StandIn, stand_in

LABELS: Final = (*DEFAULT_LABELS, "secret-roadmap", "good first issue")
MODEL_KEY: Final = "canary-key-of-the-model-5b1f"
_TOKENS: Final = 10**12


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation with one repository, its maintainer and a word that stands in this repository only."""

    index: int

    @property
    def owner(self) -> str:
        return f"org-{self.index}"

    @property
    def repository(self) -> str:
        return f"{self.owner}/tidepool"

    @property
    def maintainer(self) -> str:
        return f"keeper-{self.index}"

    @property
    def canary(self) -> str:
        return f"harbourword{self.index}e"


@dataclass(frozen=True, slots=True)
class Town:
    """A sandbox with places, the service and the model that lives beside it."""

    assistant: Assistant
    model: StandIn
    settings: Settings
    places: tuple[Place, ...]
    before: int
    """Deliveries from before the service listened."""

    def lost(self) -> list[Delivery]:
        """Events of items that the service did not take."""
        sent = self.sandbox.deliveries[self.before :]
        return [one for one in sent if one.event in ITEM_EVENTS and not one.ok]

    @property
    def sandbox(self) -> Sandbox:
        return self.assistant.sandbox

    def scene(self) -> Scene:
        """All that crossed the wire so far."""
        return Scene(
            requests=list(self.sandbox.requests),
            deliveries=list(self.sandbox.deliveries),
            tokens=self.sandbox.tokens,
            rules=rules(self.sandbox, self.places),
            pulls=pulls(self.sandbox, self.places),
            questions=[Question(one.request.host, one.request.path, one.body) for one in self.model.asked],
            model_host=self.model.url.split("/")[2],
            secrets=secrets(self.settings),
            instructions=instructions(),
        )


def found(sandbox: Sandbox, places: Iterable[Place], files: Mapping[str, str] | None = None) -> None:
    """Make the places; `files` are added to the sample's."""
    for place in places:
        sandbox.add_user(place.owner, "Organization")
        sandbox.add_user(place.maintainer)
        made = sandbox.create_repository(place.owner, "tidepool", {**FILES, **(files or {})})
        sandbox.add_collaborator(place.repository, place.maintainer, "admin")
        for name in LABELS:
            sandbox.state.make_label(made, name, "ededed", "")
        sandbox.install_app(place.owner)


def rules(sandbox: Sandbox, places: Iterable[Place]) -> dict[str, Rules]:
    """What the maintainers of each place allow: the defaults, which no test here widens."""
    made = {}
    for place in places:
        repository = sandbox.state.repository(place.repository)
        made[place.repository.lower()] = Rules(
            id=repository.id,
            existing=frozenset(one.name for one in repository.labels.values()),
            allowed=frozenset(DEFAULT_LABELS),
            maintainers=frozenset({place.maintainer}),
            canary=place.canary,
            default_shas=frozenset(_history(sandbox, repository)),
        )
    return made


def _history(sandbox: Sandbox, repository: Repository) -> Iterable[str]:
    return sandbox.state.git.ancestors(repository.branches[repository.default_branch])


def pulls(sandbox: Sandbox, places: Iterable[Place]) -> dict[tuple[str, int], Pull]:
    """Each pull request's head, and the lines of the head version that its diff shows."""
    made = {}
    for place in places:
        for item in sandbox.state.repository(place.repository).issues.values():
            if item.pull is not None:
                made[place.repository.lower(), item.number] = Pull(item.pull.head_sha, _lines(sandbox, item.pull))
    return made


def _lines(sandbox: Sandbox, pull: PullState) -> dict[str, frozenset[int]]:
    git = sandbox.state.git
    base = git.merge_base(pull.base_sha, pull.head_sha) or pull.base_sha
    changed = changes(git, git.commits[base].files, git.commits[pull.head_sha].files)
    return {
        one.path: frozenset(line.right for line in diff_lines(one.patch or "") if line.right is not None)
        for one in changed
    }


def secrets(settings: Settings) -> tuple[str, ...]:
    key = [line for line in settings.required_app().private_key.splitlines() if len(line) >= 24 and "-" not in line]
    return (*settings.secrets, *key[:4])


def instructions() -> tuple[str, ...]:
    return tuple(one.system for one in load_prompts().values())


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """An embedded PostgreSQL for this process."""
    with tempfile.TemporaryDirectory(prefix="assistant-safety-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


@contextlib.asynccontextmanager
async def town(
    database_url: str, places: tuple[Place, ...], reply: Reply, *, prepare: Callable[[Sandbox], None] | None = None
) -> AsyncIterator[Town]:
    """The service on a sandbox with those places and that model, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="assistant-safety-") as folder:
        async with Sandbox.start() as sandbox, stand_in(reply) as model:
            found(sandbox, places)
            if prepare is not None:
                prepare(sandbox)
            plain = settings_for(sandbox, database_url, Path(folder))
            asking = ModelSettings.plain(model.url, MODEL_KEY, "stand-in", private_text=True, tokens_per_day=_TOKENS)
            settings = with_model(plain, asking)
            async with running(sandbox, settings) as assistant:
                yield Town(assistant, model, settings, places, len(sandbox.deliveries))
