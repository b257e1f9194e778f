"""Decides which labels an item gets."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from bot.capabilities.triage import messages
from bot.capabilities.triage.areas import Area, acts, areas_of_issue, is_area, room
from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.manifest import COMMAND, MANIFEST
from bot.capabilities.triage.names import kind_labels, label_of, names_of
from bot.capabilities.triage.pulls import areas_of
from bot.capabilities.triage.question import inputs_of
from bot.capabilities.triage.verdict import Verdict, available_kinds, judge, reach, wants_model
from bot.domain.actions import Action, AddLabels, DropSection, RemoveLabels, Reply, SetSection, Source
from bot.domain.capability import Access, Context, Manifest, Mode
from bot.domain.discretion import leave_alone
from bot.domain.facts import Facts
from bot.domain.labels import spelled
from bot.domain.learned import Measure
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.sensitive import is_sensitive
from bot.domain.text import Text, code


@dataclass(frozen=True, slots=True)
class _Wish:
    """Labels to add and to remove, or the `answer` (for /triage) and `reason` why the kind stays as it is."""

    add: str | None = None
    remove: tuple[str, ...] = ()
    keep: str | None = None
    answer: Text = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Areas:
    """Area labels: `new` ones to set, those `shown` as set by us (`new` included), `suggested` ones, and `named` ones,
    which are only mentioned beside others. `evidence` is for /why, `how` for people, after the labels.
    """

    new: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    named: tuple[Area, ...] = ()
    evidence: tuple[str, ...] = ()
    how: str = messages.BY_PATHS


class Triage:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        options = cast(TriageOptions, context.options)
        kinds = available_kinds(facts, context, options)
        # guard: models-and-vulnerabilities (17): without is_sensitive(facts.item)
        if objection(facts) or is_sensitive(facts.item) or not kinds or not _may_label(facts, options):
            return None
        if not wants_model(judge(facts, options), facts, options):
            return None
        if corrected(facts, options) or reach(facts, None, context, options).kind is not None:
            return None
        return ModelRequest(MANIFEST.id, inputs_of(facts, kinds))

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        if is_sensitive(facts.item) and not is_command(facts):  # guard: labels-of-vulnerabilities (17)
            return leave_alone(MANIFEST, facts)
        reason = objection(facts)
        if reason:
            return Skip(reason)
        options = cast(TriageOptions, context.options)
        verdict = reach(facts, answer, context, options)
        wish = _wish(verdict, facts, context, options)
        areas = (_areas_of_pull if facts.item.is_pull else _areas_of_issue)(facts, context, options)
        return _plan(verdict, wish, areas, facts, context)


def objection(facts: Facts) -> str:
    """Why this event is none of our business; empty if it is."""
    if is_command(facts):
        if not any(one.name == COMMAND for one in facts.invocations):
            return "no /triage in the comment"
        # guard: role-of-triage (6): always
        return "" if Access.TRIAGE.permits(facts.role) else "the sender may not use /triage"
    if facts.item.state != "open":
        return "the item is closed"
    if facts.item.locked:
        return "the conversation is locked"
    return "a maintainer has answered already" if facts.maintainer_answered else ""


def is_command(facts: Facts) -> bool:
    """Whether the event is a comment: only /triage can be meant then."""
    return facts.event.kind == "issue_comment.created"


def corrected(facts: Facts, options: TriageOptions) -> str:
    """Why the kind is left to people here: they have said that we were wrong. Empty if not, or if somebody asks."""
    if is_command(facts):
        return ""
    kinds = {one.casefold() for one in kind_labels(facts, options)}
    if facts.called_wrong(MANIFEST.id) or facts.wrong_labels & kinds:  # guard: labels-called-wrong (4)
        return "people said that the label set here was wrong"
    if facts.corrected & kinds:  # guard: corrected-threads (4)
        return "a person took off the label that was set here"
    return ""


def _may_swap(facts: Facts) -> bool:
    return is_command(facts) or facts.event.kind.endswith((".edited", ".synchronize"))


def _may_label(facts: Facts, options: TriageOptions) -> bool:
    """Whether an answer could change anything: kind labels of people stay, ours are swapped at an edit only."""
    present = facts.item.labels & kind_labels(facts, options)
    return not present or (present <= facts.set_by_us and _may_swap(facts))


def _wish(verdict: Verdict, facts: Facts, context: Context, options: TriageOptions) -> _Wish:
    """What should happen to the kind label; labels of people stay, and what they removed does not return."""
    settled = corrected(facts, options)
    if settled:
        return _Wish(reason=settled)
    if verdict.kind is None:
        return _Wish(answer=messages.unsure(verdict.doubt), reason=f"not sure: {verdict.doubt}")
    label = label_of(verdict.kind, facts, context, options)
    present = facts.item.labels & kind_labels(facts, options)
    fitting = sorted(present & set(names_of(verdict.kind, facts, options)))
    theirs = sorted(present - facts.set_by_us)
    if fitting:
        keep = next((one for one in fitting if one in facts.set_by_us), None)
        return _Wish(keep=keep, answer=messages.already(fitting[0]), reason=f"{fitting[0]} is already set")
    if label is None:
        answer = messages.no_label(verdict.kind)
        return _Wish(answer=answer, reason=f"there is no label for {verdict.kind}")
    if facts.was_removed(label):
        return _Wish(answer=messages.removed_before(label), reason=f"a person removed {label}")
    if theirs:
        return _Wish(answer=messages.left_to_people(label, theirs), reason=f"a person set {theirs[0]}")
    if present and not _may_swap(facts):
        return _Wish(reason="a kind label is already set")
    return _Wish(add=label, remove=tuple(sorted(present)))


def _areas_of_pull(facts: Facts, context: Context, options: TriageOptions) -> _Areas:
    """By the changed paths, which nobody measured; those that we set before are shown, too."""
    usable = facts.label_names & context.labels
    if facts.called_wrong(MANIFEST.id) and not is_command(facts):
        return _Areas()
    theirs = facts.item.labels - facts.set_by_us
    found = (one for one in spelled(areas_of(facts.files, options), usable) if not facts.was_removed(one))
    wanted = tuple(one for one in found if one not in theirs)
    new = tuple(one for one in wanted if one not in facts.item.labels)
    evidence = tuple(f"the changed paths fit the area {one}" for one in new)
    if context.mode in (Mode.SUGGEST, Mode.EARNED):
        return _Areas(suggested=new, evidence=evidence)
    return _Areas(new, wanted, evidence=evidence)


def _areas_of_issue(facts: Facts, context: Context, options: TriageOptions) -> _Areas:
    """Set are those that earned it, the others are named; none where people corrected a kind or an area of ours."""
    settled = not is_command(facts) and (_taken_off(facts, options) or facts.called_wrong(MANIFEST.id))
    if settled:  # guard: corrected-areas (4)
        return _Areas()
    found = areas_of_issue(facts, context, options)
    ours = sorted(one for one in facts.set_by_us if is_area(one, options))
    new = tuple(one.label for one in found if acts(one, context))[: room(facts, options)]
    measured = [(one, one.measure) for one in found if one.measure is not None]
    evidence = [line for one, measure in measured for line in (one.evidence, *_standing(measure, context, one.label))]
    named = tuple(one for one in found if one.label not in new)
    return _Areas(new, (*ours, *new), named=named, evidence=tuple(evidence), how=messages.BY_LIKENESS)


def _plan(verdict: Verdict, wish: _Wish, areas: _Areas, facts: Facts, context: Context) -> Plan | Skip:
    options = cast(TriageOptions, context.options)
    commanded = is_command(facts)
    actions: list[Action] = []
    if wish.add or areas.new or areas.suggested:
        actions += _changes(verdict, wish, areas, context)
    elif _is_stale(facts, context, options):
        actions.append(DropSection(messages.withdrawn()))
    if commanded and not (wish.add or areas.new or areas.suggested) and wish.answer:
        actions.append(Reply(wish.answer))
    if not actions:
        return Skip(wish.reason)
    earned = frozenset({wish.add}) if wish.add and verdict.earned else frozenset[str]()
    if context.mode is Mode.EARNED:
        earned |= frozenset(areas.new)
    return Plan(tuple(actions), _explain(verdict, wish, areas, context), commanded=commanded, earned=earned)


def _changes(verdict: Verdict, wish: _Wish, areas: _Areas, context: Context) -> list[Action]:
    """Labels to set and to take off, and the section that says so, and what else may fit."""
    commands = {one.name for one in context.commands}
    reason = verdict.evidence[0] if verdict.evidence else ""
    kind, maybe = _sorted_out(verdict, wish, context)
    changes: list[Action] = []
    if kind:
        changes += [RemoveLabels(wish.remove, verdict.source)] if wish.remove else []
        changes.append(AddLabels((kind,), verdict.source))
    if areas.new:
        changes.append(AddLabels(areas.new, Source.RULES))
    text: Text = ()
    if changes:
        text = messages.labelled(kind or wish.keep, reason, areas.shown, commands, how=areas.how)
    suggests = bool(maybe or areas.suggested)
    if suggests:
        text = (*text, *messages.suggested(maybe, reason, areas.suggested, commands))
    return [*changes, SetSection((*text, *messages.maybe(areas.named, commands)), quiet=not suggests)]


def _sorted_out(verdict: Verdict, wish: _Wish, context: Context) -> tuple[str | None, str | None]:
    """The kind label that is set, and the one that is only suggested: one of them, or none."""
    return (wish.add, None) if _acts(verdict, context) else (None, wish.add)


def _acts(verdict: Verdict, context: Context) -> bool:
    """Whether a kind is set, not only suggested."""
    if context.mode is Mode.EARNED:
        return verdict.earned
    return context.mode is not Mode.SUGGEST


def _is_stale(facts: Facts, context: Context, options: TriageOptions) -> bool:
    """Whether our section speaks of labels that people have settled otherwise."""
    if MANIFEST.id not in facts.memory.sections:
        return False
    ours = _subjects({one.casefold() for one in facts.set_by_us}, facts, options)
    return context.mode is Mode.SUGGEST or not ours or any(_is_said(one, facts) for one in _taken_off(facts, options))


def _is_said(label: str, facts: Facts) -> bool:
    """Whether our section names the label, given case-folded; in doubt, it does."""
    section = facts.memory.written.get(MANIFEST.id)
    return section is None or any(code(label) in block.markdown.casefold() for block in section.text)


def _taken_off(facts: Facts, options: TriageOptions) -> frozenset[str]:
    """Kinds and areas of ours, case-folded, that people took off or called wrong."""
    return _subjects(facts.corrected, facts, options)


def _subjects(labels: Collection[str], facts: Facts, options: TriageOptions) -> frozenset[str]:
    """Those of the labels, case-folded, that stand for a kind or an area: what triage speaks of."""
    kinds = {one.casefold() for one in kind_labels(facts, options)}
    return frozenset(one for one in labels if one in kinds or is_area(one, options))


def _explain(verdict: Verdict, wish: _Wish, areas: _Areas, context: Context) -> Explanation:
    kind, maybe = _sorted_out(verdict, wish, context)
    done = (
        ("labelled", (kind, *areas.new)),
        ("suggested", (maybe, *areas.suggested)),
    )
    said = [f"{verb} {', '.join(filter(None, labels))}" for verb, labels in done if any(labels)]
    reached = _standing(verdict.measure, context) if verdict.kind else ()
    evidence = (*verdict.evidence, *verdict.notes, *areas.evidence, *reached)
    return Explanation("; ".join(said) or wish.reason, evidence, verdict.method, round(verdict.confidence, 3))


def _standing(measure: Measure | None, context: Context, label: str = "") -> tuple[str, ...]:
    """In `mode: earned`, why a kind, or an area of that label, is acted on, or not."""
    if context.mode is not Mode.EARNED:
        return ()
    reason = measure.standing if measure else "nobody measured answers of this kind"
    return (f"mode earned: {label}: {reason}" if label else f"mode earned: {reason}",)
