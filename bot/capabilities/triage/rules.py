"""From evidence to a kind: weights are added up per kind and become a confidence."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.capabilities.triage.kinds import Kind, Signal
from bot.capabilities.triage.structure import artefacts, form_signal, structure
from bot.capabilities.triage.wording import wording
from bot.domain.facts import IssueForm
from bot.domain.language import Language, language
from bot.domain.report import boilerplate_of, read, used_form

VERSION: Final = "rules 1"

_START: Final = {Kind.BUG: 0.0, Kind.ENHANCEMENT: 0.0, Kind.QUESTION: 0.0, Kind.DOCUMENTATION: -0.5}
_CONTRARY: Final = 0.55


@dataclass(frozen=True, slots=True)
class Judgement:
    """The likeliest kind (None without any evidence), its confidence 0..1 and the evidence for it.

    `language` says whether wording was looked at: only in English reports.
    """

    kind: Kind | None
    confidence: float
    evidence: tuple[str, ...]
    language: Language

    def contradicts(self, kind: Kind) -> bool:
        """Whether the rules' evidence is strong enough against this kind to overrule a model."""
        return self.kind is not None and self.kind is not kind and self.confidence >= _CONTRARY


def judge_report(
    title: str, body: str, forms: Sequence[IssueForm], label_kinds: Sequence[tuple[str, Kind]]
) -> Judgement:
    """The kind of an issue. `label_kinds` are the names of kind labels, to read what a form sets by itself."""
    report = read(body, boilerplate_of(forms))
    spoken = language(f"{title}\n{report.prose}")
    signals = list(structure(title, body, report))
    form = used_form(report, forms)
    if form is not None:
        signals += form_signal(form, label_kinds)
    if spoken is Language.ENGLISH:
        signals += (*artefacts(body, report), *wording(title, report.prose))
    else:
        signals = [one for one in signals if one.declared]
    return weigh(signals, spoken)


def weigh(signals: Iterable[Signal], spoken: Language = Language.ENGLISH) -> Judgement:
    """Add the weights up and turn them into a probability over the kinds (softmax)."""
    found = list(signals)
    if not found:
        return Judgement(None, 0.0, (), spoken)
    scores = {kind: start + sum(one.weight for one in found if one.kind is kind) for kind, start in _START.items()}
    best = max(scores, key=lambda kind: scores[kind])
    confidence = math.exp(scores[best]) / sum(math.exp(score) for score in scores.values())
    return Judgement(best, confidence, tuple(_lines(found, best)), spoken)


def _lines(signals: Sequence[Signal], kind: Kind) -> Iterator[str]:
    mine = sorted((one for one in signals if one.kind is kind), key=lambda one: -one.weight)
    yield from dict.fromkeys(one.text for one in mine)
