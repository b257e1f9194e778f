"""What happens on GitHub while nobody listens: small stories in many repositories, told in the order of time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.sandbox import Sandbox
from bot.sandbox.hooks import Delivery
from bot.sandbox.sample import LABELS
from bot.sandbox.sample_files import FILES
from bot.sandbox.state import State, new_state
from tests.integration.test_events import COMPLETE, INCOMPLETE

MAINTAINER: Final = "mira"
MACHINE: Final = "dependabot[bot]"
_TYPO: Final = {"docs/logs.md": "# Logs\n\nYou can recieve a log.\n"}
_TELLTALE: Final = re.compile(r"<!--.*?-->|org-\d+/[\w-]+|person-\d+|\d+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and by whom a story is told."""

    sandbox: Sandbox
    repository: str
    author: str

    def open(self, body: str, author: str | None = None) -> int:
        return self.sandbox.open_issue(self.repository, author or self.author, "Crash on an empty row", body).number

    def say(self, number: int, who: str, text: str) -> None:
        self.sandbox.comment(self.repository, number, who, text)


def complete(at: Scene) -> int:
    return at.open(COMPLETE)


def incomplete(at: Scene) -> int:
    return at.open(INCOMPLETE)


def mended(at: Scene) -> int:
    number = at.open(INCOMPLETE)
    at.sandbox.edit_issue(at.repository, number, at.author, body=COMPLETE)
    return number


def commanded(at: Scene) -> int:
    number = at.open(COMPLETE)
    at.say(number, MAINTAINER, "/label question")
    return number


def talked_on(at: Scene) -> int:
    """A command that others have answered since."""
    number = at.open(COMPLETE)
    at.say(number, MAINTAINER, "/label question")
    at.sandbox.clock_offset += timedelta(seconds=30)
    at.say(number, at.author, "Is it one? I do not think so.")
    return number


def helped(at: Scene) -> int:
    number = at.open(COMPLETE)
    at.say(number, at.author, "/help")
    return number


def answered(at: Scene) -> int:
    number = at.open(INCOMPLETE)
    at.say(number, MAINTAINER, "Thanks, I can see it here too.")
    return number


def closed(at: Scene) -> int:
    number = at.open(INCOMPLETE)
    at.sandbox.close(at.repository, number, at.author)
    return number


def sorted_by_hand(at: Scene) -> int:
    """Most of what GitHub sends is not for us."""
    number = at.open(COMPLETE)
    for label in ("area: cli", "area: parser", "good first issue"):
        at.sandbox.add_label(at.repository, number, MAINTAINER, label)
    at.sandbox.assign(at.repository, number, MAINTAINER, MAINTAINER)
    return number


def pulled(at: Scene) -> int:
    return at.sandbox.open_pull(at.repository, at.author, "Explain logs", files=_TYPO, from_fork=False).number


def pushed(at: Scene) -> int:
    number = at.sandbox.open_pull(at.repository, at.author, "Explain logs", files=_TYPO, from_fork=False).number
    at.sandbox.push_to_pull(at.repository, number, at.author, {"docs/more.md": "# More\n\nIt is seperate.\n"})
    return number


def mechanical(at: Scene) -> int:
    return at.open(INCOMPLETE, MACHINE)


Story = Callable[[Scene], int]
STORIES: Final[tuple[Story, ...]] = (
    complete, incomplete, mended, commanded, talked_on, helped, answered, closed, sorted_by_hand, pulled, pushed,
    mechanical,
)  # fmt: skip

LAST_WORDS: Final = frozenset({"commanded", "helped"})
"""Stories that end with a command."""


@dataclass(frozen=True, slots=True)
class Told:
    """A story as it was told: which item came of it, and when."""

    story: str
    repository: str
    number: int
    at: datetime


@dataclass(slots=True)
class Outage:
    """A GitHub on which the App is installed `installations` times; the last installation is the busy one."""

    sandbox: Sandbox
    installations: int
    told: list[Told] = field(default_factory=list)
    untouchable: list[tuple[str, int]] = field(default_factory=list)
    """Items that were there before the App: nobody may write on them."""

    def found(self) -> None:
        """Long ago: organisations, repositories with an old item each, people; a month ago the App."""
        sandbox = self.sandbox
        sandbox.clock_offset = -timedelta(days=300)
        sandbox.add_user(MAINTAINER)
        sandbox.add_user(MACHINE, "Bot")
        for index in range(self.installations):
            organisation = sandbox.state.add_account(f"org-{index}", "Organization", when=sandbox.now())
            organisation.members = {MAINTAINER}
            self._repository(index, "tidepool")
        sandbox.clock_offset = -timedelta(days=30)
        for index in range(self.installations):
            sandbox.install_app(f"org-{index}", MAINTAINER)
        sandbox.clock_offset = timedelta()

    def tell(self, stories: Iterator[tuple[int, Story]], times: Iterator[datetime]) -> None:
        """Tell (installation, story) one after the other, each by somebody who is new there."""
        for (index, story), at in zip(stories, times, strict=False):
            self.sandbox.clock_offset = at - datetime.now(UTC)
            name = f"org-{index}/tidepool"
            author = f"person-{self.sandbox.state.repository(name).next_number}"
            if author not in self.sandbox.state.accounts:
                self.sandbox.add_user(author)
            number = story(Scene(self.sandbox, name, author))
            self.told.append(Told(story.__name__, name, number, at))
        self.sandbox.clock_offset = timedelta()

    def stir(self, index: int, at: datetime) -> None:
        """Somebody edits the item that is older than the installation."""
        self.sandbox.clock_offset = at - datetime.now(UTC)
        self.sandbox.edit_issue(f"org-{index}/tidepool", 1, MAINTAINER, title="Crash on an old row")
        self.sandbox.clock_offset = timedelta()

    def _repository(self, index: int, name: str) -> None:
        sandbox = self.sandbox
        full = f"org-{index}/{name}"
        made = sandbox.create_repository(f"org-{index}", name, FILES)
        made.collaborators = {MAINTAINER: "admin"}
        for label, color, description in LABELS:
            sandbox.state.make_label(made, label, color, description)
        self.untouchable.append((full, sandbox.open_issue(full, MAINTAINER, "Crash on a row", INCOMPLETE).number))


def empty_github() -> State:
    return new_state(datetime.now(UTC) - timedelta(days=400))


def outcome(sandbox: Sandbox, repository: str, number: int) -> tuple[Any, ...]:
    """All that the assistant has left on an item, without what differs from place to place."""
    thread = sandbox.thread(repository, number)
    bodies = tuple(_TELLTALE.sub("", one.body) for one in thread.by_bot())
    reviews = tuple(_TELLTALE.sub("", one.body) for one in thread.reviews)
    reactions = tuple(tuple(sorted(one.reactions.items())) for one in thread.comments)
    return tuple(sorted(thread.labels)), bodies, reviews, reactions


def can_be_found(story: str, delivery: Delivery) -> bool:
    """Whether looking at what is there can tell of a delivery that is listed no more: openings, and last words."""
    if delivery.event == "issue_comment":
        return story in LAST_WORDS
    return (delivery.event, delivery.action) in (("issues", "opened"), ("pull_request", "opened"))
