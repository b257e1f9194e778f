"""What people read. Numbers are all that is said of other threads: GitHub shows their titles itself."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from bot.domain.related import ClaimedOriginal, RelatedItem
from bot.domain.text import Prose, Text, code

_RELATED: Final = "These may be related:"
_ALSO: Final = "Also related:"
_NUMBER: Final = re.compile(r"#(\d+) \(")
_REASONS: Final = {
    "completed": "closed as done",
    "not_planned": "closed as not planned",
    "duplicate": "closed as a duplicate",
    "merged": "merged",
}


def related(items: Sequence[RelatedItem], command: str) -> Text:
    """The list; `command` takes it away, empty where it is off."""
    return _section("", _list(items), command)


def claimed(original: ClaimedOriginal, others: Sequence[RelatedItem], command: str) -> Text:
    """The original first, and what to do with it; nothing is closed."""
    item = original.item
    what = f"#{item.number} ({state(item)})"
    if item.is_fixed:
        said = f"This may be a regression: it reads like {what}. If so, the version in which it works helps most."
    else:
        kind = "pull request" if item.is_pull else "issue"
        said = f"This looks like the same {kind} as {what}. If so, what is new here helps most in a comment there."
    return _section(f"{said} A maintainer decides.", _list(others), command)


def without(text: Text, struck: Collection[int], command: str) -> Text:
    """What `related` or `claimed` wrote, without these items; an original among them is no longer called one."""
    first, *lines = [line for block in text for line in block.markdown.split("\n")]
    kept = "\n".join(line for line in lines if line.startswith("- #") and not _is_about(line, struck))
    return _section("" if first == _RELATED or _is_about(first, struck) else first, kept, command)


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


def _section(claim: str, items: str, command: str) -> Text:
    """One of `claim` and `items` may be empty."""
    listed = f"{_ALSO if claim else _RELATED}\n\n{items}" if items else ""
    undo = f"Not so? {code(command)} in a comment takes this away." if command else ""
    return (Prose("\n\n".join(part for part in (claim, listed, undo) if part)),)


def _is_about(line: str, numbers: Collection[int]) -> bool:
    found = _NUMBER.search(line)
    return found is not None and int(found[1]) in numbers


def _list(items: Sequence[RelatedItem]) -> str:
    return "\n".join(f"- #{one.number} ({state(one)})" for one in items)
