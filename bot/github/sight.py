"""What an event saw of its item when it was decided: a write that follows at once need not ask for it again."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.domain.events import Actor, actor
from bot.domain.facts import Facts

_FRESH: Final = 2.0


@dataclass(frozen=True, slots=True)
class Said:
    """A comment or a review, as far as it tells whose it is; `via_app` is the App that it came through, if any."""

    id: int
    author: Actor
    via_app: int | None
    body: str


@dataclass(frozen=True, slots=True)
class Sight:
    """The item's labels, the repository's, and the whole thread. `at`: `time.monotonic()` before they were read."""

    on_item: frozenset[str]
    in_repository: frozenset[str]
    comments: tuple[Said, ...]
    at: float

    @property
    def shows_labels(self) -> bool:
        return self.fresh and bool(self.in_repository)

    def without_labels(self) -> "Sight":
        """After a write of ours labels are not what they were."""
        return replace(self, in_repository=frozenset())

    @property
    def fresh(self) -> bool:
        """False after a model's answer or a wait of another kind: GitHub is asked again."""
        return time.monotonic() - self.at < _FRESH  # guard: fresh-sights (3, 4, 5): as True


def sight_of(facts: Facts, *, at: float) -> Sight:
    """What the facts show that were read from `at` on. `in_repository` is empty where labels were not read."""
    comments = tuple(Said(one.id, one.author, one.via_app, one.body) for one in facts.comments)
    return Sight(facts.item.labels, facts.label_names, comments, at)


def said(data: Mapping[str, Any]) -> Said:
    """From a comment or a review as the API and deliveries show it."""
    via = (data.get("performed_via_github_app") or {}).get("id")
    return Said(int(data["id"]), actor(data.get("user")), via, str(data.get("body") or ""))
