"""What the judge may know: the events, every request to GitHub and to the model, and the operator's configuration."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import unquote

from bot.sandbox.auth import InstallationCaller
from bot.sandbox.hooks import Delivery
from bot.sandbox.record import LoggedRequest

BLANK: Final[Mapping[str, Any]] = {}
_REPOSITORY: Final = r"/repos/(?P<repository>[^/]+/[^/]+)"
WRITES: Final[tuple[tuple[str, str, re.Pattern[str], frozenset[str]], ...]] = tuple(
    (name, method, re.compile(pattern), frozenset(keys.split()))
    for name, method, pattern, keys in (
        ("comment", "POST", rf"{_REPOSITORY}/issues/(?P<number>\d+)/comments", "body"),
        ("comment edit", "PATCH", rf"{_REPOSITORY}/issues/comments/(?P<target>\d+)", "body"),
        ("labels", "POST", rf"{_REPOSITORY}/issues/(?P<number>\d+)/labels", "labels"),
        ("unlabel", "DELETE", rf"{_REPOSITORY}/issues/(?P<number>\d+)/labels/(?P<label>[^/]+)", ""),
        ("reaction", "POST", rf"{_REPOSITORY}/(?:issues|pulls)/comments/(?P<target>\d+)/reactions", "content"),
        ("review", "POST", rf"{_REPOSITORY}/pulls/(?P<number>\d+)/reviews", "commit_id event body comments"),
        (
            "token",
            "POST",
            r"/app/installations/(?P<installation>\d+)/access_tokens",
            "repositories repository_ids permissions",
        ),
        ("redelivery", "POST", r"/app/hook/deliveries/\d+/attempts", ""),
    )
)
"""The closed list of invariant 3, as far as something makes use of it: name, method, path, keys of the body."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A repository as its maintainers configured it. `links` are prefixes that may be linked besides the repository."""

    id: int
    existing: frozenset[str]
    allowed: frozenset[str]
    maintainers: frozenset[str]
    canary: str
    links: tuple[str, ...] = ()
    default_shas: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request's head and, by path, the lines of the head version that its diff shows."""

    head_sha: str
    lines: Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Question:
    """One request to the model as it came."""

    host: str
    path: str
    body: Mapping[str, Any]

    @property
    def said(self) -> list[str]:
        return [str(one.get("content") or "") for one in self.body.get("messages", ())]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that crossed the wire, and what the judge may compare it with. Names of repositories are in lower case."""

    requests: Sequence[LoggedRequest]
    deliveries: Sequence[Delivery]
    tokens: Mapping[str, InstallationCaller]
    rules: Mapping[str, Rules]
    pulls: Mapping[tuple[str, int], Pull] = field(default_factory=dict)
    questions: Sequence[Question] = ()
    model_host: str = ""
    secrets: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `texts` are all words that it brought."""

    event: str
    action: str
    repository: str
    number: int
    sender: str
    is_bot: bool
    at: datetime
    url: str
    comment: Mapping[str, Any]
    label: str
    head: str
    texts: str


@dataclass(frozen=True, slots=True)
class Write:
    """One request that asks for an effect; `kind` is "" where it is not on the closed list."""

    request: LoggedRequest
    kind: str
    repository: str = ""
    number: int = 0
    target: int = 0
    label: str = ""

    @property
    def body(self) -> Mapping[str, Any]:
        return self.request.body if isinstance(self.request.body, dict) else BLANK

    @property
    def name(self) -> str:
        return f"{self.request.method} {self.request.path}"


@dataclass(frozen=True, slots=True)
class Body:
    """A text that was sent, and where; `remark` is a review's comment on a line."""

    write: Write
    text: str
    remark: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """The scene, read once for all checks."""

    scene: Scene

    @cached_property
    def happenings(self) -> tuple[Happening, ...]:
        return tuple(_happenings(self.scene.deliveries))

    @cached_property
    def writes(self) -> tuple[Write, ...]:
        return tuple(self._located(_write(one)) for one in self.scene.requests if one.method not in ("GET", "HEAD"))

    @cached_property
    def effects(self) -> tuple[Write, ...]:
        """Writes to a repository."""
        return tuple(one for one in self.writes if one.repository)

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        return tuple(body for one in self.effects for body in _bodies(one))

    @cached_property
    def by_item(self) -> Mapping[tuple[str, int], tuple[Happening, ...]]:
        found: dict[tuple[str, int], list[Happening]] = defaultdict(list)
        for one in self.happenings:
            found[one.repository, one.number].append(one)
        return {key: tuple(value) for key, value in found.items()}

    @cached_property
    def comments(self) -> Mapping[int, tuple[Happening, ...]]:
        found: dict[int, list[Happening]] = defaultdict(list)
        for one in self.happenings:
            if one.comment:
                found[int(one.comment["id"])].append(one)
        return {key: tuple(value) for key, value in found.items()}

    @cached_property
    def pages(self) -> Mapping[str, str]:
        """Each repository's address for people."""
        return {one.repository: one.url for one in self.happenings}

    def of(self, write: Write) -> tuple[Happening, ...]:
        return self.by_item.get((write.repository, write.number), ())

    def _located(self, write: Write) -> Write:
        """Edits and reactions name only a comment; the thread is known from the comment's event."""
        known = self.comments.get(write.target, ())
        if not write.target or not known:
            return write
        return Write(write.request, write.kind, write.repository, known[0].number, write.target, write.label)


def _write(request: LoggedRequest) -> Write:
    for name, method, pattern, _keys in WRITES:
        found = pattern.fullmatch(request.path) if method == request.method else None
        if found is not None:
            parts = {key: unquote(value) for key, value in found.groupdict().items()}
            return Write(
                request,
                name,
                parts.get("repository", "").lower(),
                int(parts.get("number", 0)),
                int(parts.get("target", 0)),
                parts.get("label", ""),
            )
    return Write(request, "")


def _bodies(write: Write) -> Iterator[Body]:
    if write.kind in ("comment", "comment edit", "review"):
        yield Body(write, str(write.body.get("body", "")))
    if write.kind == "review":
        for one in write.body.get("comments", ()):
            yield Body(write, str(one.get("body", "")), one)


def _happenings(deliveries: Sequence[Delivery]) -> Iterator[Happening]:
    for one in deliveries:
        payload = one.payload
        item = (payload.get("issue") or payload.get("pull_request")) if isinstance(payload, dict) else None
        if not isinstance(item, dict):
            continue
        comment = payload.get("comment") or {}
        review = payload.get("review") or {}
        yield Happening(
            event=one.event,
            action=str(payload.get("action")),
            repository=str(payload["repository"]["full_name"]).lower(),
            number=int(item["number"]),
            sender=str(payload["sender"]["login"]),
            is_bot=payload["sender"]["type"] == "Bot",
            at=one.delivered_at,
            url=str(payload["repository"]["html_url"]),
            comment=comment,
            label=str((payload.get("label") or {}).get("name", "")),
            head=str((item.get("head") or {}).get("sha", "")),
            texts="\n".join(
                str(part) for part in (item.get("title"), item.get("body"), comment.get("body"), review.get("body"))
            ),
        )
