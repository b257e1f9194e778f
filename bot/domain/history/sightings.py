"""Items and changes as the API lists them and as deliveries tell of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from bot.domain.events import actor, repository
from bot.domain.facts import MAINTAINER_ASSOCIATIONS, AppIdentity
from bot.domain.history.duplicates import said_duplicate
from bot.domain.history.values import (
    AT_ONCE,
    MAX_BODY,
    MAX_LABELS,
    MAX_TITLE,
    Change,
    ChangeKind,
    HistoryItem,
    Setter,
    Writer,
    clean,
    clean_label,
)

NOTED_EVENTS: Final = frozenset(
    f"{event}.{action}"
    for event in ("issues", "pull_request")
    for action in ("opened", "edited", "labeled", "unlabeled", "closed", "reopened", "deleted", "transferred")
    if (event, action) not in {("pull_request", "deleted"), ("pull_request", "transferred")}
)
"""What changes the index, whoever does it."""
REMOVALS: Final = frozenset({"issues.deleted", "issues.transferred"})
"""What no list shows afterwards."""
_KINDS: Final = {
    "labeled": ChangeKind.LABELED,
    "unlabeled": ChangeKind.UNLABELED,
    "marked_as_duplicate": ChangeKind.MARKED,
    "unmarked_as_duplicate": ChangeKind.UNMARKED,
}

Digest = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Noted:
    """What a delivery tells: the item as it is, or that it is gone; and a change of a label."""

    item: HistoryItem
    gone: bool = False
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Of an item, what is needed to tell who set its labels. `author` is a digest."""

    number: int
    author: str
    association: str
    created_at: datetime


def item(data: Mapping[str, Any], app: AppIdentity, digest: Digest) -> HistoryItem:
    """An item of the API's lists or of a payload, pull requests in either form.

    Raises KeyError, TypeError or ValueError for what is none.
    """
    who = actor(data.get("user"))
    via = (data.get("performed_via_github_app") or {}).get("id")
    is_pull = bool(data.get("pull_request") or data.get("head"))
    closed = data.get("closed_at")
    return HistoryItem(
        number=int(data["number"]),
        is_pull=is_pull,
        title=clean(data.get("title"), MAX_TITLE),
        body=clean(data.get("body"), MAX_BODY),
        state="closed" if data["state"] == "closed" else "open",
        state_reason="merged" if _merged(data) else clean(data.get("state_reason"), MAX_LABELS),
        association=clean(data.get("author_association"), MAX_LABELS) or "NONE",
        writer=Writer.US if app.did(who.login, via) else Writer.BOT if who.is_bot else Writer.PERSON,
        author=digest(who.login) if data.get("user") else "",
        labels=tuple(sorted({clean_label(one["name"]) for one in (data.get("labels") or ())[:MAX_LABELS]})),
        comments=int(data.get("comments") or 0),
        created_at=_time(data["created_at"]),
        updated_at=_time(data["updated_at"]),
        closed_at=_time(closed) if closed else None,
    )


def origin(found: HistoryItem) -> Origin:
    """Who opened an item, and when."""
    return Origin(found.number, found.author, found.association, found.created_at)


def change(data: Mapping[str, Any], of: Origin, app: AppIdentity, digest: Digest) -> Change | None:
    """An entry of GitHub's lists of events; None if it is about something else. Raises like `item`.

    https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
    """
    kind = _KINDS.get(data["event"])
    if kind is None:
        return None
    at = _time(data["created_at"])
    label = clean_label(data["label"]["name"]) if kind in (ChangeKind.LABELED, ChangeKind.UNLABELED) else ""
    setter = _setter(data, data.get("actor"), of, at, app=app, digest=digest)
    return Change(of.number, kind, label, setter, at, f"event:{int(data['id'])}")


def noted(kind: str, guid: str, payload: Mapping[str, Any], app: AppIdentity, digest: Digest) -> Noted | None:
    """What a delivery ("event.action") tells the index; None if nothing. Raises like `item`.

    The time of a change is that of the item's last change, which it was when the payload was made.
    """
    if kind == "issue_comment.created":
        return _comment(payload, app, digest)
    if kind not in NOTED_EVENTS:
        return None
    data = payload.get("issue") or payload["pull_request"]
    found = item(data, app, digest)
    _event, _, action = kind.partition(".")
    label = payload.get("label")
    if action not in ("labeled", "unlabeled") or not label:
        return Noted(found, gone=kind in REMOVALS)
    setter = _setter({}, payload.get("sender"), origin(found), found.updated_at, app=app, digest=digest)
    made = Change(
        found.number, _KINDS[action], clean_label(label["name"]), setter, found.updated_at, f"delivery:{guid}"
    )
    return Noted(found, change=made)


def may_mark(comment: Mapping[str, Any], author: str, app: AppIdentity, digest: Digest) -> bool:
    """Whether a comment's word on duplicates counts: a maintainer's or the author's, no bot's and not ours.

    `author` is the digest of who opened the item.
    """
    who = actor(comment.get("user"))
    via = (comment.get("performed_via_github_app") or {}).get("id")
    trusted = comment.get("author_association") in MAINTAINER_ASSOCIATIONS or digest(who.login) == author
    return trusted and not who.is_bot and not app.did(who.login, via)


def _comment(payload: Mapping[str, Any], app: AppIdentity, digest: Digest) -> Noted | None:
    data, comment = payload["issue"], payload["comment"]
    original = said_duplicate(str(comment.get("body") or ""), repository(payload["repository"]).full_name)
    if original is None or original == int(data["number"]):
        return None
    found = item(data, app, digest)
    if not may_mark(comment, found.author, app, digest):
        return None
    return Noted(replace(found, duplicate_of=original))


def _setter(
    data: Mapping[str, Any],
    by: Mapping[str, Any] | None,
    of: Origin,
    at: datetime,
    *,
    app: AppIdentity,
    digest: Digest,
) -> Setter:
    who = actor(by)
    if app.did(who.login, (data.get("performed_via_github_app") or {}).get("id")):
        return Setter.US
    if who.is_bot:
        return Setter.BOT
    # People without a role can set no label: what came with their issue was set by its form.
    with_it = digest(who.login) == of.author and at - of.created_at <= AT_ONCE
    return Setter.FORM if with_it and of.association not in MAINTAINER_ASSOCIATIONS else Setter.PERSON


def _merged(data: Mapping[str, Any]) -> bool:
    links = data.get("pull_request")
    return bool(data.get("merged_at") or (isinstance(links, Mapping) and links.get("merged_at")))


def _time(text: object) -> datetime:
    return datetime.fromisoformat(str(text))
