"""Puts words to which GitHub or another bot would react into code spans, where nothing reacts.

Text is looked at as a lenient reader sees it (`fold`), across the borders of emphasis and within each run
alone, because GitHub looks at single text nodes and others at the text as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

from bot.domain.text.characters import PLACEHOLDER, fold, is_mark
from bot.domain.text.inline import Run, merge, text_of
from bot.domain.text.links import is_item, target
from bot.domain.text.model import RenderPolicy

_WORD: Final = re.compile(
    r"""
    (?P<mention> @(?=[\w\-]|[^\x00-\x7f]) )  # guard: mentions (10)
  | (?P<reference> \#(?=\d|[^\x00-\x7f]) )  # guard: references (13)
  # guard: addresses (11)
  | (?P<address> [a-z][a-z0-9+.\-]{0,20}:// | //(?=[a-z0-9\-]+\.) | (?<![a-z0-9])www\. | (?:mailto|xmpp): )
  | (?P<name> gh-\d | ghsa-[a-z0-9] | cve-\d )  # guard: named-references (13)
  | (?P<commit> (?<![0-9a-z_]) [0-9a-f]{7,40} (?![0-9a-z_]) )  # guard: commits (13)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMMAND: Final = re.compile(r"(?:^|(?<=[\n\r]))(?:[ \t>*+\-]|\d{1,9}[.)])*(?P<command>/)(?=\w)")
_MONEY: Final = re.compile(r"(?P<math>\$)")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.\-]*://|www\.")
_CLOSING: Final = re.compile(r"(?<![a-z0-9_])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\W{0,8}$")
_LOGIN: Final = re.compile(r"@([A-Za-z0-9][A-Za-z0-9-]{0,38})(?![\w@/-])(?!\.\w)")
_NUMBER: Final = re.compile(r"#([1-9][0-9]{0,8})(?!\w)")
_OPENING: Final = frozenset(" \n\r\t([{\"',;:*")
_TRIM_LEFT: Final = "([{<\"'*_~,;:"
_TRIM_RIGHT: Final = ".,;:!?)]}>\"'*_~"
_HISTORY: Final = 60


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of what was written so far, with the words of code and without them.

    Who reads on may keep or drop code, so that it neither ends a closing keyword nor parts it from its issue.
    """

    text: str = ""
    uncoded: str = ""

    def then(self, runs: Sequence[Run]) -> "Tail":
        """The end after one more text."""
        uncoded = text_of([run for run in runs if not run.code])
        return Tail(f"{self.text}\n{text_of(runs)}"[-_HISTORY:], f"{self.uncoded}\n{uncoded}"[-_HISTORY:])


NO_TAIL: Final = Tail()


def defuse(runs: Sequence[Run], policy: RenderPolicy, *, before: Tail = NO_TAIL) -> tuple[Run, ...]:
    """The runs with every live word dead, those that the policy keeps alive excepted.

    `before` is the text that comes before, for a closing keyword that ends it.
    """
    linked = _drop_false_links(runs, policy, before.text)
    return merge(_split(linked, _Finder(linked, policy, before).spans()))


def _drop_false_links(runs: Sequence[Run], policy: RenderPolicy, before: str) -> tuple[Run, ...]:
    """Links that show another address than their own, or that would close an issue, become their text."""
    kept: list[Run] = []
    history = before
    for href, group in groupby(runs, lambda run: run.href):
        linked = list(group)
        shown = text_of(linked)
        shows_address = _ADDRESS.search(fold(shown)[0]) is not None
        # guard: lying-links (11): as False
        lies = href is not None and shows_address and target(shown.strip(), policy) != href
        # guard: closing-links (13): as False
        closes = href is not None and is_item(href, policy) and _is_closing(history)
        kept += [replace(run, href=None) for run in linked] if lies or closes else linked
        history = (history + shown)[-_HISTORY:]
    return merge(kept)


def _is_closing(*histories: str) -> bool:
    return any(_CLOSING.search(fold(history[-_HISTORY:])[0]) for history in histories)


class _Finder:
    """Collects the spans of one inline text; in `_masked` all code is blanked, found spans too."""

    def __init__(self, runs: Sequence[Run], policy: RenderPolicy, before: Tail) -> None:
        self._runs = runs
        self._policy = policy
        self._before = before
        self._text = text_of(runs)
        self._masked = "".join(PLACEHOLDER * len(run.text) if run.code else run.text for run in runs)
        self._spans: list[_Span] = []

    def spans(self) -> list[_Span]:
        patterns = [_WORD, _COMMAND]  # guard: command-lines (8): without _COMMAND
        if fold(self._masked)[0].count("$") > 1:  # guard: formulas (11)
            patterns.append(_MONEY)
        for pattern in patterns:
            self._search(pattern, 0, len(self._masked))
        start = 0
        for run in self._runs:
            self._search(_WORD, start, start + len(run.text))  # guard: single-text-nodes (10)
            start += len(run.text)
        return sorted(self._spans, key=lambda span: span.start)

    def _search(self, pattern: re.Pattern[str], start: int, end: int) -> None:
        view, places = fold(self._masked[start:end])
        for found in pattern.finditer(view):
            kind = found.lastgroup or ""
            first = start + places[found.start(kind)]
            last = start + places[found.end(kind) - 1] + 1
            if self._masked[first] != PLACEHOLDER and not self._is_allowed(kind, first, end):
                self._cover(kind, first, last)

    def _is_allowed(self, kind: str, place: int, end: int) -> bool:
        if self._masked[place - 1 : place] and self._masked[place - 1] not in _OPENING:  # guard: glued-words (10)
            return False
        if kind == "mention":
            login = _LOGIN.match(self._masked, place, end)
            # guard: one-mention (10): as True
            is_kept = login is not None and login[1].lower() == (self._policy.mention or "").lower()
            return is_kept and not self._goes_on(login)  # guard: longer-names (10): without not self._goes_on(login)
        number = _NUMBER.match(self._masked, place, end) if kind == "reference" else None
        # guard: retrieved-numbers (13)
        if number is None or int(number[1]) not in self._policy.numbers or self._goes_on(number):
            return False
        uncoded = self._masked[:place].replace(PLACEHOLDER, "")
        # guard: closing-keywords (13): as True
        return not _is_closing(self._before.uncoded + "\n" + uncoded, self._before.text + "\n" + self._text[:place])

    def _goes_on(self, found: re.Match[str] | None) -> bool:
        """Whether a reader who normalises the text sees a longer word, or another last character."""
        following = self._masked[found.end() : found.end() + 1] if found else ""
        return is_mark(following) or re.match(rf"[\w/{PLACEHOLDER}]", fold(following)[0]) is not None

    def _cover(self, kind: str, first: int, last: int) -> None:
        start, end = self._word(first, last)
        href = None
        if kind == "address":
            href = target(self._text[start:end], self._policy)
            # guard: closing-addresses (13)
            if href and is_item(href, self._policy) and _is_closing(self._before.text + "\n" + self._text[:start]):
                href = None
        self._spans.append(_Span(start, end, href))
        self._masked = self._masked[:start] + PLACEHOLDER * (end - start) + self._masked[end:]

    def _word(self, first: int, last: int) -> tuple[int, int]:
        """The whole ASCII word around the find, without punctuation at its ends: no rest of it is live."""
        start, end = first, last
        while start > 0 and _continues(self._masked[start - 1]):
            start -= 1
        while end < len(self._masked) and _continues(self._masked[end]):
            end += 1
        while start < first and self._masked[start] in _TRIM_LEFT:
            start += 1
        while end > last and self._masked[end - 1] in _TRIM_RIGHT:
            end -= 1
        return start, end


def _continues(char: str) -> bool:
    return not char.isspace() and char != PLACEHOLDER and (char.isascii() or fold(char)[0].isascii())


def _split(runs: Sequence[Run], spans: list[_Span]) -> Iterator[Run]:
    """The runs with each span as one code run, which has only the marks that all its parts shared."""
    borders = {place for span in spans for place in (span.start, span.end)}
    inside = {place: span for span in spans for place in range(span.start, span.end)}
    place = 0
    pending: list[Run] = []
    for run in runs:
        for piece in _pieces(run, place, borders):
            span = inside.get(place)
            place += len(piece.text)
            if span is None:
                yield piece
                continue
            pending.append(piece)
            if place == span.end:
                yield _joined(pending, span)
                pending = []


def _pieces(run: Run, place: int, borders: set[int]) -> Iterator[Run]:
    cuts = [
        0,
        *(at - place for at in range(place + 1, place + len(run.text)) if at in borders),
        len(run.text),
    ]
    for start, end in pairwise(cuts):
        yield replace(run, text=run.text[start:end])


def _joined(parts: list[Run], span: _Span) -> Run:
    hrefs = {part.href for part in parts}
    href = span.href or (hrefs.pop() if len(hrefs) == 1 else None)
    marks = frozenset.intersection(*(part.marks for part in parts))
    return Run(text_of(parts), marks, href, code=True)
