"""The values of the history index."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

MAX_TITLE: Final = 1_000
MAX_BODY: Final = 20_000
"""Characters that are kept of a title and a body: learning and search read no more."""
MAX_LABELS: Final = 100
AT_ONCE: Final = timedelta(seconds=10)
"""The labels that an item is opened with come with it, seconds after it at most."""
_MAX_LABEL: Final = 200


class Writer(StrEnum):
    """Who wrote an item: nobody's login is kept."""

    PERSON = "person"
    US = "us"
    BOT = "bot"


class Setter(StrEnum):
    """Who set or removed a label. FORM: an issue form or the address that the item was opened with."""

    PERSON = "person"
    US = "us"
    BOT = "bot"
    FORM = "form"


class ChangeKind(StrEnum):
    """What happened; (un)marked: GitHub's own mark of a duplicate, which does not say of what."""

    LABELED = "labeled"
    UNLABELED = "unlabeled"
    MARKED = "marked"
    UNMARKED = "unmarked"


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """An issue or a pull request. Times are UTC; `body` is cut at MAX_BODY characters.

    `state` is open or closed; `state_reason` is GitHub's (completed, not_planned, duplicate, reopened), "merged" for a
    merged pull request, else empty. `association` is GitHub's author_association. `author` is a digest (see
    `author_digest`), empty where unknown. `duplicate_of` is the number that people named, as they named it: see
    `canonical`.
    """

    number: int
    is_pull: bool
    title: str
    body: str
    state: str
    state_reason: str
    association: str
    writer: Writer
    author: str
    labels: tuple[str, ...]
    comments: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a label, or of the mark of a duplicate (`label` is empty then). `source` is unique per item."""

    number: int
    kind: ChangeKind
    label: str
    setter: Setter
    at: datetime
    source: str


def author_digest(key: bytes, login: str) -> str:
    """A name for a person that means nothing outside the database that holds the key."""
    return hmac.new(key, login.lower().encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def clean(text: object, limit: int) -> str:
    """A text that PostgreSQL takes: no NUL, no lone surrogates; at most `limit` characters. None is empty."""
    cut = str(text or "")[:limit].replace("\0", "")
    return cut.encode("utf-8", "replace").decode()


def clean_label(name: object) -> str:
    return clean(name, _MAX_LABEL)
