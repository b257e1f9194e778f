"""Facts for `docs`, made from a few files."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.capabilities.docs import CAPABILITY
from bot.capabilities.docs.config import DocsOptions
from bot.domain.actions import LineComment, Review
from bot.domain.capability import Context, Mode
from bot.domain.events import Actor, Event, Repository
from bot.domain.facts import AppIdentity, ChangedFile, Facts, Item, Misspelling, Need
from bot.domain.plan import Plan, Skip

HEAD = "0123456789abcdef0123456789abcdef01234567"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
AUTHOR = Actor("writer", 7)
REPOSITORY = Repository(1, "acme", "rocket", False, "main", "https://github.com/acme/rocket")


def added(text: str) -> str:
    """The patch of a new file with this text."""
    lines = text.split("\n")
    return f"@@ -0,0 +1,{len(lines)} @@\n" + "\n".join(f"+{line}" for line in lines)


def spelled(path: str, text: str, mistakes: Mapping[str, tuple[str, ...]]) -> tuple[Misspelling, ...]:
    """Every occurrence of the mistakes, as the checker reports them."""
    return tuple(
        Misspelling(path, number, column, word, corrections)
        for number, line in enumerate(text.split("\n"), 1)
        for word, corrections in mistakes.items()
        for column in _columns(line, word)
    )


def facts_for(
    documents: Mapping[str, str],
    *,
    patches: Mapping[str, str | None] | None = None,
    others: Iterable[str] = (),
    mistakes: Mapping[str, tuple[str, ...]] | None = None,
    draft: bool = False,
    is_pull: bool = True,
    files: tuple[ChangedFile, ...] | None = None,
    unread: frozenset[Need] = frozenset(),
) -> Facts:
    """Facts of a pull request that adds `documents` (or changes them by `patches`); `others` are in the tree too."""
    shown = patches if patches is not None else {path: added(text) for path, text in documents.items()}
    found = [one for path, text in documents.items() for one in spelled(path, text, mistakes or {})]
    paths = [*documents, *others]
    folders = {path.rsplit("/", depth)[0] for path in paths for depth in range(1, path.count("/") + 1)}
    return Facts(
        event=Event("guid", "pull_request.opened", 1, REPOSITORY, 5, is_pull, AUTHOR),
        now=NOW,
        app=AppIdentity(9, "helper"),
        item=Item(
            number=5,
            is_pull=is_pull,
            title="Docs",
            body="",
            author=AUTHOR,
            association="NONE",
            state="open",
            locked=False,
            labels=frozenset(),
            created_at=NOW,
            url="https://github.com/acme/rocket/pull/5",
            draft=draft,
            head_sha=HEAD if is_pull else None,
        ),
        files=files or tuple(ChangedFile(path, "modified", patch) for path, patch in shown.items()),
        documents=dict(documents),
        tree=frozenset(paths) | folders,
        misspellings=tuple(found),
        unread=unread,
    )


def decided(facts: Facts, options: DocsOptions | None = None) -> Plan | Skip:
    return CAPABILITY.decide(facts, None, Context(Mode.ACT, options or DocsOptions()))


def review_of(facts: Facts, options: DocsOptions | None = None) -> Review:
    """The one review of the plan."""
    plan = decided(facts, options)
    assert isinstance(plan, Plan), plan
    (review,) = plan.actions
    assert isinstance(review, Review)
    return review


def comments_of(facts: Facts, options: DocsOptions | None = None) -> tuple[LineComment, ...]:
    """The review's comments, none if there is no review."""
    return () if isinstance(decided(facts, options), Skip) else review_of(facts, options).comments


def said(comment: LineComment) -> str:
    """The comment's Markdown."""
    return "\n".join(part.markdown for part in comment.text)


def _columns(line: str, word: str) -> Iterable[int]:
    column = line.find(word)
    while column >= 0:
        yield column
        column = line.find(word, column + 1)
