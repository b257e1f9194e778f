"""What a person wrote in a report: its headings and answers, its prose, its stack traces.

Structure comes from Markdown tokens, so that a heading inside a code fence is no heading.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.commonmark import shared
from bot.domain.facts import IssueForm

MAX_CHARS: Final = 65_536
"""GitHub's limit for a body; whatever is longer did not come from there and is cut."""

_MAX_INLINE: Final = 4_000  # the inline parser is quadratic on hostile brackets
_REMEMBERED: Final = 32
"""Reports, and templates, that are not taken apart again: every capability looks at the same ones."""
_FORMS: Final = 128
_PARAGRAPHS: Final = 256
_SHORT: Final = 300  # tokens take a hundred times the memory of their text
_BLOCKS: Final = MarkdownIt("commonmark")
_BLOCKS.core.ruler.enableOnly(["normalize", "block"])
_BLOCKS.block.ruler.disable(["reference"])
shared(_BLOCKS)
_INLINE: Final = shared(MarkdownIt("commonmark"))


@dataclass(frozen=True, slots=True)
class Section:
    """A heading's plain text and the Markdown below it, up to the next heading.

    `level` is 1..6, or 0 for a line of its own that is all bold. Text before any heading has an empty heading.
    """

    heading: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """A body taken apart.

    `prose` is the person's own running text: no headings, code, quotes, HTML or checklists. `visible` is all that
    a reader sees below the headings, code included; `written` is that without blocks of code, and with code spans
    between backticks. `code` holds the contents of code blocks, `steps` is the length of the longest numbered list.
    """

    sections: tuple[Section, ...]
    prose: str
    visible: str
    written: str
    code: tuple[str, ...]
    steps: int

    def answer(self, heading: str) -> str | None:
        """The text under a heading, compared without case and spacing; None if there is no such heading."""
        wanted = squash(heading)
        return next((one.text for one in self.sections if squash(one.heading) == wanted), None)


def squash(text: str) -> str:
    """The text without case and with single spaces, for comparison."""
    return " ".join(text.casefold().split())


@lru_cache(_REMEMBERED)
def read(body: str, boilerplate: frozenset[str] = frozenset()) -> Report:
    """Take a body apart. `boilerplate` are lines (stripped) of templates: they are nobody's prose."""
    source = _source(body)
    tokens = _BLOCKS.parse(source)
    return Report(
        sections=tuple(_sections(source.split("\n"), tokens)),
        prose="\n".join(_prose(tokens, boilerplate)),
        visible="\n".join(_visible(tokens, boilerplate)),
        written="\n".join(_written(tokens, boilerplate)),
        code=tuple(one.content for one in tokens if one.type in _CODE),
        steps=_steps(tokens),
    )


def is_blank(markdown: str, boilerplate: frozenset[str] = frozenset()) -> bool:
    """Whether an answer says nothing: empty, "No response", comments, an empty code block or only `boilerplate`."""
    for one in _BLOCKS.parse(_source(markdown)):
        if one.type == "inline":
            lines = (line for line in one.content.split("\n") if line.strip() not in boilerplate)
            if squash("".join(lines)) not in _BLANK and not _is_checkbox(one.content):
                return False
        elif one.type in _CODE:
            if any(line.strip() and line.strip() not in boilerplate for line in one.content.split("\n")):
                return False
        elif one.type == "html_block" and _html_text(one.content).strip():
            return False
    return True


def _source(body: str) -> str:
    return body[:MAX_CHARS].replace("\r\n", "\n").replace("\r", "\n")


def plain(inline: str) -> str:
    """The words of one paragraph of Markdown: no markup, code spans, images or HTML; links keep their text."""
    return _words(inline, code="")


def heading_text(inline: str) -> str:
    """A heading or a form's label as `Section.heading` has it: one line without markup, code spans kept."""
    return " ".join(_words(inline).split())


def _words(inline: str, *, code: str = "{}") -> str:
    """The words of a paragraph; `code` says what becomes of a code span."""
    return "".join(_word(one, code) for one in _tokens(inline[:_MAX_INLINE]))


def _tokens(inline: str) -> tuple[Token, ...]:
    """The inline tokens of a paragraph, to be looked at only."""
    return _parsed_before(inline) if len(inline) <= _SHORT else _parsed(inline)


def _parsed(inline: str) -> tuple[Token, ...]:
    parsed = _INLINE.parseInline(inline)
    return tuple(parsed[0].children or ()) if parsed else ()


