"""What a capability answers: a plan, or the reason why there is none."""

from dataclasses import dataclass, field
from typing import Any

from bot.domain.actions import Action


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why, for /why, logs and records. `evidence` are plain-text lines, `method` says what decided
    ("rules 1", "learned, version 3", "model NAME with prompt triage 2"), `confidence` is 0..1 or None where it means
    nothing."""

    outcome: str
    evidence: tuple[str, ...] = ()
    method: str = "rules"
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions in the order in which they are carried out.

    A `commanded` plan answers a person who may ask for it, so that it goes on where a maintainer has answered.
    `earned` are the labels whose measured precision holds: the only ones that `mode: earned` sets.
    """

    actions: tuple[Action, ...]
    why: Explanation
    commanded: bool = False
    earned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do, and the reason in one line."""

    reason: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A question for a model: a prompt's id and its typed inputs (untrusted ones are fenced by the prompt loader)."""

    prompt: str
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A validated answer. `data` fits the prompt's closed JSON Schema; `model` and `prompt` name who gave it; `cut`
    names the inputs of which the model saw only the beginning; `cached`: it was given before, to the same question."""

    data: dict[str, Any]
    model: str
    prompt: str
    tokens: int = 0
    cut: tuple[str, ...] = ()
    cached: bool = False


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why a question has no answer, in a few plain words for /why. `tokens` were spent all the same."""

    reason: str
    tokens: int = 0
