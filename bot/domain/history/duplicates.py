"""Which item is a duplicate of which, as people said it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.commonmark import shared
from bot.domain.history.values import Change, ChangeKind

_BLOCKS: Final = shared(MarkdownIt("commonmark").enable("table"))
_MAX_TEXT: Final = 65_536
_LARGEST: Final = 2**31 - 1
_BEFORE: Final = r"(?:(?:this(?: issue)?|it)(?: is|'s)|(?:clos(?:ed|ing))(?: this)?(?: issue)?(?: as)?|marked as)"
_SAID: Final = re.compile(
    rf"\s*(?:{_BEFORE}\s+)?(?:an?\s+|the\s+)?(?:exact\s+)?dup(?:licate)?s?\s+of\s*:?\s*"
    r"(?:(?P<place>[\w.-]+/[\w.-]+)?#|https?://[^\s/]+/(?P<page>[\w.-]+/[\w.-]+)/(?:issues|pull)/)(?P<number>\d{1,10})\b",
    re.IGNORECASE | re.ASCII,
)


def said_duplicate(comment: str, full_name: str) -> int | None:
    """The number of this repository that a comment calls the original of its item; the last one, if several.

    "Duplicate of #12" as GitHub takes it, and the words that people use for it, at the start of a line of a top-level
    paragraph: quotes, lists and code say nothing.
    https://docs.github.com/en/issues/tracking-your-work-with-issues/administering-issues/marking-issues-or-pull-requests-as-a-duplicate
    """
    found = None
    for line in _lines(comment[:_MAX_TEXT]):
        said = _SAID.match(line)
        if said is None:
            continue
        place, number = said["place"] or said["page"] or full_name, int(said["number"])
        if place.lower() == full_name.lower() and 0 < number <= _LARGEST:
            found = number
    return found


def standing_duplicate(number: int, said: Iterable[tuple[datetime, int]], changes: Iterable[Change]) -> int | None:
    """What the item is a duplicate of, from (time, number) of comments and its changes; None if it was taken back.

    A comment counts unless the mark was taken off after it; nothing is a duplicate of itself.
    """
    taken_off = [one.at for one in changes if one.kind is ChangeKind.UNMARKED]
    since = max(taken_off, default=None)
    standing = [(at, other) for at, other in said if other != number and (since is None or at > since)]
    return max(standing)[1] if standing else None


def canonical(links: Mapping[int, int]) -> dict[int, int]:
    """The original behind each duplicate, chains followed to their end.

    `links` says of which item each one is a duplicate, as people named it. Where they named each other in a circle,
    the oldest (lowest number) is the original. The result holds no original as a key: no chains, no circles.
    """
    found: dict[int, int] = {}
    for start in links:
        walked: dict[int, None] = {}
        here = start
        while here in links and here not in walked and here not in found:
            walked[here] = None
            here = links[here]
        end = found.get(here, here) if here not in walked else min(_circle(links, here))
        found |= dict.fromkeys(walked, end)
    return {number: original for number, original in found.items() if number != original}


def _circle(links: Mapping[int, int], start: int) -> Iterator[int]:
    here = start
    while True:
        yield here
        here = links[here]
        if here == start:
            return


def _lines(markdown: str) -> Iterator[str]:
    before = ""
    for token in _BLOCKS.parse(markdown):
        if token.type == "inline" and token.level == 1 and before == "paragraph_open":
            yield from "".join(_words(token)).split("\n")
        before = token.type


def _words(inline: Token) -> Iterator[str]:
    for token in inline.children or ():
        match token.type:
            case "text":
                yield token.content
            case "softbreak" | "hardbreak":
                yield "\n"
            case "code_inline":
                yield "`"
            case _:
                continue
