"""Decides which older threads are shown, and whether one of them is called the original."""

import re
from collections.abc import Sequence
from typing import Final, cast

from bot.capabilities.duplicates import messages
from bot.capabilities.duplicates.config import DuplicatesOptions
from bot.capabilities.duplicates.manifest import COMMAND, MANIFEST
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import TRIAGE_ROLES, Context, Manifest
from bot.domain.commands import Invocation, parse_commands
from bot.domain.facts import MAINTAINER_ASSOCIATIONS, Facts
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.related import ClaimedOriginal, RelatedItem
from bot.domain.sensitive import LEFT_ALONE, is_sensitive

_METHOD: Final = "likeness 1"
_NAMED: Final = re.compile(r"(?:#|/(?:issues|pull)/)(\d{1,10})\b")

_DIGITS: Final = re.compile(r"\d{1,10}")


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
        rejected = _rejected(facts)
        if facts.event.comment is not None:
            return _after_comment(facts, rejected)
        reason = _objection(facts, options)
        if reason or rejected == frozenset():
            return _withdraw(reason or "people said that nothing of it is the same", facts)
        original = facts.related.original if options.claims else None
        if original and original.item.number in (rejected or ()):  # guard: rejected-originals (5)
            original = None
        near = _near(facts, original, rejected or frozenset(), options)
        if original is None and not near:
            return _withdraw(_silence(facts, options), facts)
        return _show(original, near, context, options)


def _objection(facts: Facts, options: DuplicatesOptions) -> str:
    item = facts.item
    if item.state != "open" or item.locked:  # guard: open-items-are-compared (34): each
        return "only open threads are compared"
    if is_sensitive(item):  # guard: comparing-vulnerabilities (17)
        return LEFT_ALONE
    if item.is_pull and not options.pull_requests:
        return "pull requests are not compared here"
    return facts.related.silence


def _rejected(facts: Facts) -> frozenset[int] | None:
    """The numbers that people said this is no duplicate of; empty where they meant all, None where they said nothing.

    The author and the maintainers may: read from the thread itself, so that it holds whatever else was stored.
    """
    said = [*_said_before(facts), *_said_now(facts)]
    numbers = [frozenset(map(int, _DIGITS.findall(one.argument))) for one in said]
    if not numbers:
        return None
    return frozenset[int]() if not all(numbers) else frozenset[int]().union(*numbers)


def _said_before(facts: Facts) -> list[Invocation]:
    trusted = [
        one
        for one in facts.comments
        # guard: rejections-of-strangers (6)
        if one.author.id == facts.item.author.id or one.association in MAINTAINER_ASSOCIATIONS
    ]
    return [said for one in trusted for said in parse_commands(one.body) if said.name == COMMAND]


def _said_now(facts: Facts) -> list[Invocation]:
    allowed = facts.event.sender.id == facts.item.author.id or facts.role in TRIAGE_ROLES
    # guard: rejections-by-role (6): without allowed
    return [one for one in facts.invocations if one.name == COMMAND and allowed]


def _after_comment(facts: Facts, rejected: frozenset[int] | None) -> Plan | Skip:
    if rejected is None or not any(one.name == COMMAND for one in facts.invocations):
        return Skip(f"no /{COMMAND} in the comment by somebody who may say so")
    return _withdraw("people said that it is not the same", facts, commanded=True)


def _near(
    facts: Facts, original: ClaimedOriginal | None, rejected: frozenset[int], options: DuplicatesOptions
) -> tuple[RelatedItem, ...]:
    """What is alike enough and says something new: the thread itself may name others already."""
    named = {int(one) for one in _NAMED.findall(f"{facts.item.title}\n{facts.item.body}")}
    known = named | rejected | {facts.item.number} | ({original.item.number} if original else set())
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
    command = f"/{COMMAND}" if any(one.name == COMMAND for one in context.commands) else ""
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
