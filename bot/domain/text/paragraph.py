"""One inline text of a block: read, made harmless, written again, and read back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Final, cast

from bot.domain.text.emit import emit
from bot.domain.text.hazards import NO_TAIL, Tail, defuse
from bot.domain.text.inline import Mark, Run, flatten, trimmed
from bot.domain.text.model import RenderPolicy
from bot.domain.text.parse import PARSER

MAX_PARAGRAPH: Final = 10_000
_ALERT: Final = re.compile(r"\[!(note|tip|important|warning|caution)\]", re.IGNORECASE)
_TASK: Final = re.compile(r"\[([ xX])\](?=\s|$)")
_REMEMBERED: Final = 512
_SHORT: Final = 300
"""Our own sentences are shorter, and come again and again; 20 MB are kept where every letter has its own look."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """An inline text as the parser gave it. `parent` is the type of the block around its own.

    `breaks`: line breaks stay; `table`: for a table's cell.
    """

    content: str
    parent: str = ""
    breaks: bool = True
    table: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Markdown, and the runs that it reads back as; `was_cut`: it is less than there was."""

    markdown: str
    runs: tuple[Run, ...]
    was_cut: bool


class _Matters(Exception):
    """The text is such that policies differ about it."""


class _Any:
    """Stands for every policy; whoever asks it anything learns that policies differ here."""

    def __getattr__(self, name: str) -> Any:
        raise _Matters(name)  # guard: remembered-paragraphs (10, 11, 13)


_ANY: Final = cast(RenderPolicy, _Any())


def write(text: Paragraph, policy: RenderPolicy, environment: Mapping[str, Any], before: Tail) -> Written:
    """The text with every live word dead. `before` is the end of what was written so far.

    What is the same under every policy and after everything is remembered: most of what we write.
    """
    # guard: definitions-of-one-text (11): without not environment
    if not environment and len(text.content) <= _SHORT:
        known = _write_for_all(text)
        if known is not None:
            return known
    return write_anew(text, policy, environment, before)


@lru_cache(_REMEMBERED)
def _write_for_all(text: Paragraph) -> Written | None:
    """None where a policy has to be asked. What was written before is looked at only after that."""
    try:
        return write_anew(text, _ANY, {}, NO_TAIL)
    except _Matters:
        return None


def write_anew(text: Paragraph, policy: RenderPolicy, environment: Mapping[str, Any], before: Tail) -> Written:
    """`write` without a memory."""
    was_cut = len(text.content) > MAX_PARAGRAPH  # guard: long-paragraphs (15): as False
    runs: tuple[Run, ...] = (_cut(text.content),) if was_cut else _read(text.content, policy, environment)
    runs = _replace_head(trimmed(runs), text.parent)
    safe = defuse(runs, policy, before=before)  # guard: live-words (10, 13): without defuse
    return Written(emit(safe, partial(_read_back, policy), table=text.table, breaks=text.breaks), safe, was_cut)


def _cut(content: str) -> Run:
    return Run(" ".join(content[:MAX_PARAGRAPH].split()) + "…")


def _read(content: str, policy: RenderPolicy, environment: Mapping[str, Any]) -> tuple[Run, ...]:
    return flatten(PARSER.inline(content, dict(environment)), policy)


def _read_back(policy: RenderPolicy, written: str) -> Sequence[Run] | None:
    tree, _ = PARSER.blocks(written)
    if [child.type for child in tree.children] != ["paragraph"]:
        return None
    return _read(tree.children[0].children[0].content, policy, {})


def _replace_head(runs: tuple[Run, ...], parent: str) -> tuple[Run, ...]:
    """GitHub's alerts and task boxes, which look official or can be ticked, as plain words and signs."""
    if not runs or runs[0].code:
        return runs
    head, rest = runs[0], runs[1:]
    if parent == "blockquote" and (alert := _ALERT.match(head.text)):  # guard: alerts (11)
        title = Run(alert[1].capitalize(), frozenset({Mark.STRONG}))
        return (title, replace(head, text=head.text[alert.end() :]), *rest)
    if parent == "list_item" and (task := _TASK.match(head.text)):  # guard: task-boxes (11)
        box = "☐" if task[1] == " " else "☑"
        return (replace(head, text=box + head.text[task.end() :]), *rest)
    return runs
