"""The appraisal as tables for a terminal."""

from collections.abc import Iterator

from rich.table import Table

from bot.appraisal.run import Appraisal


def tables(found: Appraisal) -> Iterator[Table]:
    """Labels, what `mode: earned` would do, and the rest."""
    triage = found.triage
    labels = Table("label", "set", "right", "precision", "recall", title=f"{found.repository}, {triage.issues} issues")
    for one in triage.labels:
        low, high = one.precision_interval
        precision = f"{one.precision:.0%} ({low:.0%}–{high:.0%})" if one.precision is not None else "–"
        recall = f"{one.recall:.0%} of {one.wanted}" if one.recall is not None else "–"
        labels.add_row(one.label, str(one.set), str(one.right), precision, recall)
    yield labels
    earned = Table("kind", "may act", "why", title="mode: earned")
    for name, standing in triage.earned.items():
        earned.add_row(name, "yes" if standing["earned"] else "only suggests", standing["reason"])
    yield earned
    rest = Table("what", "figure")
    for row in _rest(found):
        rest.add_row(*row)
    yield rest


def _rest(found: Appraisal) -> Iterator[tuple[str, str]]:
    triage = found.triage
    yield "nothing set", f"{triage.abstained} of {triage.issues}"
    yield "decided by", ", ".join(f"{name} {count}" for name, count in triage.by_method.items()) or "nobody"
    if triage.calibration_error is not None:
        yield "calibration error", f"{triage.calibration_error:.3f}"
    about = "" if triage.tokens_measured else "about "
    yield "a model would be asked", f"{triage.asked} times, {about}{triage.tokens:,} tokens"
    if triage.not_allowed:
        yield "not in the allow-list", ", ".join(triage.not_allowed)
    if found.duplicates:
        figures = found.duplicates
        yield "duplicates, recall@5", f"{figures['recall_at_5']:.2f} of {figures['queries']}"
        yield "duplicates claimed", f"{figures['claims']['made']}, right {figures['claims']['right']}"
