"""Which labels of this repository stand for which kind."""

from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.naming import kind_of_label
from bot.domain.capability import Context
from bot.domain.facts import Facts
from bot.domain.labels import spelled


def names_of(kind: Kind, facts: Facts, options: TriageOptions) -> tuple[str, ...]:
    """The repository's labels for a kind, best first, as it spells them.

    The configured names, and no others; without any, the usual ones and then those that plainly mean the kind.
    """
    existing = facts.label_names | facts.item.labels
    usual = spelled(options.labels_for(kind), existing)
    if kind in options.kinds:
        return usual
    configured = {name.casefold() for one in options.kinds for name in options.labels_for(one)}
    others = sorted(
        name for name in existing
        if kind_of_label(name) is kind and name not in usual and name.casefold() not in configured
    )  # fmt: skip
    return (*usual, *others)


def kind_labels(facts: Facts, options: TriageOptions) -> frozenset[str]:
    """All labels that stand for some kind."""
    return frozenset(name for kind in Kind for name in names_of(kind, facts, options))


def label_of(kind: Kind, facts: Facts, context: Context, options: TriageOptions) -> str | None:
    """The label for a kind: the first that the repository has and that may be set."""
    usable = facts.label_names & context.labels
    return next((name for name in names_of(kind, facts, options) if name in usable), None)
