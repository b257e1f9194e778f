"""reStructuredText documents: links, anchors and prose, by a scanner of lines.

It knows blocks by indentation, and what hides text: literals, comments, directives that hold code. Where a
document is unusual it sees less, never something that is not there.
"""

import re
from collections.abc import Iterator
from typing import Final

from bot.domain.documents.blocks import Target, Title, shown
from bot.domain.documents.slugs import docutils_id, numbered, slug
from bot.domain.documents.values import Canvas, DocLink, LinkKind, source_lines

_LITERAL: Final = re.compile(r"``[^`\n]+(?:`[^`\n]+)*``|(?<!\S)\|[^|\s][^|\n]*\|_{0,2}")
_ROLE: Final = re.compile(r":[A-Za-z][\w:+.-]{0,60}:`[^`\n]{1,500}`|(?<![`\w])`[^`\n]{1,500}`:[A-Za-z][\w:+.-]{0,60}:")
_DOCUMENT: Final = re.compile(r":doc:`(?:[^`<>\n]{0,300}<([^`<>\n]{1,500})>|([^`<>\n]{1,500}))`")
_PHRASE: Final = re.compile(r"(?<![`\w:])`((?:[^`<>\n]|\n(?![ \t]*\n)){0,500})<([^`<>]{1,500})>`__?(?!\w)")
_TICKED: Final = re.compile(r"(?<!\w)`[^`\n]{1,500}`_{0,2}")
_FIELD: Final = re.compile(r"^[ \t]*:[A-Za-z][^:`\n]{0,80}:(?=\s|$)")
_REFERENCE: Final = re.compile(r"\b[A-Za-z0-9][\w.-]{0,100}__?(?!\w)")


def links(text: str) -> tuple[DocLink, ...]:
    """Embedded and named targets, images, figures, includes and `:doc:` roles, in the order of the lines."""
    source = source_lines(text)
    page = shown(source)
    found = [_named(target) for target in page.targets if not target.target.endswith("_")]
    visible = "\n".join(_blank(_LITERAL, line) for line in page.lines)
    found += _roles(visible)
    found += _phrases(visible)
    return tuple(sorted(found, key=lambda link: (link.line, link.column or 0)))


def anchors(text: str) -> frozenset[str]:
    """Section titles as docutils and as GitHub name them, and labels."""
    page = shown(source_lines(text))
    titles = [_plain(title) for title in page.titles]
    ids = [docutils_id(title) for title in titles]
    repeated = {f"id{number}" for number in range(1, len(ids) - len(set(ids)) + 1)}
    labels = {name for label in page.labels for name in (label, label.lower(), docutils_id(label))}
    return frozenset(ids) | frozenset(numbered(map(slug, titles))) | repeated | labels


def prose(text: str) -> dict[int, str]:
    """Paragraphs, titles, lists and the contents of notes; no literals, roles, directives and comments."""
    source = source_lines(text)
    canvas = Canvas(source, {})
    visible = _keep_phrases("\n".join(_blank(_ROLE, _blank(_LITERAL, line)) for line in shown(source).lines))
    for number, line in enumerate(visible.split("\n")):
        words = _blank(_REFERENCE, _blank(_TICKED, _blank(_FIELD, line)))
        for found in re.finditer(r"\S+", words):
            canvas.copy(number, *found.span())
    return canvas.lines()


def _named(target: Target) -> DocLink:
    return DocLink(target.line + 1, target.column, target.target, target.name, target.kind)


def _roles(visible: str) -> Iterator[DocLink]:
    for found in _DOCUMENT.finditer(visible):
        group = 1 if found[1] is not None else 2
        line, column = _place(visible, found.start(group))
        yield DocLink(line, column, found[group], "", LinkKind.DOCUMENT)


def _phrases(visible: str) -> Iterator[DocLink]:
    for found in _PHRASE.finditer(visible):
        target = found[2]
        if "\n" in target or target.endswith("_"):
            continue
        line, column = _place(visible, found.start(2))
        yield DocLink(line, column, target, " ".join(found[1].split()))


def _place(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position) - 1


def _keep_phrases(visible: str) -> str:
    """The text with only the words of `words <target>`_, everything at its column."""

    def words(found: re.Match[str]) -> str:
        tail = found[0][1 + len(found[1]) :]
        return " " + found[1] + "".join("\n" if char == "\n" else " " for char in tail)

    return _PHRASE.sub(words, visible)


def _plain(title: Title) -> str:
    return re.sub(r":[\w:+.-]{1,60}:`|[`*|]", "", re.sub(r"\s*<[^<>]*>`__?", "", title))


def _blank(pattern: re.Pattern[str], line: str) -> str:
    return pattern.sub(lambda found: " " * len(found[0]), line)
