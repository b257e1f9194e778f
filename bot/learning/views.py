"""A report seen in several ways, each a bag of named features; the classifier weighs the views."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from bot.capabilities.triage.structure import artefacts, structure
from bot.capabilities.triage.wording import wording
from bot.domain.language import language
from bot.domain.report import MAX_CHARS, read, stack_traces, systems
from bot.learning.anatomy import Anatomy, dissect
from bot.learning.words import addresses, grams, pieces, words

Features = Mapping[str, Mapping[str, int]]
"""View → feature → how often."""

VERSION: Final = "views 1"

_OPENING: Final = re.compile(r"^\W{0,2}([\w /-]{1,30})[\]:]")
_ASKING: Final = re.compile(r"(?:how|what|why|is|can|does|where|when|which|who|should|do|are|will)\b", re.I)
_NAME: Final = re.compile(r"[A-Za-z_]{3,30}")
_FRAME: Final = re.compile(r"^\s*(?:at |File \"|#\d+ )", re.MULTILINE)
_FAULT: Final = re.compile(r"\b(?:error|exception|crash|fail|assert)", re.I)
_DECIMAL: Final = re.compile(r"\d\.\d")
_IMAGE: Final = re.compile(r"!\[|<img", re.I)
_DIGITS: Final = re.compile(r"[\d.]+")
_LONG_LINE: Final = 20
_PROSE_FOR_PIECES: Final = 2_500
_MOST_NAMES: Final = 600
_MOST_WORDS: Final = 3_000

# How people write tells what they want: to report, to ask for something, to understand.
_STYLE: Final = """
i we you it this that there is are was were be been can could should would will may might must do does did have has had
not no but if when while after before because since so how what why which where who please thanks any some all need
want like just only also same still now then
"""
_FUNCTION_WORDS: Final = frozenset(_STYLE.split())


def views(title: str, body: str) -> Features:
    """All features of a report. Texts of any language and length; nothing is read beyond GitHub's limits."""
    title, body = title[:1_000], body[:MAX_CHARS]
    parts = dissect(body)
    prose = "\n".join(parts.prose)
    title_words = words(title)
    prose_words = words(prose)[:_MOST_WORDS]
    first = next((line for line in parts.prose if len(line) > _LONG_LINE), "")
    last = parts.prose[-1] if parts.prose else ""
    bags: dict[str, list[str]] = {
        "title": grams(["<start>", *title_words, "<end>"], 2),
        "title pieces": pieces(title, 2, 5),
        "text": grams(prose_words, 2),
        "text pieces": pieces(prose[:_PROSE_FOR_PIECES], 3, 5),
        "first line": grams(["<start>", *words(first)[:40]], 3),
        "last line": grams(words(last)[-30:], 2),
        "form": list(_form(title, parts)),
        "code": [one.lower() for one in _NAME.findall("\n".join(parts.code))][:_MOST_NAMES],
        "addresses": list(_addresses(body)),
        "style": [one for one in prose_words if one in _FUNCTION_WORDS or "'" in one],
        "signs": list(_signs(title, body)),
        "shape": list(chain(_shape(title, body, prose, parts), _manner(title))),
    }
    return {view: Counter(bag) for view, bag in bags.items()}


def _form(title: str, parts: Anatomy) -> Iterator[str]:
    """Which template was used, and what was answered in its short fields."""
    yield from (f"heading: {one}" for one in parts.headings)
    yield f"headings: {' | '.join(parts.headings[:3])}"
    for key, value in parts.answers:
        yield f"field: {key}"
        yield f"answer: {key} = {_DIGITS.sub('0', value)}"
    yield from (f"template: {' '.join(words(one)[:8])}" for one in parts.comments)
    opening = _OPENING.match(title)
    if opening:
        yield f"prefix: {' '.join(words(opening[1]))}"


def _addresses(body: str) -> Iterator[str]:
    for host, path in addresses(body)[:40]:
        yield host
        yield "/".join(f"{host}{path}".split("/")[:4])


def _signs(title: str, body: str) -> Iterator[str]:
    """What the rules see: their cues, without their weights."""
    report = read(body)
    for one in chain(structure(title, body, report), artefacts(body, report), wording(title, report.prose)):
        yield one.id
        if one.declared:
            yield f"{one.id} {one.kind}"
    yield from (f"trace of {one}" for one in stack_traces(body))
    yield from {f"on {one.lower()}" for one in systems(body)}
    spoken = language(f"{title}\n{report.prose}")
    yield f"language {spoken}"


def _shape(title: str, body: str, prose: str, parts: Anatomy) -> Iterator[str]:
    """How much of what there is, in steps that double."""
    counts = {
        "letters": len(prose) // 20,
        "title words": len(title.split()),
        "code": sum(map(len, parts.code)) // 20,
        "code blocks": len(parts.languages),
        "list items": parts.items,
        "open tasks": parts.open_tasks,
        "done tasks": parts.done_tasks,
        "quoted lines": parts.quotes,
        "indented lines": parts.indented,
        "headings": len(parts.headings),
        "template comments": len(parts.comments),
        "questions": prose.count("?"),
        "questions in the title": title.count("?"),
        "exclamations": prose.count("!"),
        "images": len(_IMAGE.findall(body)),
        "addresses": body.count("://"),
        "code spans": prose.count("`") // 2,
        "stack frames": len(_FRAME.findall(body)),
        "faults": len(_FAULT.findall(body)),
        "decimals": len(_DECIMAL.findall(body)),
        "mentions": body.count("@"),
        "letters beyond ASCII": sum(not one.isascii() for one in body),
        "emoji": sum(one > "\U0001f000" for one in body),
    }
    for what, count in counts.items():
        yield from (f"{what} ≥ {2**step >> 1}" for step in range(count.bit_length() + 1))


def _manner(title: str) -> Iterator[str]:
    yield "the title begins with a capital" if title[:1].isupper() else "the title begins without a capital"
    if title.rstrip().endswith((".", "?", "!")):
        yield f"the title ends with {title.rstrip()[-1]}"
    if _ASKING.match(title):
        yield "the title begins like a question"
    if "`" in title:
        yield "code in the title"
