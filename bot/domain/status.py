"""The one comment of a thread: sections of several capabilities, rendered together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from bot.domain.actions import DropSection, SetSection
from bot.domain.text import Prose, Rendered, RenderPolicy, Text, render

_NOTHING: Final = "Nothing is left to say here for now."
CLOSING: Final = "closing"
"""Name of the one-line section that stays when the last real one has gone."""


@dataclass(frozen=True, slots=True)
class Section:
    """A capability's part of the comment; a quiet one is shown only beside others. `numbers`: see `SetSection`."""

    text: Text
    quiet: bool = False
    numbers: tuple[int, ...] = ()

    @property
    def vouched(self) -> Text:
        """The text, in which references to its own `numbers` stay live, and to no others'."""
        numbers = frozenset(self.numbers)
        return tuple(replace(block, numbers=numbers) for block in self.text) if numbers else self.text


@dataclass(frozen=True, slots=True)
class Thread:
    """The comment as we left it. `silenced`: a person deleted it, so that it never returns."""

    comment_id: int | None = None
    sections: Mapping[str, Section] = field(default_factory=lambda: MappingProxyType({}))
    silenced: bool = False


def apply(thread: Thread, changes: Mapping[str, SetSection | DropSection]) -> Thread:
    """The thread after the changes; `changes` maps a capability to its wish."""
    sections = {name: one for name, one in thread.sections.items() if name != CLOSING}
    closing: Text = ()
    for name, change in changes.items():
        if isinstance(change, SetSection):
            sections[name] = Section(change.text, change.quiet, change.numbers)
        elif sections.pop(name, None) is not None:
            closing = change.closing
    alone = [name for name, change in changes.items() if isinstance(change, SetSection) and change.alone]
    if alone:  # guard: sections-beside-a-pointer (17)
        sections = {name: one for name, one in sections.items() if name in alone}
    loud = any(not one.quiet for one in sections.values())
    if thread.comment_id is not None and not loud:
        sections[CLOSING] = Section(closing or _kept_closing(thread))
    return replace(thread, sections=sections)


def body(thread: Thread, *, order: tuple[str, ...], policy: RenderPolicy, marker: str, footer: Text) -> Rendered | None:
    """The comment's text, or None where there should be no comment: nothing loud to say, or silenced."""
    # guard: silenced-threads (5): without thread.silenced
    if thread.silenced or not any(not one.quiet for one in thread.sections.values()):
        return None
    names = sorted(thread.sections, key=lambda name: (order.index(name) if name in order else -1, name))
    text = tuple(block for name in names for block in thread.sections[name].vouched)
    return render(text, policy, marker=marker, footer=footer)


def _kept_closing(thread: Thread) -> Text:
    kept = thread.sections.get(CLOSING)
    return kept.text if kept else (Prose(_NOTHING),)
