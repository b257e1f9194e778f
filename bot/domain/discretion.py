"""What all who are not the pointer to the security policy decide about a report that may be about a vulnerability."""

from bot.domain.actions import Action, DropSection, RemoveLabels, Source
from bot.domain.capability import Manifest
from bot.domain.facts import Facts
from bot.domain.plan import Explanation, Plan, Skip
from bot.domain.sensitive import LEFT_ALONE


def leave_alone(manifest: Manifest, facts: Facts) -> Plan | Skip:
    """Nothing new, and what was said and set before goes without a word: a report may become one by an edit.

    Labels stay where a maintainer has answered or the item is closed: they are in people's hands.
    """
    # guard: labels-in-people-s-hands (5): each
    settled = facts.maintainer_answered or facts.item.state == "closed"
    labels = tuple(sorted(facts.set_by_us)) if RemoveLabels in manifest.actions and not settled else ()
    actions: list[Action] = [RemoveLabels(labels, Source.RULES)] if labels else []
    if manifest.id in facts.memory.sections:
        actions.append(DropSection(()))
    if not actions:
        return Skip(LEFT_ALONE)
    outcome = "took back what was said" if settled else "took everything back"
    return Plan(tuple(actions), Explanation(outcome, (LEFT_ALONE,), "rules 1"))
