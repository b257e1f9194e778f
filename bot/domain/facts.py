"""What is read once per event, as frozen values. Everything a decision may know is here, the time included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.domain.commands import Invocation, only_commands
from bot.domain.events import Actor, Event
from bot.domain.feedback import ALL, DUPLICATES, TRIAGE, Feedback, Opinion
from bot.domain.learned import Lesson
from bot.domain.related import Relation
from bot.domain.status import Section

MAINTAINER_ASSOCIATIONS: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Need(StrEnum):
    """A group of facts that a capability can ask for; each costs the requests named here."""

    ITEM = "item"  # GET issue or pull request: always read
    COMMENTS = "comments"  # GET the thread's comments: always read
    LABELS = "labels"  # GET the repository's labels
    LABEL_EVENTS = "label_events"  # GET the thread's label history
    FORMS = "forms"  # GET .github/ISSUE_TEMPLATE and its files
    AUTHOR = "author"  # GET the author's earlier items in the repository
    COMMUNITY = "community"  # GET community files, the owner's .github repository included
    FILES = "files"  # GET the pull request's files
    DOCUMENTS = "documents"  # GET changed documentation at the head, the tree, and spelling of the changed lines
    CHECKS = "checks"  # GET workflow runs of the head
    PERMISSION = "permission"  # GET the sender's permission
    DECISIONS = "decisions"  # our own record of this thread
    LESSON = "lesson"  # what was learned from the history says of this issue: our own record
    RELATED = "related"  # our own index of the repository
    CONFIGURATION = "configuration"  # GET our configuration file at the head of the pull request that changes it


@dataclass(frozen=True, slots=True)
class Item:
    """An issue or a pull request as the API gives it when the event is handled. Times are UTC."""

    number: int
    is_pull: bool
    title: str
    body: str
    author: Actor
    association: str
    state: str
    locked: bool
    labels: frozenset[str]
    created_at: datetime
    url: str
    draft: bool = False
    head_sha: str | None = None
    head_branch: str | None = None
    from_fork: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of the thread. `association` is GitHub's author_association, `disliked` counts thumbs down."""

    id: int
    author: Actor
    association: str
    body: str
    created_at: datetime
    via_app: int | None = None
    disliked: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the repository."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """One line of the thread's label history, oldest first. `ours` is true where our App did it, told to or not."""

    label: str
    added: bool
    ours: bool
    at: datetime = _LONG_AGO


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of an issue form. `default` is the value that a form fills in by itself, `hint` what it explains."""

    label: str
    required: bool
    kind: str
    options: tuple[str, ...] = ()
    default: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class IssueForm:
    """An issue form (.yml) or a Markdown template (.md); of the latter, `fields` are its headings.

    `text` is the template's body (Markdown templates only), `labels` are those that the form sets by itself.
    """

    path: str
    name: str
    title: str
    labels: tuple[str, ...]
    fields: tuple[FormField, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class AuthorHistory:
    """How many items the author opened in this repository before this one; counts stop at a few."""

    issues: int
    pulls: int


@dataclass(frozen=True, slots=True)
class Community:
    """Pages for people (html_url), None where the file does not exist."""

    contributing: str | None = None
    code_of_conduct: str | None = None
    security: str | None = None
    support: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a pull request. `patch` is the unified diff without its header; None if GitHub sent none."""

    path: str
    status: str
    patch: str | None
    previous_path: str | None = None


