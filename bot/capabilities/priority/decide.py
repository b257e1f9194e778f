"""Decides whether a report gets a priority label."""

from collections.abc import Iterable
from typing import Final, cast

from bot.capabilities.priority import messages
from bot.capabilities.priority.config import PriorityOptions
from bot.capabilities.priority.evidence import Evidence, evidence
from bot.capabilities.priority.manifest import MANIFEST
from bot.domain.actions import Action, AddLabels, DropSection, RemoveLabels, SetSection, Source
from bot.domain.capability import Context, Manifest, Mode
from bot.domain.discretion import leave_alone
from bot.domain.facts import Facts
from bot.domain.labels import spelled_or_same
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.report import boilerplate_of
from bot.domain.sensitive import is_sensitive

_METHOD: Final = "rules 1"


class Priority:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        """Never: a model's confident guess is what people complain about."""
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        if is_sensitive(facts.item):  # guard: priorities-of-vulnerabilities (17)
            return leave_alone(MANIFEST, facts)
        wanted = cast(PriorityOptions, context.options).labels
        labels = {harm: spelled_or_same(label, facts.label_names) for harm, label in wanted.items()}
        usable = [label for label in labels.values() if label in facts.label_names & context.labels]
        reason = _objection(facts, usable)
        if reason:
            return Skip(reason)
        said = {one.harm: one for one in evidence(facts.item.title, facts.item.body, boilerplate_of(facts.forms))}
        found = next((said[harm] for harm, label in labels.items() if harm in said and label in usable), None)
        present = facts.item.labels & set(labels.values())
        theirs = sorted(present - facts.set_by_us)
        if theirs:  # guard: priorities-of-people (4)
            return _withdraw(f"a person set {theirs[0]}", (), facts)
        settled = _settled(labels.values(), facts)
        if settled:  # guard: priorities-that-people-settled (4)
            return _withdraw(settled, (), facts)
        if found is None:
            return _withdraw("no sentence of the report says how bad it is", tuple(sorted(present)), facts)
        return _plan(labels[found.harm], found, present, facts, context)


def _objection(facts: Facts, usable: list[str]) -> str:
    # guard: open-issues-have-priorities (34): each
    if facts.item.is_pull or facts.item.state != "open" or facts.item.locked:
        return "only open issues have a priority"
    if not usable:
        return "no priority label is configured that the repository has"
    return "a maintainer has answered already" if facts.maintainer_answered else ""


def _settled(labels: Iterable[str], facts: Facts) -> str:
    """Why the priority is left to people: they took one off, or called our work here wrong. Empty if not."""
    removed = next((one for one in labels if facts.was_removed(one)), None)
    if removed is not None:
        return f"a person removed {removed}"
    return "people said that what was done here is wrong" if facts.called_wrong(MANIFEST.id) else ""


def _plan(label: str, found: Evidence, present: frozenset[str], facts: Facts, context: Context) -> Plan | Skip:
    if label in present:
        return Skip(f"{label} is already set")
    if context.mode is Mode.SUGGEST:
        actions: tuple[Action, ...] = (SetSection(messages.suggested(label, found)),)
        return Plan(actions, Explanation(f"suggested {label}", (messages.evidence(found),), _METHOD))
    if present and facts.event.kind != "issues.edited":
        return Skip("a priority label is already set")
    taken = (RemoveLabels(tuple(sorted(present)), Source.RULES),) if present else ()
    actions = (*taken, AddLabels((label,), Source.RULES), SetSection(messages.labelled(label, found), quiet=True))
    return Plan(actions, Explanation(f"labelled {label}", (messages.evidence(found),), _METHOD))


def _withdraw(reason: str, labels: tuple[str, ...], facts: Facts) -> Plan | Skip:
    """Take back what rests on nothing any more: the section, and labels of ours."""
    ours = tuple(one for one in labels if one in facts.set_by_us)
    actions: list[Action] = [RemoveLabels(ours, Source.RULES)] if ours else []
    if MANIFEST.id in facts.memory.sections:
        actions.append(DropSection(messages.withdrawn()))
    if not actions:
        return Skip(reason)
    return Plan(tuple(actions), Explanation("took the priority back", (reason,), _METHOD))
