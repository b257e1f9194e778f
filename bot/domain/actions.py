"""The closed list of what a plan may contain. Nothing here names a repository or an issue: the host does."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.text import Text


class Source(StrEnum):
    """Who wants an action: rules of ours (what was learned included), a model's answer, or a person's command."""

    RULES = "rules"
    MODEL = "model"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class SetSection:
    """Write the capability's section of the thread's one comment.

    A `quiet` section is shown only where the comment exists for another reason. `numbers` are items of this repository
    that the host itself retrieved: "#n" stays live in this text for these only. One that is `alone` suffers no other
    capability's section beside it.
    """

    text: Text
    quiet: bool = False
    numbers: tuple[int, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True)
class DropSection:
    """Take the capability's section away; `closing` stays as one line if nothing else is left."""

    closing: Text


@dataclass(frozen=True, slots=True)
class AddLabels:
    labels: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class RemoveLabels:
    """Remove labels that we set. `any_owner` asks for labels of people too, which the gate allows by setting only."""

    labels: tuple[str, ...]
    source: Source
    any_owner: bool = False


class Reaction(StrEnum):
    """GitHub's names: https://docs.github.com/en/rest/reactions/reactions"""

    DONE = "+1"
    SEEN = "eyes"
    CONFUSED = "confused"


@dataclass(frozen=True, slots=True)
class React:
    """A receipt on the comment that triggered the event (never on another one)."""

    content: Reaction


@dataclass(frozen=True, slots=True)
class Reply:
    """The one reply to the comment that triggered the event."""

    text: Text


@dataclass(frozen=True, slots=True)
class LineComment:
    """A remark on lines of the head version of a changed file; `start_line` ≤ `line`, both 1-based.

    With a `suggestion` (lines without line ends) exactly those lines are replaced; `original` is what they hold now.
    """

    path: str
    line: int
    text: Text
    start_line: int | None = None
    suggestion: tuple[str, ...] | None = None
    original: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """One review (event COMMENT) of the pull request at `head_sha`, in one request."""

    head_sha: str
    text: Text
    comments: tuple[LineComment, ...]


Action = SetSection | DropSection | AddLabels | RemoveLabels | React | Reply | Review
