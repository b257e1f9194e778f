"""Webhook payloads as frozen values.

Payload reference: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from bot.domain.text.marker import MARKER_START

_LARGEST_NUMBER: Final = 2**31 - 1

ITEM_EVENTS: Final = frozenset(
    {"issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment"}
)
OWN_WRITES: Final = frozenset({"issue_comment.created", "pull_request_review.submitted"})
"""What GitHub tells us of our own comments and reviews."""
LIFECYCLE_EVENTS: Final = frozenset({"installation", "installation_repositories", "repository"})


@dataclass(frozen=True, slots=True)
class Actor:
    """A GitHub account. `kind` is GitHub's account type: User, Bot, Organization, Mannequin."""

    login: str
    id: int
    kind: str = "User"

    @property
    def is_bot(self) -> bool:
        return self.kind == "Bot" or self.login.endswith("[bot]")


@dataclass(frozen=True, slots=True)
class Repository:
    """`url` is the page for people (html_url), without a trailing slash."""

    id: int
    owner: str
    name: str
    private: bool
    default_branch: str
    url: str

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class CommentRef:
    """The comment that an event is about. `via_app` is the id of the App that wrote it, if one did."""

    id: int
    author: Actor
    body: str
    via_app: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """One delivery about an issue or a pull request. `kind` is "event.action", for example "issues.opened"."""

    delivery: str
    kind: str
    installation: int
    repository: Repository
    number: int
    is_pull: bool
    sender: Actor
    via_app: int | None = None
    comment: CommentRef | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The App was installed or removed, or repositories were added, removed, renamed or deleted."""

    delivery: str
    kind: str
    installation: int
    removed: tuple[int, ...] = ()
    added: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that needs no work, and why, in one line."""

    reason: str


Delivery = Event | Lifecycle | Ignored


@dataclass(frozen=True, slots=True)
class Route:
    """Where a delivery queues: `key` is the item (or the installation); None means that nothing has to run."""

    key: str | None
    action: str | None
    installation: int | None
    repository: int | None
    number: int | None
    reason: str
    proof: bool = False
    """Nothing has to run, but it is kept: after a lost answer it proves that our own write arrived."""


def item_key(repository: int, number: int) -> str:
    """The name of the one queue slot that an issue or pull request has."""
    return f"{repository}#{number}"


def route(
    event: str, payload: Mapping[str, Any], handled: frozenset[str], of_bots: frozenset[str] = frozenset()
) -> Route:
    """Where a delivery queues, read from as few fields as possible; never raises on a JSON object.

    `handled` are the "event.action" names that somebody listens to. Events of bots stop here, ours included, except
    for those `of_bots` that somebody only takes note of.
    """
    action = _text(payload.get("action"))
    installation = _id(payload.get("installation"))
    repository = _id(payload.get("repository"))
    name = f"{event}.{action}" if action else event
    if event in LIFECYCLE_EVENTS and installation is not None:
        return Route(f"installation:{installation}", action, installation, repository, None, f"queued: {name}")
    if name not in handled:  # guard: handled-events (34)
        return Route(None, action, installation, repository, None, f"ignored: {name} is not handled")
    sender = payload.get("sender")
    # guard: bots-at-the-door (7)
    if isinstance(sender, Mapping) and sender.get("type") == "Bot" and name not in of_bots:
        reason = f"ignored: {name} was done by a bot"
        # guard: proofs-of-writes (30): without proof
        return Route(None, action, installation, repository, None, reason, proof=_may_be_ours(name, payload))
    item = payload.get("issue") or payload.get("pull_request")
    number = item.get("number") if isinstance(item, Mapping) else None
    # guard: whole-targets (1)
    if installation is None or repository is None or not _is_id(number) or number > _LARGEST_NUMBER:
        reason = f"ignored: {name} names no installation, repository or number"
        return Route(None, action, installation, repository, None, reason)
    key = item_key(repository, number)
    return Route(key, action, installation, repository, number, f"queued: {name}")


