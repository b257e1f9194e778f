"""Markdown documents: links, anchors and prose, read from markdown-it-py's tree."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from bot.domain.documents import html
from bot.domain.documents.inline import Mark, inline, parser
from bot.domain.documents.slugs import numbered, slug
from bot.domain.documents.values import Canvas, DocLink, LinkKind, source_lines

Spot = Callable[[int], tuple[int, int | None]]

_LINKS: Final = frozenset({"link", "image"})
_HEADING_TEXT: Final = frozenset({"text", "text_special", "code_inline"})
_CELLS: Final = frozenset({"th_open", "td_open"})
_MAX_INLINE: Final = 8_000
_FENCES: Final = {"---": ("---", "..."), "+++": ("+++",)}
_DEFINITION: Final = re.compile(r"\]:[ \t]*\n?[ \t>]*(?:<([^>\n]*)>|(\S+))")
_EXPLICIT: Final = re.compile(r"\{:?[ \t]*#([\w.:-]{1,200})[^{}\n]{0,200}\}|^\(([\w.: -]{1,200})\)=$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph, a heading or a table's cell. `spots` are the 0-based (line, column) of its lines."""

    content: str
    heading: bool
    spots: tuple[tuple[int, int | None], ...]
    tokens: list[Token]
    marks: list[Mark]

    def spot(self, position: int) -> tuple[int, int | None]:
        """The 0-based line and column in the document of a position in `content`."""
        row = self.content.count("\n", 0, position)
        line, column = self.spots[row]
        start = self.content.rfind("\n", 0, position) + 1
        return line, None if column is None else column + position - start


@dataclass(frozen=True, slots=True)
class Page:
    """A document. `blocks` are HTML, `definitions` those of links, each with its first line."""

    source: list[str]
    pieces: list[Piece]
    blocks: list[tuple[int, str]]
    definitions: list[tuple[int, str]]


def read(text: str) -> Page:
    """The document's parts with their places."""
    source = source_lines(text)
    shown = _without_front_matter(source)
    env: dict[str, object] = {}
    page = Page(source, [], [], [])
    cursor: dict[int, int] = {}
    previous = ""
    for token in parser().parse("\n".join(shown), env):
        first, last = token.map or (0, 0)
        if token.type == "inline" and len(token.content) <= _MAX_INLINE:
            tokens, marks = inline(token.content, env)
            spots = _spots(shown, token.content, first, cursor if previous in _CELLS else None)
            page.pieces.append(Piece(token.content, previous == "heading_open", spots, tokens, marks))
        elif token.type == "html_block":
            page.blocks.append((first, "\n".join(shown[first:last])))
        elif token.type == "definition" and not str(token.meta["id"]).startswith("^"):
            page.definitions.append((first, "\n".join(shown[first:last])))
        previous = token.type
    return page


def links(text: str) -> tuple[DocLink, ...]:
    """Inline links, images, link definitions, and `href` and `src` of HTML, in the order of the lines."""
    page = read(text)
    found = [*_written(page), *_defined(page), *_in_html(page)]
    return tuple(sorted(found, key=lambda link: (link.line, link.column or 0)))


def anchors(text: str) -> frozenset[str]:
    """GitHub's names of the headings, and explicit ids."""
    page = read(text)
    headings = [_heading(piece.tokens) for piece in page.pieces if piece.heading]
    explicit = {name for source, _ in _html(page) for name in html.ids(source)}
    for piece in page.pieces:
        explicit |= {one[1] or one[2] for one in _EXPLICIT.finditer(piece.content)}
    titles = {slug(_EXPLICIT.sub("", heading).strip()) for heading in headings}
    return frozenset(numbered(slug(heading) for heading in headings)) | titles | explicit


def prose(text: str) -> dict[int, str]:
    """The words of paragraphs, headings, lists and tables."""
    page = read(text)
    canvas = Canvas(page.source, {})
    for piece in page.pieces:
        for start, end in _words(piece):
            line, column = piece.spot(start)
            if column is not None:
                canvas.copy(line, column, column + end - start)
    return canvas.lines()


