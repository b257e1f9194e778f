"""What spoke for an answer, in words that people read."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.learning.kinds import Reason

_SAID_IN: Final = {
    "title": "the title",
    "text": "the text",
    "first line": "the first line",
    "last line": "the last line",
}
_MARKS: Final = ("<start>", "<end>")
_UNREADABLE: Final = frozenset({"title pieces", "text pieces", "style", "shape", "signs"})
_OPENINGS: Final = {"heading": "the heading “{}”", "headings": "the headings “{}”", "template": "the template “{}”"}
_LONGEST: Final = 60
_WORDED: Final = frozenset(_SAID_IN)
_SMALL_WORDS: Final = """
a about after all also am an and any are as at be because been but by can could did do does doing for from get got had
has have he here how i if in into is it its just like me more my no not now of on only or other our out over so some
such than that the their them then there these they this those through to too up us use used using very was we were what
when where which while who why will with would you your
"""
_SMALL: Final = frozenset(_SMALL_WORDS.split())


def in_words(reasons: Sequence[Reason], most: int) -> tuple[str, ...]:
    """The strongest readable reasons, at most so many.

    Pieces of words, shapes of texts and small words tell people nothing; of "tide" and "tide gauge" the stronger
    stays.
    """
    lines: dict[str, None] = {}
    told: list[str] = []
    for one in reasons:
        if one.view in _WORDED and (not _says_something(one.feature) or _overlaps(one.feature, told)):
            continue
        told.append(one.feature)
        lines |= dict.fromkeys(_line(one))
    return tuple(lines)[:most]


def _says_something(feature: str) -> bool:
    return any(word not in _SMALL and len(word) > 2 for word in feature.split() if word not in _MARKS)


def _overlaps(feature: str, told: Sequence[str]) -> bool:
    mine = f" {feature} "
    return any(mine in f" {other} " or f" {other} " in mine for other in told)


def _line(reason: Reason) -> Iterator[str]:
    if reason.view in _UNREADABLE:
        return
    feature = " ".join(word for word in reason.feature.split() if word not in _MARKS)[:_LONGEST]
    if not feature:
        return
    if reason.view == "form":
        kind, _, rest = feature.partition(": ")
        yield _OPENINGS.get(kind, "the form's “{}”").format(rest or feature)
    elif reason.view == "addresses":
        yield f"a link to {feature}"
    elif reason.view == "code":
        yield f"“{feature}” in code"
    else:
        yield f"“{feature}” in {_SAID_IN.get(reason.view, 'the report')}"