def _may_be_ours(name: str, payload: Mapping[str, Any]) -> bool:
    """Whether a bot has written something that begins like our comments do; who it was is looked at when it matters."""
    made = payload.get("comment" if name == "issue_comment.created" else "review")
    body = made.get("body") if isinstance(made, Mapping) else None
    # guard: proofs-by-their-marker (30): without body.startswith(MARKER_START)
    return name in OWN_WRITES and isinstance(body, str) and body.startswith(MARKER_START)


def parse(event: str, delivery: str, payload: Mapping[str, Any]) -> Delivery:
    """The value of a delivery. Anything that lacks what we need is `Ignored`, with the field that is missing."""
    try:
        if event in ITEM_EVENTS:
            return _item_event(event, delivery, payload)
        if event in LIFECYCLE_EVENTS:
            return _lifecycle(event, delivery, payload)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Ignored(f"{event}: unusable payload ({type(error).__name__}: {error})")
    return Ignored(f"{event} is not handled")


def actor(data: Mapping[str, Any] | None) -> Actor:
    """The account in a payload or an API answer; deleted accounts (null) become the ghost user."""
    if data is None:
        return Actor("ghost", 10137, "User")
    return Actor(str(data["login"]), int(data["id"]), str(data.get("type", "User")))


def repository(data: Mapping[str, Any]) -> Repository:
    """The repository in a payload or an API answer."""
    return Repository(
        id=int(data["id"]),
        owner=str(data["owner"]["login"]),
        name=str(data["name"]),
        # What is not said to be public is treated as private.
        private=bool(data.get("private", True)),
        default_branch=str(data.get("default_branch") or "main"),
        url=str(data.get("html_url") or f"https://github.com/{data['owner']['login']}/{data['name']}").rstrip("/"),
    )


def _item_event(event: str, delivery: str, payload: Mapping[str, Any]) -> Event:
    item = payload.get("issue") or payload["pull_request"]
    comment = payload.get("comment") or payload.get("review")
    return Event(
        delivery=delivery,
        kind=f"{event}.{payload['action']}",
        installation=int(payload["installation"]["id"]),
        repository=repository(payload["repository"]),
        number=int(item["number"]),
        is_pull="pull_request" in payload or bool(item.get("pull_request")),
        sender=actor(payload["sender"]),
        via_app=_via_app(comment or item),
        comment=_comment(comment) if comment else None,
    )


def was_moved(event: str, payload: Mapping[str, Any]) -> bool:
    """A transferred issue is opened at its new place, with its whole thread.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads?actionType=opened#issues
    """
    return event == "issues" and payload["action"] == "opened" and bool((payload.get("changes") or {}).get("old_issue"))


def _comment(data: Mapping[str, Any]) -> CommentRef:
    return CommentRef(int(data["id"]), actor(data["user"]), str(data.get("body") or ""), _via_app(data))


def _via_app(data: Mapping[str, Any]) -> int | None:
    app = data.get("performed_via_github_app")
    return int(app["id"]) if isinstance(app, Mapping) else None


def _lifecycle(event: str, delivery: str, payload: Mapping[str, Any]) -> Lifecycle | Ignored:
    action = payload["action"]
    installation = payload["installation"]
    removed = [int(one["id"]) for one in payload.get("repositories_removed", ())]
    listed = payload.get("repositories_added" if event == "installation_repositories" else "repositories") or ()
    added = [int(one["id"]) for one in listed] if action in ("added", "created", "removed") else []
    if event == "repository" and action == "deleted":
        removed.append(int(payload["repository"]["id"]))
    return Lifecycle(
        delivery=delivery,
        kind=f"{event}.{action}",
        installation=int(installation["id"]),
        removed=tuple(removed),
        added=tuple(added),
    )


def _text(value: object) -> str | None:
    # guard: printable-actions (26): without value.isprintable()
    # guard: short-actions (26): without len(value) <= 64
    usable = isinstance(value, str) and len(value) <= 64 and value.isascii() and value.isprintable()
    return str(value) if usable else None


def _is_id(value: object) -> TypeGuard[int]:
    # guard: numbers-for-ids (1, 26): without not isinstance(value, bool)
    # guard: usable-ids (1, 26): without 0 < value < 2 ** 63
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _id(value: object) -> int | None:
    found = value.get("id") if isinstance(value, Mapping) else None
    return found if _is_id(found) else None