def _without_front_matter(source: list[str]) -> list[str]:
    closing = _FENCES.get(source[0].rstrip(), ())
    for number, line in enumerate(source[1:], 1):
        if line.rstrip() in closing:
            return [""] * (number + 1) + source[number + 1 :]
        if not closing:
            break
    return source


def _spots(
    source: list[str], content: str, first: int, cursor: dict[int, int] | None
) -> tuple[tuple[int, int | None], ...]:
    # Cells of a table share a line, so that each one is looked for behind the one before it: `cursor`.
    spots: list[tuple[int, int | None]] = []
    for line, piece in enumerate(content.split("\n"), first):
        row = source[line] if line < len(source) else ""
        if cursor is None:
            column = _end(row, piece) if row.rstrip().endswith(piece.rstrip()) else row.rfind(piece)
        else:
            column = row.find(piece, cursor.get(line, 0))
            cursor[line] = max(column + len(piece), cursor.get(line, 0))
        spots.append((line, column if column >= 0 else None))
    return tuple(spots)


def _end(row: str, piece: str) -> int:
    return len(row.rstrip()) - len(piece.rstrip())


def _written(page: Page) -> Iterator[DocLink]:
    for piece in page.pieces:
        for mark in piece.marks:
            if mark.target is None:
                continue
            start, end = mark.target
            raw = piece.content[start:end]
            line, column = piece.spot(start)
            target = unescapeAll(raw)
            kind = LinkKind.IMAGE if mark.rule == "image" else LinkKind.LINK
            label = piece.content[mark.start : mark.label].lstrip("![")
            yield DocLink(line + 1, column if target == raw else None, target, label, kind)


def _defined(page: Page) -> Iterator[DocLink]:
    for first, source in page.definitions:
        found = _DEFINITION.search(source)
        if found is None:
            continue
        group = 1 if found[1] is not None else 2
        raw, start = found[group], found.start(group)
        column = start - (source.rfind("\n", 0, start) + 1)
        target = unescapeAll(raw)
        line = first + source.count("\n", 0, start) + 1
        yield DocLink(line, column if target == raw else None, target, source[: found.start()].strip("[ >"))


def _in_html(page: Page) -> Iterator[DocLink]:
    for source, spot in _html(page):
        for start, raw, kind in html.targets(source):
            line, column = spot(start)
            target = unescapeAll(raw)
            yield DocLink(line + 1, column if target == raw else None, target, "", kind)


def _html(page: Page) -> Iterator[tuple[str, Spot]]:
    for first, source in page.blocks:
        yield source, partial(_block_spot, first, source)
    for piece in page.pieces:
        for mark in piece.marks:
            if mark.rule == "html_inline":
                yield piece.content[mark.start : mark.end], partial(_tag_spot, piece, mark.start)


def _block_spot(first: int, source: str, position: int) -> tuple[int, int | None]:
    return first + source.count("\n", 0, position), position - source.rfind("\n", 0, position) - 1


def _tag_spot(piece: Piece, start: int, position: int) -> tuple[int, int | None]:
    return piece.spot(start + position)


def _heading(tokens: list[Token]) -> str:
    return "".join(token.content for token in tokens if token.type in _HEADING_TEXT)


def _words(piece: Piece) -> Iterator[tuple[int, int]]:
    """The spans of readable text, none longer than a line."""
    start = 0
    for first, last in [*sorted(_hidden(piece)), (len(piece.content), len(piece.content))]:
        if first > start:
            yield from _rows(piece.content, start, first)
        start = max(start, last)


def _hidden(piece: Piece) -> Iterator[tuple[int, int]]:
    code = ""
    since = 0
    for mark in piece.marks:
        yield (mark.label, mark.end) if mark.rule in _LINKS else (mark.start, mark.end)
        if mark.rule != "html_inline":
            continue
        opened, name = html.tag(piece.content[mark.start : mark.end])
        if opened and not code and name in html.CODE_TAGS:
            code, since = name, mark.start
        elif code and not opened and name == code:
            yield since, mark.end
            code = ""


def _rows(content: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = content.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1
