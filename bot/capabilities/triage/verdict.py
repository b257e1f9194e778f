"""What kind it is in the end: the rules where they are sure, else what was learned, else a model's answer."""

import math
from dataclasses import dataclass

from bot.capabilities.triage import pulls
from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.names import label_of, names_of
from bot.capabilities.triage.rules import VERSION, Judgement, judge_report
from bot.domain.actions import Source
from bot.domain.capability import Context
from bot.domain.facts import Facts
from bot.domain.language import Language
from bot.domain.learned import Guess, Lesson, Measure
from bot.domain.plan import ModelAnswer
from bot.domain.report import squash


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, or None with the `doubt` in one line. `evidence` are plain-text lines, `notes` what else to know.

    `measure` is what answers of this method about this kind were worth; None where nobody measured.
    """

    kind: Kind | None
    confidence: float
    evidence: tuple[str, ...]
    source: Source = Source.RULES
    method: str = VERSION
    doubt: str = ""
    notes: tuple[str, ...] = ()
    measure: Measure | None = None

    @property
    def earned(self) -> bool:
        """Whether `mode: earned` may act on it."""
        return self.measure is not None and self.measure.earned


def available_kinds(facts: Facts, context: Context, options: TriageOptions) -> tuple[Kind, ...]:
    """The kinds that the repository has labels for; nobody asks a question by a pull request."""
    kinds = pulls.KINDS if facts.item.is_pull else tuple(Kind)
    return tuple(kind for kind in kinds if label_of(kind, facts, context, options))


def judge(facts: Facts, options: TriageOptions) -> Judgement:
    """The rules' judgement of the item."""
    if facts.item.is_pull:
        return pulls.judge_pull(facts.item.title, facts.files)
    named = [(name, kind) for kind in Kind for name in names_of(kind, facts, options)]
    return judge_report(facts.item.title, facts.item.body, facts.forms, named)


def wants_model(judgement: Judgement, facts: Facts, options: TriageOptions) -> bool:
    """Whether the rules are unsure about a text that a model may be asked about: its prompts are written in English."""
    if facts.item.is_pull and pulls.is_maintenance(facts.item.title):
        return False
    return not rules_are_sure(judgement, facts, options) and judgement.language is Language.ENGLISH


def rules_are_sure(judgement: Judgement, facts: Facts, options: TriageOptions) -> bool:
    """Whether the rules decide: confident enough, and not known to be wrong too often in this repository."""
    if judgement.kind is None or judgement.confidence < options.minimum_confidence:
        return False
    measure = _rules_measure(judgement.kind, facts)
    return measure is None or not measure.falls_short


def reach(facts: Facts, answer: ModelAnswer | None, context: Context, options: TriageOptions) -> Verdict:
    """Rules first, then what the repository taught, in whatever language. A model's answer counts only where both are
    unsure, and the rules have no strong evidence against it.
    """
    judgement = judge(facts, options)
    if judgement.kind and rules_are_sure(judgement, facts, options):
        return _by_rules(judgement, judgement.kind, facts)
    kinds = available_kinds(facts, context, options)
    lesson = facts.lesson
    learned = _by_lesson(lesson, kinds) if lesson else None
    if learned is not None:
        return learned
    if answer is None or not wants_model(judgement, facts, options):
        return _unsure(judgement, lesson, kinds)
    return _by_model(answer, judgement, facts, kinds, options)


def _rules_measure(kind: Kind, facts: Facts) -> Measure | None:
    return facts.lesson.rules.get(kind) if facts.lesson else None


def _by_rules(judgement: Judgement, kind: Kind, facts: Facts) -> Verdict:
    measure = _rules_measure(kind, facts)
    notes = _measured(measure.describe(), measure, facts.lesson, "as configured") if measure and facts.lesson else ()
    return Verdict(kind, judgement.confidence, judgement.evidence, notes=notes, measure=measure)


