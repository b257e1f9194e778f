"""Markdown's inline level with positions, which markdown-it-py does not keep by itself.

Its rules are wrapped: each one that matched notes from where to where it did, and a link's target.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.domain.commonmark import shared

Rule = Callable[[StateInline, bool], bool]

_WRAPPED: Final = ("backticks", "autolink", "html_inline", "entity", "link", "image")
_LINKS: Final = frozenset({"link", "image"})
_MARKS: Final = "contribution_assistant_marks"


@dataclass(frozen=True, slots=True)
class Mark:
    """A construct at `start:end` of an inline text. Of a link, `label` is where its text ends."""

    rule: str
    start: int
    end: int
    label: int = 0
    target: tuple[int, int] | None = None


@cache
def parser() -> MarkdownIt:
    """GitHub's Markdown without the inline level, which `inline` runs piece by piece."""
    made = MarkdownIt("commonmark", {"inline_definitions": True}).enable(["table", "strikethrough"])
    made.disable(["inline", "text_join"])
    for name in _WRAPPED:
        rules = made.inline.ruler
        (rule,) = (one.fn for one in rules.__rules__ if one.name == name)
        rules.at(name, _noting(name, rule))
    return shared(made)


def inline(content: str, env: dict[str, object]) -> tuple[list[Token], list[Mark]]:
    """The tokens of one inline text and the marks of its own level, in order. `env` holds the references."""
    made = parser()
    noted: list[tuple[StateInline, Mark]] = []
    state = StateInline(content, made, {**env, _MARKS: noted}, [])
    made.inline.tokenize(state)
    for rule in made.inline.ruler2.getRules(""):
        rule(state)
    marks = [mark for owner, mark in noted if owner is state]
    return state.tokens, sorted(marks, key=lambda mark: mark.start)


def _noting(name: str, rule: Rule) -> Rule:
    def noted(state: StateInline, silent: bool) -> bool:
        start = state.pos
        if not rule(state, silent):
            return False
        if not silent:
            state.env[_MARKS].append((state, _mark(name, state, start)))
        return True

    return noted


def _mark(name: str, state: StateInline, start: int) -> Mark:
    if name not in _LINKS:
        return Mark(name, start, state.pos)
    end = state.pos
    opening = start + 1 if name == "image" else start
    label = state.md.helpers.parseLinkLabel(state, opening, name == "link")
    target = _target(state.src, label + 1, end) if state.src[end - 1] == ")" else None
    return Mark(name, start, end, label, target)


def _target(source: str, pos: int, end: int) -> tuple[int, int] | None:
    if source[pos : pos + 1] != "(":
        return None
    pos += 1
    while pos < end and source[pos] in " \t\n":
        pos += 1
    found = parser().helpers.parseLinkDestination(source, pos, end)
    if not found.ok:
        return None
    return (pos + 1, found.pos - 1) if source[pos] == "<" else (pos, found.pos)
