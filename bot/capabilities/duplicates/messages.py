"""What people read. Numbers are all that is said of other threads: GitHub shows their titles itself."""

from collections.abc import Sequence

from bot.domain.related import ClaimedOriginal, RelatedItem
from bot.domain.text import Prose, Text, code

_REASONS = {
    "completed": "closed as done",
    "not_planned": "closed as not planned",
    "duplicate": "closed as a duplicate",
    "merged": "merged",
}


def related(items: Sequence[RelatedItem], command: str) -> Text:
    """The list; `command` takes it away, empty where it is off."""
    return (Prose(f"These may be related:\n\n{_list(items)}{_undo(command)}"),)


def claimed(original: ClaimedOriginal, others: Sequence[RelatedItem], command: str) -> Text:
    """The original first, and what to do with it; nothing is closed."""
    item = original.item
    what = f"#{item.number} ({state(item)})"
    if item.is_fixed:
        said = f"This may be a regression: it reads like {what}. If so, the version in which it works helps most."
    else:
        kind = "pull request" if item.is_pull else "issue"
        said = f"This looks like the same {kind} as {what}. If so, what is new here helps most in a comment there."
    rest = f"\n\nAlso related:\n\n{_list(others)}" if others else ""
    return (Prose(f"{said} A maintainer decides.{rest}{_undo(command)}"),)


def withdrawn() -> Text:
    """Nothing near is left, or people said so."""
    return (Prose("No related threads are listed any more."),)


def evidence(item: RelatedItem) -> str:
    """Why an item is listed, for /why."""
    parts = ", ".join(f"{name} {cosine:.2f}" for name, cosine in item.parts)
    shared = f"; both say: {', '.join(item.shared)}" if item.shared else ""
    return f"{item.number}: likeness {item.score:.2f} ({parts}){shared}"


def state(item: RelatedItem) -> str:
    """Whether it is open, or how it was closed, in a few plain words."""
    kind = "pull request, " if item.is_pull else ""
    return kind + ("open" if item.state == "open" else _REASONS.get(item.state_reason, "closed"))


def _list(items: Sequence[RelatedItem]) -> str:
    return "\n".join(f"- #{one.number} ({state(one)})" for one in items)


def _undo(command: str) -> str:
    return f"\n\nNot so? {code(command)} in a comment takes this away." if command else ""
