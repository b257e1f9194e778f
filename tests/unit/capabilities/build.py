"""Facts and contexts for tests of capabilities: an ordinary open issue of a stranger, unless said otherwise."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.capabilities import REGISTRY
from bot.domain.actions import Action
from bot.domain.capability import Context, Mode, Options
from bot.domain.commands import parse_commands
from bot.domain.events import Actor, CommentRef, Event, Repository
from bot.domain.facts import AppIdentity, Comment, Facts, Item, Label, LabelEvent
from bot.domain.plan import Plan, Skip
from bot.domain.text import Details, Prose, RenderPolicy, Text, render

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AUTHOR = Actor("ada", 7)
MAINTAINER = Actor("grace", 8)
BOT = Actor("helper[bot]", 9, "Bot")
REPOSITORY = Repository(1, "octo", "rocket", False, "main", "https://github.com/octo/rocket")
LABELS = ("bug", "enhancement", "question", "documentation", "needs-info", "good first issue", "area: cli")
POLICY = RenderPolicy("https://github.com/octo/rocket", "https://github.com/octo")


def facts(kind: str = "issues.opened", *, title: str = "", body: str = "", **changes: Any) -> Facts:
    """Facts of an event; `changes` are fields of Facts, or of its Item with the prefix "item_"."""
    item = Item(
        number=5,
        is_pull=kind.startswith("pull_request"),
        title=title,
        body=body,
        author=AUTHOR,
        association="NONE",
        state="open",
        locked=False,
        labels=frozenset(),
        created_at=NOW,
        url="https://github.com/octo/rocket/issues/5",
    )
    own = {name.removeprefix("item_"): value for name, value in changes.items() if name.startswith("item_")}
    item = replace(item, **own)
    rest = {name: value for name, value in changes.items() if not name.startswith("item_")}
    event = Event("guid", kind, 2, REPOSITORY, item.number, item.is_pull, rest.pop("sender", AUTHOR))
    rest.setdefault("labels", tuple(Label(name) for name in LABELS))
    return Facts(event=event, now=NOW, app=AppIdentity(1, "assistant"), item=item, **rest)


def commented(comment: str, *, by: Actor = MAINTAINER, kind: str = "issue_comment.created", **changes: Any) -> Facts:
    """Facts of a new comment, its commands parsed as the host does."""
    made = facts(kind, sender=by, invocations=parse_commands(comment), **changes)
    return replace(made, event=replace(made.event, comment=CommentRef(99, by, comment, None)))


def context(options: Options, *, mode: Mode = Mode.ACT, off: tuple[str, ...] = ()) -> Context:
    """The context of a repository with the default allow-list; `off` are capabilities that are switched off."""
    commands = tuple(one for made in REGISTRY if made.manifest.id not in off for one in made.manifest.commands)
    allowed = {"bug", "enhancement", "question", "documentation", "needs-info"}
    return Context(mode, options, frozenset(allowed) | options.extra_labels(), commands=commands)


def set_by_us(*names: str) -> tuple[LabelEvent, ...]:
    return tuple(LabelEvent(name, added=True, ours=True) for name in names)


def set_by_people(*names: str) -> tuple[LabelEvent, ...]:
    return tuple(LabelEvent(name, added=True, ours=False) for name in names)


def removed_by_people(*names: str) -> tuple[LabelEvent, ...]:
    """Labels that we set and a person took off."""
    return (*set_by_us(*names), *(LabelEvent(name, added=False, ours=False) for name in names))


def comment(body: str, by: Actor = AUTHOR, association: str = "NONE", number: int = 50) -> Comment:
    return Comment(number, by, association, body, NOW)


def actions_of(decided: Plan | Skip) -> tuple[Action, ...]:
    assert isinstance(decided, Plan), decided
    return decided.actions


def read_text(text: Text) -> str:
    """The source of a text, folds included."""
    return "\n".join(f"{one.summary}\n{one.markdown}" if isinstance(one, Details) else one.markdown for one in text)


def rendered(text: Text) -> str:
    """What is posted."""
    assert all(isinstance(one, Prose | Details) for one in text)
    return render(text, POLICY).body
