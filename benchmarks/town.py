"""Many organisations with a repository each, and the deliveries of what people do there, in GitHub's own shapes."""

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.sandbox.hooks import encode
from bot.sandbox.model import Issue, Repository
from bot.sandbox.ops import comments, issues, pulls, repos
from bot.sandbox.sample import LABELS
from bot.sandbox.sample_files import BUG_BODY, DOCS_PULL_GUIDE, FILES, PARSER, THIN_BUG_BODY
from bot.sandbox.shapes.links import Links
from bot.sandbox.state import State, new_state
from bot.sandbox.world import Actor, Announcement, World

MAINTAINER: Final = "mira"
STEPS: Final = 10
"""Events that one repository sees, in this order: `Town._step`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook request: what goes into its headers, and the signed body."""

    event: str
    guid: str
    body: bytes
    signature: str


def signed(event: str, body: bytes, secret: bytes) -> Delivery:
    """A delivery under a fresh GUID."""
    return Delivery(event, str(uuid.uuid4()), body, hmac.new(secret, body, hashlib.sha256).hexdigest())


def _files(number: int) -> dict[str, str]:
    """The sample's files under another project's name: what is remembered of one repository's is no other's."""
    own = f"tidepool-{number}"
    return {path: f"{text.replace('tidepool', own)}\n# {own}\n" for path, text in FILES.items()}


class Town:
    """`repositories` installations of one repository each. Everything is made with the sandbox's own operations."""

    def __init__(self, repositories: int, *, url: str = "http://127.0.0.1:0") -> None:
        self._now = datetime.now(UTC)
        self.state: State = new_state(self._now - timedelta(days=400))
        self.links = Links(url, url)
        self._said: list[Announcement] = []
        self.world = World(self.state, lambda: self._now, lambda: self.links, self._said.append)
        self.maintainer = Actor(self.state.add_account(MAINTAINER, when=self._now))
        self.repositories = [self._repository(number) for number in range(repositories)]

    def deliveries(self, count: int, secret: bytes) -> list[Delivery]:
        """`count` deliveries: a step in every repository, then the next step in every repository, and so on."""
        self._said.clear()
        made: list[Delivery] = []
        for index in range(count):
            repository = self.repositories[index % len(self.repositories)]
            self._step(repository, index // len(self.repositories) % STEPS, index)
            said = next(one for one in self._said if one.payload["action"] not in ("labeled", "unlabeled"))
            self._said.clear()
            made.append(signed(said.event, encode(said.payload), secret))
        return made

    def _repository(self, number: int) -> Repository:
        owner = self.state.add_account(f"org-{number}", "Organization", when=self._now)
        owner.members = {MAINTAINER}
        repository = repos.create_repository(self.world, owner, f"tidepool-{number}", _files(number))
        repository.collaborators = {MAINTAINER: "maintain"}
        for name, colour, description in LABELS:
            self.state.make_label(repository, name, colour, description)
        repos.install(self.world, self.state.app, owner, self.maintainer, [repository])
        return repository

    def _step(self, repository: Repository, step: int, index: int) -> None:
        """What a repository sees: reports without and with labels, comments with commands, pull requests."""
        person = Actor(self.state.add_account(f"person-{index}", when=self._now))
        match step:
            case 0:
                body = f"{THIN_BUG_BODY}It is log {index}.\n"
                self._open(repository, person, f"Crash when I open log {index}", body)
            case 1:
                body = BUG_BODY.replace("harbour", f"harbour-{index}")
                self._open(repository, person, f"A byte order mark stops reading ({index})", body)
            case 2:
                body = BUG_BODY.replace("line 3", f"line {index}")
                self._open(repository, person, f"Reading stops at line {index}", body, labels=("bug",))
            case 3:
                body = f"I have one file for each of {index} days. Is there a way?"
                self._open(repository, person, f"How do I read {index} logs?", body)
            case 4 | 5:
                self._comment(repository, self._thread(repository, step), self.maintainer, '/label "area: cli"')
            case 6:
                thread = self._thread(repository, step)
                self._comment(repository, thread, Actor(thread.author), "It still happens with the newest version.")
            case 7:
                thread = self._thread(repository, 1)
                issues.edit_issue(
                    self.world, repository, thread, Actor(thread.author), body=f"{thread.body}\nSeen again."
                )
            case 8:
                files = {"src/tidepool/parser.py": f"{PARSER}\n# {index}\n"}
                self._pull(
                    repository, person, pulls.NewPull(f"Fix the parser ({index})", "It failed.", f"fix-{index}", files)
                )
            case _:
                files = {"docs/guide.md": DOCS_PULL_GUIDE}
                self._pull(
                    repository, person, pulls.NewPull(f"Explain gaps ({index})", "Clearer.", f"docs-{index}", files)
                )

    def _open(
        self, repository: Repository, person: Actor, title: str, body: str, *, labels: Sequence[str] = ()
    ) -> None:
        issues.open_issue(self.world, repository, person, title, body, labels)

    def _comment(self, repository: Repository, thread: Issue, person: Actor, body: str) -> None:
        comments.create_comment(self.world, repository, thread, person, body)

    def _pull(self, repository: Repository, person: Actor, new: pulls.NewPull) -> None:
        pulls.open_pull(self.world, repository, person, new)

    def _thread(self, repository: Repository, step: int) -> Issue:
        """A thread that is there, or a new one that nobody announced."""
        if not repository.issues:
            issues.open_issue(self.world, repository, self.maintainer, "An older report", BUG_BODY)
            self._said.clear()
        threads = list(repository.issues.values())
        return threads[step % len(threads)]
