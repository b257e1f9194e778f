"""What people say about our work, by commands and by thumbs down on our comment, and which labels they ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.history.values import Change, ChangeKind, Setter

TRIAGE: Final = "triage"
DUPLICATES: Final = "duplicates"
LABELS: Final = "labels"
"""Said of a label, whoever set it: /label wants it here, /unlabel does not."""
ALL: Final = "all"
"""Said of our comment as a whole: which part was meant is unknown."""
_ABOUT_LABELS: Final = frozenset({TRIAGE, LABELS})
_OF_LABELS: Final = frozenset({ChangeKind.LABELED, ChangeKind.UNLABELED})
_PEOPLE: Final = frozenset({Setter.PERSON, Setter.FORM})


class Opinion(StrEnum):
    WRONG = "wrong"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One opinion about an item's `capability` (an id, LABELS or ALL).

    `subject` is the label that was meant, or the number of the other item; empty for all that the capability said
    there. `actor` is a digest of the login. `source` ("comment:ID", "reaction:ID") makes repeating it harmless.
    """

    number: int
    capability: str
    subject: str
    opinion: Opinion
    actor: str
    source: str
    at: datetime


def by_item(said: Iterable[Feedback]) -> dict[int, list[Feedback]]:
    """Item → what people said there, in the same order."""
    found: dict[int, list[Feedback]] = {}
    for one in said:
        found.setdefault(one.number, []).append(one)
    return found


def newest_words(said: Iterable[Feedback], changes: Iterable[Change]) -> dict[str, bool]:
    """Case-folded label of one item → whether people's newest word is that it belongs there.

    By hand, by the form that they chose, or by a command: all count alike. What we or other bots did is nobody's word.
    `changes` are in their order, as the history gives them. Within one second, which is as exact as GitHub's times
    are, a command is the newer word.
    """
    by_hand = [
        (one.at, one.label, one.kind is ChangeKind.LABELED)
        for one in changes
        if one.kind in _OF_LABELS and one.setter in _PEOPLE
    ]
    told = [
        (one.at, one.subject, one.opinion is Opinion.RIGHT)
        for one in said
        if one.subject and one.capability in _ABOUT_LABELS
    ]
    in_order = sorted((*by_hand, *told), key=lambda word: word[0])
    return {label.casefold(): wanted for _at, label, wanted in in_order}
