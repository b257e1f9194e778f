"""Slash commands in comments: only where a person plainly wrote one at the start of a line of text."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.commonmark import shared

MAX_BODY: Final = 65_536
MAX_COMMANDS: Final = 10
MAX_ARGUMENT: Final = 500
MAX_LABELS: Final = 10

_BLOCKS: Final = shared(MarkdownIt("commonmark").enable("table"))
_LINE: Final = re.compile(r" {0,3}/([a-z][a-z-]{1,30})(?:[ \t]+(.*))?[ \t]*", re.IGNORECASE | re.ASCII)
# Private-use characters stand for the slashes while the comment is parsed; its own become spaces.
_FIRST_SIGN: Final = 0xE000
_SIGNS: Final = 0xF900 - _FIRST_SIGN
_FOREIGN_SIGNS: Final = re.compile(r"[\ue000-\uf8ff]")
_TAG: Final = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-z][a-z0-9-]*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_MAX_OPEN: Final = 1_000
_NEVER_OPEN: Final = re.compile("area|base|br|col|embed|hr|img|input|link|meta|p|source|track|wbr")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One command as written: "/label a, b" is ("label", "a, b", its 1-based line)."""

    name: str
    argument: str
    line: int


def parse_commands(markdown: str) -> tuple[Invocation, ...]:
    """The first ten commands of a comment, in order; names in lower case, arguments as written (≤ 500).

    A command starts a line of a top-level paragraph (after at most three spaces). Quotes, lists, headings,
    code, HTML, tables and links hold none.
    """
    lines = markdown[:MAX_BODY].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    candidates = [(number, found) for number, line in enumerate(lines) if (found := _LINE.fullmatch(line))]
    candidates = candidates[:_SIGNS]
    marked = [_FOREIGN_SIGNS.sub(" ", line) for line in lines]
    for index, (number, _) in enumerate(candidates):
        marked[number] = marked[number].replace("/", chr(_FIRST_SIGN + index), 1)
    if not candidates:
        return ()
    invocations = []
    for index in _top_level_signs("\n".join(marked)):
        number, found = candidates[index]
        argument = (found[2] or "").strip()[:MAX_ARGUMENT].rstrip()
        invocations.append(Invocation(found[1].lower(), argument, number + 1))
    return tuple(invocations[:MAX_COMMANDS])  # guard: ten-commands (6, 25): without [:MAX_COMMANDS]


def only_commands(markdown: str) -> bool:
    """Whether a comment says nothing besides commands."""
    lines = markdown[:MAX_BODY].splitlines()
    commands = {one.line for one in parse_commands(markdown)}
    return bool(commands) and all(number in commands or not line.strip() for number, line in enumerate(lines, 1))


def split_labels(argument: str) -> tuple[str, ...]:
    """At most ten label names, each once whatever its case: split at commas outside double quotes.

    A quoted part is a name of its own; without commas and quotes the whole argument is one name.
    """
    names: dict[str, str] = {}
    quoted = argument.count('"') // 2 * 2
    for place, part in enumerate(argument.split('"', quoted)):
        for name in [part] if place % 2 else part.split(","):
            if name.strip():
                names.setdefault(name.strip().casefold(), name.strip())
    return tuple(names.values())[:MAX_LABELS]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a person most likely meant, or None where nothing is close."""
    by_fold = {name.casefold(): name for name in sorted(known, reverse=True)}
    close = difflib.get_close_matches(word[:100].casefold(), by_fold, n=1)
    return by_fold[close[0]] if close else None


def _top_level_signs(marked: str) -> Iterator[int]:
    """Which slashes start a line of a top-level paragraph, in order."""
    opened: list[str] = []
    before = ""
    for token in _BLOCKS.parse(marked):
        if token.type == "html_block" and token.level == 0:
            _follow_tags(token.content, opened)
        # guard: commands-outside-quotes (6): without token.level == 1
        elif token.type == "inline" and token.level == 1 and before == "paragraph_open":
            yield from _signs_in(token, opened)
        before = token.type


def _signs_in(inline: Token, opened: list[str]) -> Iterator[int]:
    for token in inline.children or ():
        if token.type == "html_inline":
            _follow_tags(token.content, opened)
        sign = ord(token.content[0]) - _FIRST_SIGN if token.type == "text" and token.content else -1
        # guard: commands-outside-elements (6): without not opened
        # guard: commands-in-plain-text (6): without token.level == 0
        if token.level == 0 and not opened and 0 <= sign < _SIGNS:
            yield sign


def _follow_tags(html: str, opened: list[str]) -> None:
    """Keep the list of open elements: what stands inside one is not a top-level line to its reader."""
    for found in _TAG.finditer(html):
        closes, name = found[1], (found[2] or "").lower()
        if not name or _NEVER_OPEN.fullmatch(name):
            continue
        if not closes:
            opened += [name] if len(opened) < _MAX_OPEN else []
        elif name in opened:
            del opened[len(opened) - 1 - opened[::-1].index(name) :]
