"""What people say about our work, by commands and by thumbs down on our comment, and which labels they ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

TRIAGE: Final = "triage"
DUPLICATES: Final = "duplicates"
LABELS: Final = "labels"
"""Said of a label, whoever set it: /label wants it here, /unlabel does not."""
ALL: Final = "all"
"""Said of our comment as a whole: which part was meant is unknown."""


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


def called_wrong(said: Iterable[Feedback]) -> dict[int, set[str]]:
    """Item → the subjects that people called wrong there."""
    found: dict[int, set[str]] = {}
    for one in said:
        if one.opinion is Opinion.WRONG:
            found.setdefault(one.number, set()).add(one.subject)
    return found
