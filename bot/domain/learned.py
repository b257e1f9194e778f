"""What was learned from a repository's history says about one report. Kinds and labels are named as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

FEW: Final = 5
"""Answers, below which nothing is said to fall short."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind and its calibrated probability; `reasons` are plain-text lines that can follow "because"."""

    kind: str
    probability: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """How sure to be of a kind, and what that was worth on reports that were held back from learning.

    `threshold` is None where no probability was good enough for the `wanted` precision. `right` of `count` answers
    were true; `low` is the lower end of a one-sided 95 % interval, `high` the upper end of a one-sided 80 % one.
    `earned` says whether `mode: earned` may act, by these and by what people did with our labels; `standing` says why
    (not).
    """

    threshold: float | None = None
    right: int = 0
    count: int = 0
    low: float = 0.0
    high: float = 1.0
    wanted: float = 0.9
    coverage: float = 0.0
    earned: bool = False
    standing: str = "nothing was measured for it so far"

    @property
    def falls_short(self) -> bool:
        """Whether it was measured often enough, and is plainly not good enough."""
        return self.count >= FEW and self.high < self.wanted

    def describe(self, *, forward: bool = False) -> str:
        """The measured precision in words; for /why. `forward`: newer answers than those that chose the threshold."""
        if not self.count:
            return "precision not measured so far"
        share = f"{self.right / self.count:.0%}, at least {self.low:.0%}"
        answers = "newer answers" if forward else "answers"
        right = f"{self.right} of {self.count} {answers} on issues that it had not learned from were right"
        return f"measured precision: {right} ({share})"


@dataclass(frozen=True, slots=True)
class AreaGuess:
    """A label for a part of the repository, sure enough for its threshold, and what such answers were worth."""

    label: str
    probability: float
    measure: Measure


@dataclass(frozen=True, slots=True)
class Nearby:
    """A labelled report that is like this one."""

    number: int
    title: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """`guesses` are all kinds, likeliest first. `rules` and `bars` are by kind. `version` is the artefact's.

    `areas` are labels that are likely enough, likeliest first.
    `own`: measured on this repository's own reports (`answers` of them), not with others of the installation.
    """

    version: int
    guesses: tuple[Guess, ...]
    rules: Mapping[str, Measure] = field(default_factory=lambda: MappingProxyType({}))
    bars: Mapping[str, Measure] = field(default_factory=lambda: MappingProxyType({}))
    own: bool = True
    answers: int = 0
    nearby: tuple[Nearby, ...] = ()
    areas: tuple[AreaGuess, ...] = ()

    @property
    def method(self) -> str:
        return f"learned, version {self.version}"
