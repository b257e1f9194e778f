"""Decides which older threads are shown, and whether one of them is called the original."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, cast

from bot.capabilities.duplicates import messages
from bot.capabilities.duplicates.config import DuplicatesOptions
from bot.capabilities.duplicates.manifest import MANIFEST
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Context, Manifest
from bot.domain.discretion import leave_alone
from bot.domain.facts import Facts
from bot.domain.feedback import ALL, DUPLICATES, Opinion
from bot.domain.opinions import NOT_DUPLICATE, may_judge, others_of
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.related import ClaimedOriginal, RelatedItem
from bot.domain.sensitive import is_sensitive
from bot.domain.status import Section

_METHOD: Final = "likeness 1"
_NAMED: Final = re.compile(r"(?:#|/(?:issues|pull)/)(\d{1,10})\b")
_OURS: Final = (DUPLICATES, ALL)


class Duplicates:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        """Never: what is near is found by the index of the repository."""
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        options = cast(DuplicatesOptions, context.options)
        if facts.event.comment is not None:
            return _after_comment(facts, context)
        if is_sensitive(facts.item):  # guard: comparing-vulnerabilities (17)
            return leave_alone(MANIFEST, facts)
        reason = _objection(facts, options)
        if reason:
            return _withdraw(reason, facts)
        original = facts.related.original if options.claims else None
        near = _near(facts, original, options)
        note = (facts.related.note,) if facts.related.note else ()
        if original is None and not near:
            return _withdraw("; ".join((_silence(facts, options), *note)), facts)
        plan = _show(original, near, context, options)
        return replace(plan, why=replace(plan.why, evidence=(*plan.why.evidence, *note)))


def _objection(facts: Facts, options: DuplicatesOptions) -> str:
    item = facts.item
    if item.state != "open" or item.locked:  # guard: open-items-are-compared (34): each
        return "only open threads are compared"
    if item.is_pull and not options.pull_requests:
        return "pull requests are not compared here"
    return facts.related.silence


def _after_comment(facts: Facts, context: Context) -> Plan | Skip:
    """Strikes what the comment's commands name; the section goes with its last item, or where all of it was meant."""
    said = _said(facts, context)
    if not said:
        return Skip(f"no /{NOT_DUPLICATE} in the comment that is understood, by somebody who may say so")
    rejected = said | {
        one.subject for one in facts.feedback if one.capability in _OURS and one.opinion is Opinion.WRONG
    }
    section = facts.memory.written.get(MANIFEST.id, Section(()))
    struck = [one for one in section.numbers if str(one) in rejected]
    if "" in rejected or (struck and len(struck) == len(section.numbers)):
        return _withdraw("people said that it is not the same", facts, commanded=True)
    if not struck:
        return Skip("people named nothing that is listed here")
    left = tuple(one for one in section.numbers if one not in struck)
    text = messages.without(section.text, struck, _command(context))
    outcome = f"struck {', '.join(map(str, struck))} from the related threads"
    why = Explanation(outcome, ("people said that it is not the same",), _METHOD)
    return Plan((SetSection(text, numbers=left),), why, commanded=True)


def _said(facts: Facts, context: Context) -> frozenset[str]:
    """The numbers that this comment calls no duplicates, "" for all: what is stored of it, too (`opinions_of`)."""
    if not _command(context):
        return frozenset()
    # guard: rejections-by-role (6): without may_judge(facts)
    said = [one for one in facts.invocations if one.name == NOT_DUPLICATE and may_judge(facts)]
    return frozenset(number for one in said for number in others_of(one) or ())


def _command(context: Context) -> str:
    """The command that takes the section away, empty where it is off."""
    return f"/{NOT_DUPLICATE}" if any(one.name == NOT_DUPLICATE for one in context.commands) else ""


def _near(facts: Facts, original: ClaimedOriginal | None, options: DuplicatesOptions) -> tuple[RelatedItem, ...]:
    """What is alike enough and says something new: the thread itself may name others already."""
    named = {int(one) for one in _NAMED.findall(f"{facts.item.title}\n{facts.item.body}")}
    known = named | {facts.item.number} | ({original.item.number} if original else set())
    near = [one for one in facts.related.near if one.score >= options.relevance and one.number not in known]
    return tuple(near[: options.at_most - bool(original)])


def _silence(facts: Facts, options: DuplicatesOptions) -> str:
    if not facts.related.near:
        return "nothing is near"
    best = facts.related.near[0]
    return f"nothing new is near enough ({messages.evidence(best)}; the bar is {options.relevance:.2f})"


def _show(
    original: ClaimedOriginal | None, near: Sequence[RelatedItem], context: Context, options: DuplicatesOptions
) -> Plan:
    command = _command(context)
    bar = f"listed from a likeness of {options.relevance:.2f}"
    if original is None:
        numbers, text = tuple(one.number for one in near), messages.related(near, command)
        why = Explanation(f"listed {_count(near)}", (*map(messages.evidence, near), bar), _METHOD)
    else:
        shown = (original.item, *near)
        numbers, text = tuple(one.number for one in shown), messages.claimed(original, near, command)
        kind = "a possible regression of" if original.item.is_fixed else "the same as"
        stands = f"it stands out by {original.strength:.2f}; the bar that was earned here is {original.bar:.2f}"
        evidence = (*map(messages.evidence, shown), stands, bar)
        why = Explanation(f"called it {kind} {original.item.number}", evidence, _METHOD, original.item.score)
    return Plan((SetSection(text, numbers=numbers),), why)


def _count(near: Sequence[RelatedItem]) -> str:
    return f"{len(near)} related thread{'' if len(near) == 1 else 's'}"


def _withdraw(reason: str, facts: Facts, *, commanded: bool = False) -> Plan | Skip:
    if MANIFEST.id not in facts.memory.sections:
        return Skip(reason)
    why = Explanation("took the related threads back", (reason,), _METHOD)
    return Plan((DropSection(messages.withdrawn()),), why, commanded=commanded)
