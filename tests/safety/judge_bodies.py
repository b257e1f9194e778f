"""Checks of texts: what is live, hidden or missing in the bodies that were sent."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.safety.judge_scene import Body, Case
from tests.unit.domain.github_html import MARKER, violations

MAX_BODY: Final = 60_000
_MACHINE: Final = re.compile(r"\bautomat(?:ed|ic)\b", re.IGNORECASE)
_SUGGESTION: Final = "suggestion"
_HOSTS: Final = (
    "githubusercontent.com",
    "raw.github.com",
    "gist.github.com",
    "codeload.github.com",
    "redirect.github.com",
)
_USER_FILES: Final = re.compile(r"/(?:raw|files|assets|suites|archive|zipball|tarball|releases/download)(?:/|\Z)")
_ITEM: Final = re.compile(r"/(?:issues|pulls?|discussions|commits?)/\w", re.IGNORECASE)

Find = Callable[[Case], Iterator[str]]


def problems(body: Body, case: Case) -> tuple[str, ...]:
    """What `github_html` finds; the same text is rendered once for all checks."""
    return _Rendered.of(body, case)


class _Rendered:
    """Findings by case, text and repository, for as long as the case lives."""

    @staticmethod
    def of(body: Body, case: Case) -> tuple[str, ...]:
        kept: dict[tuple[str, str, bool], tuple[str, ...]] = case.__dict__.setdefault("rendered", {})
        text = MARKER.sub("", body.text, count=1)
        key = (text, body.write.repository, bool(body.remark))
        if key not in kept:
            links = _prefixes(body, case)
            kept[key] = tuple(violations(text, links=links, suggestion=bool(body.remark)))
        return kept[key]


def _prefixes(body: Body, case: Case) -> tuple[str, ...]:
    page = case.pages.get(body.write.repository, "https://nowhere.invalid")
    rules = case.scene.rules.get(body.write.repository)
    return (page, f"{page.rsplit('/', 1)[0]}/.github", *(rules.links if rules else ()))


def finding(*kinds: str) -> Find:
    """A check that no body has a problem whose name begins like one of these."""

    def find(case: Case) -> Iterator[str]:
        for body in case.bodies:
            for problem in problems(body, case):
                if problem.startswith(kinds):
                    yield f"{body.write.name}: {problem}"

    return find


def deceptive_links(case: Case) -> Iterator[str]:
    """Whatever the prefix: credentials, addresses by number, user content, redirects, other items."""
    for body in case.bodies:
        page = case.pages.get(body.write.repository, "")
        for href in _links(body.text):
            reason = _deception(href, page)
            if reason:
                yield f"{body.write.name}: {reason} in {href}"


@lru_cache(maxsize=64)
def _parsed(text: str) -> list[Token]:
    return _reader().parse(MARKER.sub("", text, count=1))


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def _links(text: str) -> Iterator[str]:
    for token in _parsed(text):
        for part in token.children or ():
            if part.type == "link_open":
                yield str(part.attrGet("href"))


def _deception(href: str, page: str) -> str:
    parts = urlsplit(href)
    own = parts.netloc == urlsplit(page).netloc
    host = parts.hostname or ""
    if "@" in parts.netloc:
        return "credentials"
    if not own and _is_number(host):
        return "an address by number"
    if any(host == one or host.endswith(f".{one}") for one in _HOSTS):
        return "user content"
    rest = unquote(parts.path).lower().removeprefix(urlsplit(page).path.lower())
    if _USER_FILES.match(rest):
        return "user content"
    if ".." in rest.split("/") or "\\" in rest:
        return "a way out of the repository"
    if _ITEM.match(rest):
        return "a reference to an item"
    if any("://" in unquote(value) or value.startswith("//") for _key, value in parse_qsl(parts.query)):
        return "a redirect"
    return ""


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return re.fullmatch(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*", host) is not None
    return True


def too_long(case: Case) -> Iterator[str]:
    for body in case.bodies:
        if len(body.text) > MAX_BODY:
            yield f"{body.write.name}: {len(body.text)} characters"


def without_marker(case: Case) -> Iterator[str]:
    """Comments and reviews begin with a marker that names their own thread; a remark never begins with one.

    Further down one may stand in code, where nobody looks for it; outside code it would be raw HTML.
    """
    for body in case.bodies:
        first = body.text.split("\n", 1)[0]
        rules = case.scene.rules.get(body.write.repository)
        expected = rf":{rules.id if rules else 0}#{body.write.number}[. ]"
        if not body.remark and not (MARKER.match(body.text) and re.search(expected, first)):
            yield f"{body.write.name}: the marker is lost or another thread's: {first[:100]}"
        if body.remark and MARKER.match(body.text):
            yield f"{body.write.name}: a remark begins with a marker"


def not_said(case: Case) -> Iterator[str]:
    """Every comment and review says, in visible words, that a machine wrote it."""
    for body in case.bodies:
        if body.remark:
            continue
        visible = " ".join(part.content for token in _parsed(body.text) for part in token.children or ())
        if not _MACHINE.search(visible):
            yield f"{body.write.name}: does not say that it is automated"


def broken_suggestions(case: Case) -> Iterator[str]:
    """At most one suggestion, in a fence that nothing inside ends, as the last block of a remark on changed lines."""
    for body in case.bodies:
        if _SUGGESTION not in body.text:
            continue
        tokens = _parsed(body.text)
        fences = [one for one in tokens if one.type == "fence" and one.info.split()[:1] == [_SUGGESTION]]
        if not fences:
            continue
        if not body.remark or len(fences) > 1 or tokens[-1] is not fences[0]:
            yield f"{body.write.name}: a suggestion where none belongs"
        longest = max(map(len, re.findall("`+", fences[0].content)), default=0)
        if len(fences[0].markup) <= longest or fences[0].markup[:1] != "`":
            yield f"{body.write.name}: the fence is not longer than one inside"
