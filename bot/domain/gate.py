"""The one gate: judges each action of each plan, fails closed, and gives a reason for every refusal."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, assert_never

from bot.domain.actions import (
    Action,
    AddLabels,
    DropSection,
    LineComment,
    React,
    RemoveLabels,
    Reply,
    Review,
    SetSection,
    Source,
)
from bot.domain.capability import Context, Manifest, Mode
from bot.domain.documents import commentable_lines, is_documentation
from bot.domain.facts import Facts
from bot.domain.plan import Plan
from bot.domain.sensitive import LEFT_ALONE, is_sensitive

MODEL_LABELS: Final = 3
_REVIEW_COMMENTS: Final = 40


@dataclass(frozen=True, slots=True)
class Verdict:
    """`action` is what may be done (perhaps less than was asked), None if nothing; `reason` says why not all."""

    action: Action | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    manifest: Manifest
    plan: Plan
    facts: Facts
    context: Context

    @property
    def withdrawn(self) -> bool:
        """Whether automatic wishes have to stay back: a maintainer has answered, or the item is closed."""
        closed = self.facts.item.state == "closed"
        return not self.plan.commanded and (self.facts.maintainer_answered or closed)


def judge(manifest: Manifest, plan: Plan, facts: Facts, context: Context) -> tuple[Verdict, ...]:
    """One verdict per action of the plan, in its order."""
    case = _Case(manifest, plan, facts, context)
    return tuple(_judge(action, case) for action in plan.actions)


def _judge(action: Action, case: _Case) -> Verdict:
    if (reason := next(_general_objections(action, case), None)) is not None:  # guard: general-objections (3, 7)
        return Verdict(None, reason)
    match action:
        case AddLabels():
            return _add_labels(action, case)
        case RemoveLabels():
            return _remove_labels(action, case)
        case Review():
            return _review(action, case)
        case SetSection():
            return _set_section(action, case)
        case Reply() | React():
            present = case.facts.event.comment is not None  # guard: answers-to-comments (1): as True
            return Verdict(action) if present else Verdict(None, "there is no comment to answer")
        case DropSection():
            return Verdict(action)
        case _:  # pragma: no cover
            assert_never(action)


def _general_objections(action: Action, case: _Case) -> Iterator[str]:
    if not isinstance(action, case.manifest.actions):  # guard: planned-actions (3)
        yield f"{case.manifest.id} may not plan {type(action).__name__}"
    if case.context.mode in (Mode.OFF, Mode.OBSERVE):  # guard: observing-mode (3)
        yield f"mode {case.context.mode}: recorded only"
    if case.facts.item.locked:  # guard: locked-conversations (34)
        yield "the conversation is locked"
    if case.facts.event.sender.is_bot:  # guard: bots-at-the-gate (7)
        yield "the event was caused by a bot"


def _set_section(action: SetSection, case: _Case) -> Verdict:
    # guard: sections-of-vulnerabilities (17)
    if is_sensitive(case.facts.item) and not case.manifest.discreet:
        return Verdict(None, LEFT_ALONE)
    if case.facts.memory.silenced:  # guard: deleted-comments (5)
        return Verdict(None, "a person deleted our comment here")
    if case.withdrawn and case.manifest.id not in case.facts.memory.sections:  # guard: withdrawn-sections (5)
        return Verdict(None, _withdrawn_reason(case))
    return Verdict(action)


def _add_labels(action: AddLabels, case: _Case) -> Verdict:
    commanded = action.source is Source.COMMAND
    if case.context.mode is Mode.SUGGEST and not commanded:  # guard: suggested-labels (4)
        return Verdict(None, "mode suggest: labels are only suggested")
    # guard: labels-at-vulnerabilities (17)
    if not commanded and not case.plan.commanded and is_sensitive(case.facts.item):
        return Verdict(None, LEFT_ALONE)
    if not commanded and case.withdrawn:  # guard: withdrawn-labels (4, 5)
        return Verdict(None, _withdrawn_reason(case))
    allowed, reasons = [], []
    for label in dict.fromkeys(action.labels):
        reason = _label_objection(label, commanded=commanded, case=case)
        allowed += [] if reason else [label]
        reasons += [reason] if reason else []
    if action.source is Source.MODEL and len(allowed) > MODEL_LABELS:  # guard: three-labels (4)
        reasons.append(f"a model may set at most {MODEL_LABELS} labels")
        allowed = allowed[:MODEL_LABELS]
    return Verdict(replace(action, labels=tuple(allowed)) if allowed else None, "; ".join(reasons))


def _label_objection(label: str, *, commanded: bool, case: _Case) -> str:
    if label not in case.facts.label_names:  # guard: existing-labels (4)
        return f"the repository has no label “{label}”"
    if commanded:
        return ""
    if label not in case.context.labels:  # guard: allow-list (4)
        return f"“{label}” is not in the allow-list"
    if case.facts.was_removed(label):  # guard: labels-that-people-removed (4)
        return f"a person removed “{label}”"
    # guard: labels-after-a-thumbs-down (4)
    if not case.plan.commanded and case.facts.called_wrong(case.manifest.id):
        return "people said that what was done here is wrong"
    if case.context.mode is Mode.EARNED and label not in case.plan.earned:  # guard: earned-labels (4)
        return f"mode earned: nothing shows that “{label}” would be right often enough"
    return ""


def _remove_labels(action: RemoveLabels, case: _Case) -> Verdict:
    if case.context.mode is Mode.SUGGEST and action.source is not Source.COMMAND:  # guard: suggested-removals (4)
        return Verdict(None, "mode suggest: labels are not touched")
    # guard: labels-of-people (3, 4): each
    any_owner = action.any_owner and action.source is Source.COMMAND and case.context.unlabel_any
    mine = case.facts.item.labels if any_owner else _ours(action, case)
    # guard: labels-of-ours (4): without label in mine
    allowed = tuple(label for label in dict.fromkeys(action.labels) if label in mine)
    # guard: reasons-for-labels (4): always
    reason = "" if len(allowed) == len(action.labels) else "only labels that we set are removed"
    return Verdict(replace(action, labels=allowed) if allowed else None, reason)


def _ours(action: RemoveLabels, case: _Case) -> frozenset[str]:
    """What we put on the item; only by a command what a person told us to put there."""
    # guard: labels-asked-for (4): always
    return case.facts.put_by_us if action.source is Source.COMMAND else case.facts.set_by_us


def _review(action: Review, case: _Case) -> Verdict:
    item = case.facts.item
    if not item.is_pull or item.head_sha is None or action.head_sha != item.head_sha:  # guard: reviews-of-the-head (14)
        return Verdict(None, "the review is not about the head of this pull request")
    if case.withdrawn:  # guard: withdrawn-reviews (5)
        return Verdict(None, _withdrawn_reason(case))
    lines = {one.path: commentable_lines(one.patch) for one in case.facts.files}
    # guard: forty-remarks (5): without [:_REVIEW_COMMENTS]
    kept = tuple(one for one in action.comments if _fits(one, lines))[:_REVIEW_COMMENTS]
    # guard: reasons-for-remarks (14): always
    reason = "" if len(kept) == len(action.comments) else "remarks outside the diff or the documentation were dropped"
    return Verdict(replace(action, comments=kept) if kept else None, reason)


def _fits(remark: LineComment, lines: dict[str, frozenset[int]]) -> bool:
    wanted = range(remark.start_line or remark.line, remark.line + 1)
    known = lines.get(remark.path, frozenset())
    # guard: documentation-lines (14): each
    return is_documentation(remark.path) and bool(wanted) and all(line in known for line in wanted)


def _withdrawn_reason(case: _Case) -> str:
    closed = case.facts.item.state == "closed"
    # guard: reasons-for-withdrawal (5): always
    return "the item is closed" if closed else "a maintainer has answered already"
