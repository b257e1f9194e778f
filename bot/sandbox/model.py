"""The entities of the stand-in GitHub: plain records, changed only by `bot.sandbox.ops`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Json = dict[str, Any]
AccountType = Literal["User", "Bot", "Organization"]
Role = Literal["read", "triage", "write", "maintain", "admin"]
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


@dataclass(slots=True)
class Account:
    id: int
    login: str
    type: AccountType
    created_at: datetime
    name: str | None = None
    description: str | None = None
    members: set[str] = field(default_factory=set)
    """Logins (lower case) of an organisation's members."""


@dataclass(slots=True)
class App:
    id: int
    slug: str
    name: str
    owner: Account
    bot: Account
    created_at: datetime
    permissions: dict[str, str]
    events: list[str]
    description: str = ""
    external_url: str = "https://example.com/"


@dataclass(slots=True)
class Installation:
    id: int
    app: App
    account: Account
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime
    updated_at: datetime
    repository_ids: set[int] | None = None
    """None: every repository of the account, those created later included."""
    suspended_at: datetime | None = None
    suspended_by: Account | None = None


@dataclass(slots=True)
class Label:
    id: int
    name: str
    color: str
    description: str | None = None
    default: bool = False


@dataclass(slots=True)
class Reaction:
    id: int
    user: Account
    content: str
    created_at: datetime


@dataclass(slots=True)
class Comment:
    id: int
    repo_id: int
    number: int
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime
    via_app: App | None = None
    edited: bool = False
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class IssueEvent:
    id: int
    event: str
    actor: Account
    created_at: datetime
    via_app: App | None = None
    extra: Json = field(default_factory=dict)


@dataclass(slots=True)
class Review:
    id: int
    repo_id: int
    number: int
    author: Account
    body: str
    state: str
    commit_id: str
    submitted_at: datetime
    updated_at: datetime
    edited: bool = False


@dataclass(slots=True)
class ReviewComment:
    id: int
    review_id: int
    repo_id: int
    number: int
    author: Account
    body: str
    path: str
    side: str
    line: int | None
    original_line: int
    start_side: str | None
    start_line: int | None
    position: int | None
    original_position: int
    diff_hunk: str
    commit_id: str
    original_commit_id: str
    created_at: datetime
    updated_at: datetime
    in_reply_to_id: int | None = None
    edited: bool = False
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class Pull:
    id: int
    head_repo_id: int | None
    head_owner: Account
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    commits: list[str]
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    reviews: list[Review] = field(default_factory=list)
    comments: list[ReviewComment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A thread's lists as they were before one write; what a lagging replica still answers."""

    comments: tuple[Comment, ...]
    reviews: tuple[Review, ...]
    review_comments: tuple[ReviewComment, ...]
    until: datetime | None = None
    """When the write came that ended this state; None: it is the present one."""


@dataclass(slots=True)
class Issue:
    """An issue, or a pull request when `pull` is set: both share one number range, as on GitHub."""

    id: int
    repo_id: int
    number: int
    author: Account
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    locked: bool = False
    lock_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    via_app: App | None = None
    pull: Pull | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    events: list[IssueEvent] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    history: list[Snapshot] = field(default_factory=list)


@dataclass(slots=True)
class WorkflowRun:
    id: int
    workflow_id: int
    check_suite_id: int
    name: str
    path: str
    run_number: int
    event: str
    status: str
    conclusion: str | None
    head_sha: str
    head_branch: str
    head_repo_id: int
    actor: Account
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class CheckRun:
    id: int
    check_suite_id: int
    name: str
    head_sha: str
    status: str
    app: App
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str | None = None
    output: Json = field(default_factory=dict)
    actions: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Repository:
    id: int
    owner: Account
    name: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime
    description: str | None = None
    private: bool = False
    default_branch: str = "main"
    archived: bool = False
    has_issues: bool = True
    fork_of: int | None = None
    language: str | None = None
    next_number: int = 1
    topics: list[str] = field(default_factory=list)
    collaborators: dict[str, Role] = field(default_factory=dict)
    """Lower-case login -> role."""
    labels: dict[str, Label] = field(default_factory=dict)
    """Lower-case name -> label: GitHub's label names ignore case."""
    branches: dict[str, str] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number -> (repository id, number) where a transferred issue now lives."""
    runs: list[WorkflowRun] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"
