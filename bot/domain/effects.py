"""What the executor is told to do: rendered, complete, and without a word about where."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.actions import Reaction
from bot.domain.status import Thread
from bot.domain.text import Rendered


@dataclass(frozen=True, slots=True)
class PutLabels:
    """Add labels that the item lacks. `key` names the effect within its delivery."""

    key: str
    labels: tuple[str, ...]
    commanded: bool


@dataclass(frozen=True, slots=True)
class TakeLabels:
    key: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutStatus:
    """Make the thread's one comment say `body`; None: there should be none (yet). `thread` is what to remember."""

    body: Rendered | None
    thread: Thread


@dataclass(frozen=True, slots=True)
class PutReview:
    head_sha: str
    body: Rendered
    remarks: tuple[Mapping[str, object], ...]
    bodies: tuple[Rendered, ...]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutReply:
    body: Rendered


@dataclass(frozen=True, slots=True)
class PutReaction:
    content: Reaction


Effect = PutLabels | TakeLabels | PutStatus | PutReview | PutReply | PutReaction