_parsed_before: Final = lru_cache(_PARAGRAPHS)(_parsed)
"""A report's paragraphs are asked for in three ways."""


def _word(token: Token, code: str) -> str:
    match token.type:
        case "text":
            return token.content
        case "code_inline":
            return code.format(token.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case _:
            return ""


def _sections(lines: Sequence[str], tokens: Sequence[Token]) -> Iterator[Section]:
    heading, level, start = "", 0, 0
    for title, depth, first, after in _headings(tokens):
        text = "\n".join(lines[start:first]).strip()
        if heading or text:
            yield Section(heading, level, text)
        heading, level, start = title, depth, after
    text = "\n".join(lines[start:]).strip()
    if heading or text:
        yield Section(heading, level, text)


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[str, int, int, int]]:
    """Plain text, level, first line and the line after, for headings outside lists and quotes."""
    for opening, inline in pairwise(tokens):
        if opening.level or not opening.map:
            continue
        first, after = opening.map
        if opening.type == "heading_open":
            yield heading_text(inline.content), int(opening.tag[1]), first, after
        elif opening.type == "paragraph_open":
            bold = _bold_line(inline.content.split("\n", 1)[0])
            if bold:
                yield bold, 0, first, first + 1


def _bold_line(line: str) -> str:
    """The text of a line that is bold from end to end (a colon after it is allowed), else nothing."""
    if not line.startswith(("**", "__")) or len(line) > 200:
        return ""
    children = [one for one in _tokens(line) if one.content.strip() not in {"", ":"} or one.type != "text"]
    if len(children) < 3 or children[0].type != "strong_open" or children[-1].type != "strong_close":
        return ""
    if any(one.type == "strong_close" for one in children[1:-1]):
        return ""
    return " ".join("".join(one.content for one in children).split())


def _prose(tokens: Sequence[Token], boilerplate: frozenset[str]) -> Iterator[str]:
    quotes, heading = 0, False
    for one in tokens:
        if one.type.startswith("blockquote"):
            quotes += one.nesting
        elif one.type.startswith("heading"):
            heading = one.nesting == 1
        elif one.type == "inline" and not quotes and not heading and not _is_checkbox(one.content):
            words = plain(_own_lines(one.content, boilerplate))
            if squash(words) not in _NO_ANSWERS:
                yield words


