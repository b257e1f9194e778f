"""The kinds of report, and one piece of evidence for a kind."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    BUG = "bug"
    ENHANCEMENT = "enhancement"
    QUESTION = "question"
    DOCUMENTATION = "documentation"


@dataclass(frozen=True, slots=True)
class Signal:
    """Evidence for a kind. `weight` is in logits, `text` says what was seen, in plain words that
    can follow "because".

    A `declared` signal is what the person chose (a form, a template, a prefix): it counts in any language.
    """

    id: str
    kind: Kind
    weight: float
    text: str
    declared: bool = False
