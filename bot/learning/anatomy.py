"""A report's body taken apart for learning: what its author wrote, what a template asked, what a machine printed.

Line by line and linear, whatever the text is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.domain.report import MAX_CHARS

_FENCE: Final = re.compile(r"\s{0,3}(?:```|~~~)[`~]*\s*([\w+#-]{0,12})")
_COMMENT: Final = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r"\s{0,3}#{1,6}\s+(\S.*)")
_BOLD: Final = re.compile(r"\s{0,3}(?:\*\*|__)([^*_\n][^\n]{0,150}?)(?:\*\*|__)\s*:?\s*(.*)")
_FIELD: Final = re.compile(
    r"\s*(?:[-*]\s+)?(?:\*\*)?([A-Za-z][\w ./()?-]{1,48}?)(?:\*\*)?\s*:\s*(?:<b>)?([^\s<].{0,58}?)(?:</b>)?\s*"
)
_TASK: Final = re.compile(r"[-*]\s*\[([ xX])\]")
_ITEM: Final = re.compile(r"(?:\d+[.)]|[-+*])\s")
_INDENTED: Final = re.compile(r"(?: {4}|\t)[^\s\d*-]")
_LETTERS: Final = re.compile(r"[^\w?]+")
_SHORT: Final = 40
_LONGEST_LINE: Final = 2_000
_NOTHING: Final = frozenset({"_no response_", "*no response*", "no response"})


@dataclass(frozen=True, slots=True)
class Anatomy:
    """`answers` are short values of named fields and of headings, `comments` the hidden texts of templates.

    `languages` are the words after the fences; `open_tasks`, `done_tasks`, `items`, `quotes`, `indented` count lines.
    """

    prose: tuple[str, ...]
    code: tuple[str, ...]
    languages: tuple[str, ...]
    headings: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    comments: tuple[str, ...]
    open_tasks: int
    done_tasks: int
    items: int
    quotes: int
    indented: int


class _Reader:
    """Collects the parts while the lines go by."""

    def __init__(self) -> None:
        self.prose: list[str] = []
        self.code: list[str] = []
        self.languages: list[str] = []
        self.headings: list[str] = []
        self.answers: list[tuple[str, str]] = []
        self.counts = dict.fromkeys(("open", "done", "items", "quotes", "indented"), 0)
        self._fenced = False
        self._section: list[str] = []

    def read(self, line: str) -> None:
        fence = _FENCE.match(line)
        if fence:
            self._fenced = not self._fenced
            if self._fenced:
                self.languages.append(fence[1].lower())
        elif self._fenced:
            self.code.append(line)
        else:
            self._outside(line)

    def _outside(self, line: str) -> None:
        self.counts["indented"] += _INDENTED.match(line) is not None
        heading = _HEADING.match(line)
        bold = None if heading else _BOLD.match(line)
        if heading or bold:
            self.close()
            self.headings.append(name((heading or bold)[1]))  # type: ignore[index] # one of them matched
            if bold and bold[2].strip():
                self._text(bold[2].strip())
        elif line.strip() and line.strip().lower() not in _NOTHING:
            self._text(line.strip())

    def _text(self, line: str) -> None:
        self._section.append(line)
        task = _TASK.match(line)
        if task:
            self.counts["open" if task[1] == " " else "done"] += 1
            return
        self.counts["quotes"] += line.startswith(">")
        self.counts["items"] += _ITEM.match(line) is not None
        field = _FIELD.fullmatch(line)
        if field:
            self.answers.append((name(field[1]), field[2].lower()[:_SHORT]))
        self.prose.append(line)

    def close(self) -> None:
        """End a section: one short line below a heading is an answer."""
        if self.headings and len(self._section) == 1 and len(self._section[0]) <= _SHORT:
            self.answers.append((self.headings[-1], self._section[0].lower()))
        self._section = []


def name(text: str) -> str:
    """A heading or the name of a field, without markup, numbers and case."""
    return _LETTERS.sub(" ", re.sub(r"[\d_]+", " ", text.lower())).strip()[:60]


def dissect(body: str) -> Anatomy:
    """Take a body apart; what is longer than GitHub allows is cut."""
    text = body[:MAX_CHARS].replace("\r", "")
    reader = _Reader()
    for line in _COMMENT.sub("\n", text).split("\n"):
        reader.read(line[:_LONGEST_LINE])
    reader.close()
    counts = reader.counts
    return Anatomy(
        prose=tuple(reader.prose),
        code=tuple(reader.code),
        languages=tuple(reader.languages),
        headings=tuple(reader.headings),
        answers=tuple(reader.answers),
        comments=tuple(_comments(text)),
        open_tasks=counts["open"],
        done_tasks=counts["done"],
        items=counts["items"],
        quotes=counts["quotes"],
        indented=counts["indented"],
    )


def _comments(text: str) -> Iterator[str]:
    yield from (one for one in _COMMENT.findall(text)[:30] if one.strip())


def dense_text(title: str, body: str) -> str:
    """What of a report an endpoint embeds: its title and its prose."""
    return "\n".join((title, *dissect(body).prose))