class _Html(HTMLParser):
    """Collects what a reader sees of a block of HTML; an image counts."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"img", "video"}:
            self.seen.append(tag)


def _html_text(html: str) -> str:
    parser = _Html()
    try:
        parser.feed(html)
    except AssertionError:  # how the standard parser answers to broken declarations
        return html
    return " ".join(parser.seen)


def _visible(tokens: Sequence[Token], boilerplate: frozenset[str]) -> Iterator[str]:
    for one in _below_headings(tokens):
        if one.type in _CODE:
            yield one.content
        elif one.type == "html_block":
            yield _html_text(one.content)
        else:
            yield _words(_own_lines(one.content, boilerplate))


def _written(tokens: Sequence[Token], boilerplate: frozenset[str]) -> Iterator[str]:
    for one in _below_headings(tokens):
        if one.type == "html_block" and not _PREFORMATTED.search(one.content):
            yield _html_text(one.content)
        elif one.type == "inline":
            yield _words(_own_lines(one.content, boilerplate), code="`{}`")


def _below_headings(tokens: Sequence[Token]) -> Iterator[Token]:
    """Paragraphs, blocks of code and of HTML; no headings, no checklists."""
    heading = False
    for one in tokens:
        if one.type.startswith("heading"):
            heading = one.nesting == 1
        elif one.type in _CODE | {"html_block"} or (
            one.type == "inline" and not heading and not _is_checkbox(one.content)
        ):
            yield one


_CODE: Final = frozenset({"fence", "code_block"})
_PREFORMATTED: Final = re.compile(r"<(?:pre|code|samp)\b", re.I)
_BLANK: Final = frozenset({"", "_no response_", "*no response*", "no response"})
_NO_ANSWERS: Final = frozenset({"", "no response", "n/a", "none"})


def _own_lines(inline: str, boilerplate: frozenset[str]) -> str:
    """The lines that a person wrote: templates wrote some, and a bold line is a heading."""
    return "\n".join(line for line in inline.split("\n") if line.strip() not in boilerplate and not _bold_line(line))


def _is_checkbox(inline: str) -> bool:
    return inline[:3].lower() in {"[ ]", "[x]"}


def _steps(tokens: Sequence[Token]) -> int:
    most, open_lists = 0, []
    for one in tokens:
        if one.type == "ordered_list_open":
            open_lists.append([one.level, 0])
        elif one.type == "list_item_open" and open_lists and one.level == open_lists[-1][0] + 1:
            open_lists[-1][1] += 1
        elif one.type == "ordered_list_close":
            most = max(most, open_lists.pop()[1])
    return most


_MIN_SHARE: Final = 0.5


@lru_cache(_FORMS)
def headings_of(form: IssueForm) -> tuple[str, ...]:
    """The headings that a report has which was written with this form or Markdown template."""
    if form.text:
        return tuple(one.heading for one in read(form.text).sections if one.heading)
    return tuple(heading_text(one.label) for one in form.fields if one.label)


def used_form(report: Report, forms: Sequence[IssueForm]) -> IssueForm | None:
    """The form that a report was written with: at least half of its headings, and two (or all) of them, are there."""
    best, best_score = None, (0.0, 0)
    present = {squash(one.heading) for one in report.sections if one.heading}
    for form in forms:
        headings = {squash(one) for one in headings_of(form)}
        common = len(headings & present)
        share = common / max(1, len(headings))
        if share >= _MIN_SHARE and common >= min(2, len(headings)) and (share, common) > best_score:
            best, best_score = form, (share, common)
    return best


def boilerplate_of(forms: Sequence[IssueForm]) -> frozenset[str]:
    """The lines that forms and templates put into a body by themselves."""
    texts = (text for form in forms for text in (form.text, *(one.default for one in form.fields)))
    return frozenset(line.strip() for text in texts for line in text.splitlines() if line.strip())


_TRACES: Final = (
    ("Python", re.compile(r"^[ \t>]*Traceback \(most recent call last\):", re.M)),
    ("Java", re.compile(r"^[ \t>]*at [\w$.<>/]{3,200}\([\w$]{1,80}\.(?:java|kt|scala|groovy):\d+\)", re.M)),
    ("JavaScript", re.compile(r"^[ \t>]*at [^\n]{1,300}?:\d+:\d+\)?[ \t]*$", re.M)),
    (".NET", re.compile(r"^[ \t>]*at [^\n]{1,200}?\) in [^\n]{1,200}?:line \d+", re.M)),
    ("Go", re.compile(r"^[ \t>]*goroutine \d+ \[[^\]\n]{1,80}\]:", re.M)),
    ("Rust", re.compile(r"^[ \t>]*thread '[^'\n]{0,100}' (?:\(\d+\) )?panicked at ", re.M)),
    ("Ruby", re.compile(r"^[ \t>]*(?:from )?[^\s:]{1,200}\.rb:\d+:in [`'][^'\n]{1,100}'", re.M)),
    (
        "C",
        re.compile(
            r"^[ \t>]*#\d+[ \t]+0x[0-9a-f]{4,16} in |"
            r"^[^\n]{0,200}(?:\bSIGSEGV\b|\bSegmentation fault\b|ERROR: AddressSanitizer)",
            re.M,
        ),
    ),
)


def stack_traces(text: str) -> tuple[str, ...]:
    """The programming languages whose stack traces (or crash messages) the text contains."""
    shown = text[:MAX_CHARS]
    return tuple(name for name, pattern in _TRACES if pattern.search(shown))


_VERSION: Final = re.compile(
    r"(?<![\w.])v?\d{1,4}(?:\.\d{1,5}){1,3}(?:[-+.]?(?:alpha|beta|rc|dev|b|a)[.-]?\d*)?(?![\w/])", re.I
)
_SYSTEM: Final = re.compile(
    r"\b(?:windows(?: server)?|win(?:10|11|7)|mac ?os(?: ?x)?|os ?x|linux|ubuntu|debian|fedora|centos|rhel|"
    r"arch linux|red hat|alpine|nixos|opensuse|freebsd|openbsd|android|ios|ipados|raspbian|wsl2?|docker)\b",
    re.I,
)


def versions(text: str) -> Iterator[re.Match[str]]:
    """What is written like a version number (1.2, v2.0.1rc1), in order; paths and plain integers are not."""
    return _VERSION.finditer(text[:MAX_CHARS])


def systems(text: str) -> tuple[str, ...]:
    """Names of operating systems and platforms that the text mentions."""
    return tuple(one.group() for one in _SYSTEM.finditer(text[:MAX_CHARS]))