def _by_lesson(lesson: Lesson, kinds: tuple[Kind, ...]) -> Verdict | None:
    """What was learned, if it is as sure as it must be for this kind; the best guess counts only, not the next one."""
    best = lesson.guesses[0] if lesson.guesses else None
    kind = next((one for one in kinds if best and one == best.kind), None)
    measure = lesson.bars.get(kind) if kind else None
    if best is None or kind is None or measure is None or measure.threshold is None:
        return None
    if best.probability < measure.threshold:  # guard: learned-thresholds (4)
        return None
    chosen = f"chosen so that {measure.wanted:.0%} are right"
    notes = _measured(measure.describe(forward=True), measure, lesson, chosen)
    evidence = _learned_evidence(best)
    return Verdict(kind, best.probability, evidence, method=lesson.method, notes=notes, measure=measure)


def _learned_evidence(guess: Guess) -> tuple[str, ...]:
    """One line that can follow "because", and one for each feature that spoke for it."""
    like = f"it reads like the reports that people called {guess.kind} here"
    return (f"{like} ({', '.join(guess.reasons[:2])})" if guess.reasons else like, *guess.reasons)


def _measured(described: str, measure: Measure, lesson: Lesson, chosen: str) -> tuple[str, ...]:
    """What /why says of how sure to be, and how that was `chosen`."""
    where = "in this repository" if lesson.own else "in this repository and others of its owner"
    return (f"acts from a confidence of {measure.threshold:.2f} on, {chosen}; {described}, {where}",)


def _by_model(
    answer: ModelAnswer,
    judgement: Judgement,
    facts: Facts,
    kinds: tuple[Kind, ...],
    options: TriageOptions,
) -> Verdict:
    kind = next((one for one in kinds if one == answer.data.get("kind")), None)
    confidence = _number(answer.data.get("confidence"))
    method = f"model {answer.model}, prompt {answer.prompt}"
    notes = ("the model saw only the beginning of the report",) if {"title", "body"} & {*answer.cut} else ()
    # guard: confident-models (2): without confidence < options.model_confidence
    if kind is None or confidence < options.model_confidence:
        doubt = "; ".join(("the model is not sure either", *notes))
        return Verdict(None, confidence, judgement.evidence, method=method, doubt=doubt, notes=notes)
    if judgement.contradicts(kind):  # guard: rules-against-models (2)
        doubt = f"the model says {kind}, the rules lean to {judgement.kind}"
        return Verdict(None, confidence, judgement.evidence, method=method, doubt=doubt, notes=notes)
    evidence = _seen(answer.data.get("evidence"), facts)
    return Verdict(kind, confidence, evidence, Source.MODEL, method, notes=notes)


def _unsure(judgement: Judgement, lesson: Lesson | None, kinds: tuple[Kind, ...]) -> Verdict:
    best = lesson.guesses[0] if lesson and lesson.guesses else None
    if lesson and best:
        lacks = _lacks(best.kind, lesson, kinds)
        doubt = f"by what was learned here {best.kind} is the likeliest with {best.probability:.2f}, but {lacks}"
    elif judgement.language is not Language.ENGLISH:
        doubt = "the text is short, or in a language that the rules do not know"
    elif judgement.kind is None:
        doubt = "nothing in the text tells the kind"
    else:
        doubt = f"the likeliest is {judgement.kind}, but with a confidence of only {judgement.confidence:.2f}"
    return Verdict(None, judgement.confidence, judgement.evidence, doubt=doubt)


def _lacks(kind: str, lesson: Lesson, kinds: tuple[Kind, ...]) -> str:
    """Why what was learned does not decide, though this kind is the likeliest."""
    measure = lesson.bars.get(kind)
    if kind not in kinds:
        return "there is no label for it that may be set"
    if measure is None:
        return "nothing was measured for it so far"
    return "that was never sure enough" if measure.threshold is None else f"it takes {measure.threshold:.2f}"


def _seen(evidence: object, facts: Facts) -> tuple[str, ...]:
    """The model's evidence, if those words really stand in the report."""
    if not isinstance(evidence, str) or not squash(evidence):
        return ()
    text = squash(f"{facts.item.title}\n{facts.item.body}")
    # guard: evidence-from-the-text (2, 18): always
    return (f"the text says “{' '.join(evidence.split())[:200]}”",) if squash(evidence) in text else ()


def _number(value: object) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable and isinstance(value, int | float) and 0 <= value <= 1 else 0.0
