"""Which deliveries were lost, judged from the items and comments of a repository: pure.

GitHub lists deliveries for about three days. What is older than that can only be found again by looking at what was
created meanwhile. docs/decisions/0005-what-an-outage-leaves-behind.md says why some of it is left alone.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.domain.commands import parse_commands
from bot.domain.events import Actor, actor

_NAMES: Final = uuid.UUID("6f1c9a0e-6a36-5d0b-9d6a-0f6a3b7c2e11")
_SAME_MOMENT: Final = timedelta(seconds=2)
"""A comment and the change of its item's `updated_at` that it brings may be a second apart."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time, both ends included, in which deliveries were lost."""

    begins: datetime
    ends: datetime

    def __contains__(self, at: datetime) -> bool:
        # GitHub's times are whole seconds, cut off.
        return self.begins.replace(microsecond=0) <= at <= self.ends

    def since(self, at: datetime) -> "Window":
        """The part of it that is not before `at`."""
        return Window(max(self.begins, at), self.ends)  # guard: since-the-installation (1): without max


@dataclass(frozen=True, slots=True)
class Known:
    """What did arrive: ("issues" | "pull_request", number) of opened items, and ids of created comments."""

    opened: frozenset[tuple[str, int]]
    comments: frozenset[int]


@dataclass(frozen=True, slots=True)
class Lost:
    """A delivery as it would have come. The same event has the same GUID whenever it is found."""

    guid: str
    event: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: an installation, and the repository as the API shows it."""

    installation: int
    repository: Mapping[str, Any]

    @property
    def id(self) -> int:
        return int(self.repository["id"])


def lost(
    place: Place,
    items: Iterable[Mapping[str, Any]],
    comments: Iterable[Mapping[str, Any]],
    window: Window,
    known: Known,
) -> list[Lost]:
    """Items opened and commands written inside the window whose delivery did not arrive, oldest first.

    `items` and `comments` are as the API lists them, for issues and pull requests alike. Raises KeyError, TypeError or
    ValueError for what is no such list.
    """
    by_number = {int(one["number"]): one for one in items}
    opened = ((_time(one, "created_at"), made) for one in by_number.values() for made in _opened(place, one, known))
    commands = ((_time(one, "created_at"), made) for one in comments for made in _command(place, one, by_number, known))
    # guard: lost-in-the-window (1): without at in window
    found = [(at, made) for at, made in (*opened, *commands) if at in window]
    return [made for _at, made in sorted(found, key=lambda one: one[0])]


def _opened(place: Place, item: Mapping[str, Any], known: Known) -> Iterator[Lost]:
    kind, number = ("pull_request" if _is_pull(item) else "issues"), int(item["number"])
    # guard: lost-items (7, 28): each
    if (kind, number) in known.opened or _author(item).is_bot:
        return
    field = "pull_request" if _is_pull(item) else "issue"
    yield _made(place, kind, "opened", item, {field: {"number": number}})


def _command(
    place: Place, comment: Mapping[str, Any], items: Mapping[int, Mapping[str, Any]], known: Known
) -> Iterator[Lost]:
    """A command that was its thread's last word. Where the thread went on, it would come out of the blue."""
    item = items.get(int(str(comment["issue_url"]).rsplit("/", 1)[-1]))
    written, body = _time(comment, "created_at"), str(comment.get("body") or "")
    # guard: lost-commands (28): without int(comment['id']) in known.comments
    # guard: lost-words-of-bots (7): without _author(comment).is_bot
    if item is None or int(comment["id"]) in known.comments or _author(comment).is_bot:
        return
    edited = _time(comment, "updated_at") != written
    went_on = _time(item, "updated_at") > written + _SAME_MOMENT
    # guard: last-words (6): each
    if edited or went_on or not parse_commands(body):
        return
    issue: dict[str, Any] = {"number": int(item["number"])}
    if _is_pull(item):
        issue["pull_request"] = {"html_url": item.get("html_url")}
    shown = {"id": int(comment["id"]), "body": body, "user": _account(_author(comment))}
    yield _made(place, "issue_comment", "created", comment, {"issue": issue, "comment": shown})


def _made(place: Place, event: str, action: str, by: Mapping[str, Any], fields: Mapping[str, Any]) -> Lost:
    number = next(one["number"] for name, one in fields.items() if name != "comment")
    about = f"{place.id}#{number} {event}.{action}" + (f" {by['id']}" if "comment" in fields else "")
    repository = place.repository
    kept = {name: repository.get(name) for name in ("id", "name", "private", "default_branch", "html_url")}
    payload = {
        "action": action,
        **fields,
        "repository": {**kept, "owner": {"login": repository["owner"]["login"]}},
        "sender": _account(_author(by)),
        "installation": {"id": place.installation},
    }
    return Lost(str(uuid.uuid5(_NAMES, about)), event, payload)


def _is_pull(item: Mapping[str, Any]) -> bool:
    """Lists of issues mark pull requests by `pull_request`; those of pull requests have a `head`."""
    return bool(item.get("pull_request") or item.get("head"))


def _author(data: Mapping[str, Any]) -> Actor:
    return actor(data.get("user"))


def _account(who: Actor) -> dict[str, Any]:
    return {"login": who.login, "id": who.id, "type": who.kind}


def _time(data: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(str(data[name]))