@dataclass(frozen=True, slots=True)
class Misspelling:
    """A word on a changed line. `line` is 1-based in the head's file, `column` 0-based in characters."""

    path: str
    line: int
    column: int
    word: str
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What was decided on this thread before, for /why. `evidence` are plain-text lines; without `method` it was
    nothing, and `outcome` says why."""

    capability: str
    at: datetime
    event: str
    outcome: str
    evidence: tuple[str, ...]
    method: str


@dataclass(frozen=True, slots=True)
class ThreadMemory:
    """What we remember of the thread: our labels, our sections, and whether a person deleted our comment.

    `sections` names the capabilities that have one, `written` holds them as they were written last.
    """

    silenced: bool = False
    sections: frozenset[str] = frozenset()
    applied_labels: frozenset[str] = frozenset()
    written: Mapping[str, Section] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """Our App. `login` is the account that its comments carry, for example "my-assistant[bot]"."""

    id: int
    slug: str

    @property
    def login(self) -> str:
        return f"{self.slug}[bot]"

    def did(self, login: object, via_app: object) -> bool:
        """Whether something was done by us, from the account's login and the App's id that it came through."""
        return via_app == self.id or (bool(self.slug) and login == self.login)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one event. Groups that no capability asked for, or that may not be read, are empty.

    `invocations` are the commands of the comment that was just created, `role` is the sender's (read only if there
    are some). `unread` names the groups that GitHub refused to show (missing permission).
    `proposed_configuration` is our configuration file at a pull request's head, if it changes that file;
    `broken_configuration` lists the mistakes in the default branch's file that nobody was told of yet.
    `feedback` is what people said about our work in this thread; `lesson` is None where nothing was learned.
    """

    event: Event
    now: datetime
    app: AppIdentity
    item: Item
    comments: tuple[Comment, ...] = ()
    labels: tuple[Label, ...] = ()
    label_events: tuple[LabelEvent, ...] = ()
    forms: tuple[IssueForm, ...] = ()
    author: AuthorHistory | None = None
    community: Community = field(default_factory=Community)
    files: tuple[ChangedFile, ...] = ()
    documents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tree: frozenset[str] = frozenset()
    misspellings: tuple[Misspelling, ...] = ()
    checks_waiting: bool = False
    invocations: tuple[Invocation, ...] = ()
    role: str = "none"
    decisions: tuple[DecisionRecord, ...] = ()
    memory: ThreadMemory = field(default_factory=ThreadMemory)
    unread: frozenset[Need] = frozenset()
    proposed_configuration: str | None = None
    broken_configuration: tuple[str, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    lesson: Lesson | None = None
    related: Relation = field(default_factory=Relation)

    @property
    def label_names(self) -> frozenset[str]:
        return frozenset(label.name for label in self.labels)

    @property
    def _words(self) -> Mapping[str, bool]:
        """Case-folded label → whether the newest word of a person, by hand or by a command, is that it belongs here."""
        by_hand = [(one.at, one.label, one.added) for one in self.label_events if not one.ours]
        said = [
            (one.at, one.subject, one.opinion is Opinion.RIGHT)
            for one in self.feedback
            if one.subject and one.capability != DUPLICATES
        ]
        # guard: words-by-command (4): without *said
        in_order = sorted((*by_hand, *said), key=lambda word: word[0])
        return {label.casefold(): wanted for _at, label, wanted in in_order}

    @property
    def corrected(self) -> frozenset[str]:
        """Labels, case-folded, that we put on this thread and people took off, or called wrong."""
        ours: set[str] = set()
        found = set(self.wrong_labels)
        for one in self.label_events:
            name = one.label.casefold()
            if one.added and one.ours:
                ours.add(name)
            elif not one.added and not one.ours and name in ours:
                found.add(name)
        return frozenset(found)

    @property
    def wrong_labels(self) -> frozenset[str]:
        """Labels of ours, case-folded, that people called wrong or took off by a command."""
        wrong = (one for one in self.feedback if one.capability == TRIAGE and one.opinion is Opinion.WRONG)
        return frozenset(one.subject.casefold() for one in wrong if one.subject)

    def was_removed(self, label: str) -> bool:
        """Whether the newest word of a person is that the label, in any case, does not belong here: by hand, by
        /unlabel or by /wrong. We never put it there by ourselves."""
        return self._words.get(label.casefold()) is False

    def called_wrong(self, capability: str) -> bool:
        """Whether people said that all that the capability did in this thread is wrong."""
        return any(
            one.capability in (capability, ALL) and not one.subject and one.opinion is Opinion.WRONG
            for one in self.feedback
        )

    @property
    def set_by_us(self) -> frozenset[str]:
        """Labels on the item that we put there by ourselves; those that a person asked for are that person's."""
        words = self._words
        return frozenset(one for one in self.put_by_us if not words.get(one.casefold()))

    @property
    def put_by_us(self) -> frozenset[str]:
        """Labels on the item that we put there, told to or not, by the thread's history; where it is unread, by our
        own record."""
        if Need.LABEL_EVENTS in self.unread or not self.label_events:
            return self.memory.applied_labels & self.item.labels
        last = {one.label: one for one in self.label_events}
        return frozenset(name for name, one in last.items() if one.added and one.ours) & self.item.labels

    @property
    def maintainer_answered(self) -> bool:
        """A maintainer other than the author has written in the thread, more than commands."""
        return any(
            one.association in MAINTAINER_ASSOCIATIONS
            and not one.author.is_bot
            and one.author.id != self.item.author.id
            and not only_commands(one.body)
            for one in self.comments
        )
