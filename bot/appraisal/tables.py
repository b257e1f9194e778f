"""The appraisal as tables for a terminal."""

from collections.abc import Iterator

from rich.table import Table

from bot.appraisal.figures import NOTHING, AreaFigures, Figures, LabelFigures
from bot.appraisal.run import Appraisal


def tables(found: Appraisal) -> Iterator[Table]:
    """Labels, what was said instead, what `mode: earned` would do, and the rest."""
    if found.triage:
        yield from _triage(found.repository, found.triage)
    rest = Table("what", "figure")
    for row in _rest(found):
        rest.add_row(*row)
    yield rest


def _triage(repository: str, triage: Figures) -> Iterator[Table]:
    if triage.issues:
        yield from _decided(repository, triage)
    if triage.areas:
        areas = Table("area", "sure of", "right", "precision", "recall", title="Areas: set only in mode: earned")
        for area in triage.areas:
            areas.add_row(area.label, str(area.named), str(area.right), *_shares(area))
        yield areas
    earned = Table("kind or area", "may act", "from", "why", title="mode: earned")
    for name, standing in triage.earned.items():
        earned.add_row(name, _may(standing["earned"]), _bar(standing["threshold"]), standing["reason"])
    for area in triage.areas:
        earned.add_row(area.label, _may(area.earned), _bar(area.threshold), area.reason)
    yield earned


def _decided(repository: str, triage: Figures) -> Iterator[Table]:
    title = f"{repository}, {triage.issues} issues"
    labels = Table("label", "set", "right", "precision", "recall", "nothing set", title=title)
    for one in triage.labels:
        labels.add_row(one.label, str(one.set), str(one.right), *_shares(one), f"{one.abstained} of {one.wanted}")
    yield labels
    kinds = triage.kinds
    confusion = Table("people said", *kinds, NOTHING, title="What was said instead")
    for kind in kinds:
        row = triage.confusion.get(kind, {})
        confusion.add_row(kind, *(str(row.get(other, 0)) for other in (*kinds, NOTHING)))
    yield confusion


def _shares(one: LabelFigures | AreaFigures) -> tuple[str, str]:
    """Precision and recall."""
    low, high = one.precision_interval
    precision = f"{one.precision:.0%} ({low:.0%}–{high:.0%})" if one.precision is not None else "–"
    return precision, f"{one.recall:.0%} of {one.wanted}" if one.recall is not None else "–"


def _may(earned: bool) -> str:
    return "yes" if earned else "only suggests"


def _bar(threshold: float | None) -> str:
    return "–" if threshold is None else f"{threshold:.2f}"


def _rest(found: Appraisal) -> Iterator[tuple[str, str]]:
    if found.triage:
        yield from _rest_of_triage(found.triage)
    else:
        yield "too little for kinds", found.too_little
    if found.duplicates:
        figures = found.duplicates
        yield "duplicates, recall@5", f"{figures['recall_at_5']:.2f} of {figures['queries']}"
        yield "duplicates claimed", f"{figures['claims']['made']}, right {figures['claims']['right']}"


def _rest_of_triage(triage: Figures) -> Iterator[tuple[str, str]]:
    if triage.issues:
        yield from _rest_of_decided(triage)
    else:
        yield "kinds", triage.nothing_to_decide
    yield "mode: earned would have set", f"{triage.earned_set}, right {triage.earned_right}"
    if triage.not_allowed:
        yield "not in the allow-list", ", ".join(triage.not_allowed)


def _rest_of_decided(triage: Figures) -> Iterator[tuple[str, str]]:
    yield "nothing set", f"{triage.abstained} of {triage.issues}"
    if triage.given:
        yield "opened with a kind, left alone", str(triage.given)
    yield "decided by", ", ".join(f"{name} {count}" for name, count in triage.by_method.items()) or "nobody"
    if triage.calibration_error is not None:
        yield "calibration error", f"{triage.calibration_error:.3f}"
    if triage.tokens_measured:
        answers = triage.asked - sum(triage.silences.values())
        yield "a model was asked", f"{triage.asked} times, {answers} answers, {triage.tokens:,} tokens"
        yield from ((f"not answered: {count}", reason) for reason, count in triage.silences.items())
    else:
        yield "a model would be asked", f"{triage.asked} times, about {triage.tokens:,} tokens"
