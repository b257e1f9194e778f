"""What kind it is in the end: the rules where they are sure, else a model's answer if it stands up."""

import math
from dataclasses import dataclass

from bot.capabilities.triage import pulls
from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.rules import VERSION, Judgement, judge_report
from bot.domain.actions import Source
from bot.domain.capability import Context
from bot.domain.facts import Facts
from bot.domain.plan import ModelAnswer
from bot.domain.report import Language, squash


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, or None with the `doubt` in one line. `evidence` are plain-text lines, `notes` what else to know."""

    kind: Kind | None
    confidence: float
    evidence: tuple[str, ...]
    source: Source = Source.RULES
    method: str = VERSION
    doubt: str = ""
    notes: tuple[str, ...] = ()


def label_of(kind: Kind, facts: Facts, context: Context, options: TriageOptions) -> str | None:
    """The label for a kind: the first that the repository has and that may be set."""
    usable = facts.label_names & context.labels
    return next((name for name in options.labels_for(kind) if name in usable), None)


def available_kinds(facts: Facts, context: Context, options: TriageOptions) -> tuple[Kind, ...]:
    """The kinds that the repository has labels for; nobody asks a question by a pull request."""
    kinds = pulls.KINDS if facts.item.is_pull else tuple(Kind)
    return tuple(kind for kind in kinds if label_of(kind, facts, context, options))


def judge(facts: Facts, options: TriageOptions) -> Judgement:
    """The rules' judgement of the item."""
    if facts.item.is_pull:
        return pulls.judge_pull(facts.item.title, facts.files)
    named = [(name, kind) for kind in Kind for name in options.labels_for(kind)]
    return judge_report(facts.item.title, facts.item.body, facts.forms, named)


def wants_model(judgement: Judgement, facts: Facts, options: TriageOptions) -> bool:
    """Whether the rules are unsure about a text that they could read: a foreign language is left to people."""
    if facts.item.is_pull and pulls.is_maintenance(facts.item.title):
        return False
    return judgement.confidence < options.minimum_confidence and judgement.language is Language.ENGLISH


def reach(facts: Facts, answer: ModelAnswer | None, context: Context, options: TriageOptions) -> Verdict:
    """Rules first; a model's answer counts only where they are unsure and have no strong evidence against it."""
    judgement = judge(facts, options)
    if judgement.kind and judgement.confidence >= options.minimum_confidence:
        return Verdict(judgement.kind, judgement.confidence, judgement.evidence)
    if answer is None or not wants_model(judgement, facts, options):
        return _unsure(judgement)
    return _by_model(answer, judgement, facts, available_kinds(facts, context, options), options)


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
    notes = ("the model saw only the beginning of the report",) if answer.cut else ()
    # guard: confident-models (2): without confidence < options.model_confidence
    if kind is None or confidence < options.model_confidence:
        doubt = "; ".join(("the model is not sure either", *notes))
        return Verdict(None, confidence, judgement.evidence, method=method, doubt=doubt, notes=notes)
    if judgement.contradicts(kind):  # guard: rules-against-models (2)
        doubt = f"the model says {kind}, the rules lean to {judgement.kind}"
        return Verdict(None, confidence, judgement.evidence, method=method, doubt=doubt, notes=notes)
    evidence = _seen(answer.data.get("evidence"), facts)
    return Verdict(kind, confidence, evidence, Source.MODEL, method, notes=notes)


def _unsure(judgement: Judgement) -> Verdict:
    if judgement.language is not Language.ENGLISH:
        doubt = "the text is short, or in a language that the rules do not know"
    elif judgement.kind is None:
        doubt = "nothing in the text tells the kind"
    else:
        doubt = f"the likeliest is {judgement.kind}, but with a confidence of only {judgement.confidence:.2f}"
    return Verdict(None, judgement.confidence, judgement.evidence, doubt=doubt)


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
