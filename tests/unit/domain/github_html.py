"""An independent judge of bodies: renders them about as GitHub does and names what is live or hidden there.

It shares no code with the renderer on purpose.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

MARKER = re.compile(r"\A<!-- contribution-assistant:[\w./#-]+:[\w./#-]+ [0-9a-f]{32} -->(?:\n|\Z)")
FOLD = re.compile(r"<details><summary>[^<>]*</summary>\n?|</details>\n?")
PLAIN_TAGS = re.compile(
    "p|h[1-6]|strong|em|s|del|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|a|br|hr|details|summary"
)
BLANK = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufeff") | {
    chr(point)
    for low, high in (
        (0x180B, 0x1810),
        (0x200B, 0x2010),
        (0x2028, 0x202F),
        (0x2060, 0x2070),
        (0xFE00, 0xFE10),
    )
    for point in range(low, high)
}
LINE_PREFIX = r"^(?:[ \t>]|[-*+](?=\s)|\d{1,9}[.)](?=\s))*"


@dataclass
class Page(HTMLParser):
    """The visible text in pieces: `nodes` are text nodes outside code, `text` joins them."""

    nodes: list[str] = field(default_factory=list)
    text: str = ""
    all_text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.problems.append("image")
        elif not PLAIN_TAGS.fullmatch(tag):
            self.problems.append(f"tag {tag}")
        for name, value in attrs:
            if name == "title":
                self.problems.append("link title")
            elif tag == "a" and name == "href":
                self.links.append((value or "", ""))
            elif (
                not (name == "class" and tag == "code")
                and not (name == "style" and tag in {"td", "th"})
                and not (name == "start" and tag == "ol")
            ):
                self.problems.append(f"attribute {name} of {tag}")
            if name == "class" and tag == "code" and re.search("mermaid|math|suggestion|geojson|stl", value or ""):
                self.problems.append("live fence")
        if tag in {"p", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "summary", "pre", "blockquote"}:
            self.text += "\n\n"
        if tag not in {"br", "hr", "img"}:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.stack:
            while self.stack.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.all_text += data
        if "code" in self.stack or "pre" in self.stack:
            self.text += "\u2423"
            return
        self.text += data
        self.nodes.append(data)

    def handle_comment(self, data: str) -> None:
        self.problems.append("comment")


@cache
def _page_reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True, "linkify": True})
    reader.enable(["table", "strikethrough", "linkify"])
    assert reader.linkify is not None
    reader.linkify.set({"fuzzy_link": False, "fuzzy_email": True})
    return reader


@cache
def _source_reader() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table").use(footnote_plugin).use(tasklists_plugin)


def violations(
    body: str,
    *,
    numbers: Iterable[int] = (),
    mention: str = "",
    links: Iterable[str] = (),
    limit: int = 60_000,
    suggestion: bool = False,
) -> list[str]:
    """What is wrong with a body; `links` are the prefixes of addresses that may be linked."""
    known = set(numbers)
    problems = ["size"] if len(body) > limit else []
    content = MARKER.sub("", body, count=1)
    page = Page()
    page.feed(_page_reader().render(content))
    page.close()
    problems += page.problems
    if suggestion:
        problems = [problem for problem in problems if problem != "live fence"]
    problems += [f"link {href}" for href, _ in page.links if not any(_is_under(href, prefix) for prefix in links)]
    seen = unicodedata.normalize("NFKC", page.text)
    for node in [
        seen,
        seen.replace("\u2423", ""),
        *(unicodedata.normalize("NFKC", node) for node in page.nodes),
    ]:
        problems += _words(node, known, mention)
    problems += _characters(page.all_text) + _characters(content)
    problems += _lines(content, mention) + _visible_lines(seen, mention)
    problems += _source(content)
    return sorted(set(problems))


def _is_under(href: str, prefix: str) -> bool:
    return href == prefix or href.startswith((f"{prefix}/", f"{prefix}?", f"{prefix}#"))


def _words(text: str, known: set[int], mention: str) -> list[str]:
    problems = []
    for found in re.finditer(r"@([\w-]+(?:/[\w-]+)?)", text):
        if found[1].lower() != mention.lower() or re.match(r"[/.]\w", text[found.end() :]):
            problems.append(f"mention {found.group()}")
    for found in re.finditer(r"([\w./-]{0,60})#(\d+)", text):
        if found[1].strip(".") or int(found[2]) not in known:
            problems.append(f"reference {found.group()}")
    if re.search(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b\s*:?\s*(?:[\w./-]{0,60}#|gh-)\d", text, re.I):
        problems.append("closing keyword")
    problems += [f"reference {found}" for found in re.findall(r"\bgh-\d+", text, re.I)]
    problems += [f"commit {found}" for found in re.findall(r"\b[0-9a-f]{7,40}\b", text, re.I | re.A)]
    problems += [f"bare address {found}" for found in re.findall(r"(?:https?://|\bwww\.)\S+", text, re.I)]
    if re.search(r"\$\$.+?\$\$|(?<!\w)\$[^\s$](?:(?!\n\n)[^$])*\$", text):
        problems.append("math")
    return problems


def _characters(text: str) -> list[str]:
    problems = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        hidden = category in {"Cc", "Cf", "Co", "Cs", "Cn"} and char not in "\n\t"
        if hidden or char in BLANK or 0xE0000 <= ord(char) <= 0xE0FFF:
            problems.append(f"character U+{ord(char):04X}")
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > 3:
            problems.append("piled marks")
    return problems


def _lines(body: str, mention: str) -> list[str]:
    problems = []
    for line in unicodedata.normalize("NFKC", body).splitlines():
        found = re.match(LINE_PREFIX + r"([/@]\w[\w-]*)", line)
        if found and found[1].lower() != f"@{mention}".lower():
            problems.append(f"line start {found[1]}")
    return problems


def _visible_lines(text: str, mention: str) -> list[str]:
    return [problem for problem in _lines(text, mention) if problem.startswith("line start /")]


def _all(tokens: list[Token]) -> list[Token]:
    return [part for token in tokens for part in (token, *(token.children or ()))]


def _source(body: str) -> list[str]:
    """What only GitHub's own reader knows: footnotes, alerts, task boxes, reference definitions."""
    reader = _source_reader()
    environment: dict[str, Any] = {}
    tokens = reader.parse(body, environment)
    page = reader.renderer.render(tokens, reader.options, environment)
    problems = ["footnote"] if "footnote" in {token.type.partition("_")[0] for token in _all(tokens)} else []
    problems += ["task box"] if "task-list-item" in page else []
    html = (token for token in _all(tokens) if token.type in {"html_block", "html_inline"})
    problems += [f"raw HTML {token.content[:40]}" for token in html if not FOLD.fullmatch(token.content)]
    problems += ["reference definition"] if environment.get("references") else []
    for quote, _, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if quote.type == "blockquote_open" and re.match(r"\[!\w+\]", inline.content):
            problems.append("alert")
    return problems
