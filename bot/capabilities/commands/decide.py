"""Carries out the commands of a new comment, in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from bot.capabilities.commands import messages
from bot.capabilities.commands.config import CommandsOptions
from bot.capabilities.commands.labels import label, unlabel
from bot.capabilities.commands.manifest import MANIFEST
from bot.capabilities.commands.opinions import not_duplicate, wrong
from bot.capabilities.commands.outcomes import Outcome
from bot.domain import opinions
from bot.domain.actions import Action, AddLabels, React, Reaction, RemoveLabels, Reply, Source
from bot.domain.capability import Access, CommandHelp, Context, Manifest
from bot.domain.commands import Invocation, nearest
from bot.domain.facts import DecisionRecord, Facts
from bot.domain.opinions import is_author
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.sensitive import is_sensitive

_METHOD = "a person's command"
_NOTHING = ""
"""The method of answers and refusals: by the record, nothing was decided about the thread."""
_TRIAGE = "triage"
_UNINFORMATIVE = frozenset({MANIFEST.id, "configuration"})
"""Capabilities that nearly always have nothing to do; to say so explains nothing."""


class Commands:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        known = {one.name: one for one in (*context.commands, *MANIFEST.commands)}
        if facts.event.kind != "issue_comment.created":  # guard: commands-in-conversations (6)
            return _elsewhere(facts, known)
        found = (_outcome(one, known, facts, context) for one in facts.invocations)
        outcomes = [one for one in found if one is not None]
        if not outcomes:
            return Skip("no command of ours in the comment")
        done = all(one.done for one in outcomes)
        changes = tuple(_label_actions(outcomes, facts))
        actions = (*changes, *_answer(outcomes), _receipt(done))
        return Plan(actions, _explain(changes, outcomes, facts, done=done), commanded=True)


def _elsewhere(facts: Facts, known: Mapping[str, CommandHelp]) -> Plan | Skip:
    """A review or a comment in one: nothing is executed, but a plain command is told where it belongs."""
    name = next((one.name for one in facts.invocations if one.name in {*known, _TRIAGE}), None)
    if name is None:
        return Skip("no command of ours in the review")
    why = Explanation("pointed to the conversation", (f"/{name} in a review",), _NOTHING)
    return Plan((Reply(messages.not_read_here(name)),), why, commanded=True)


def _outcome(
    invocation: Invocation, known: Mapping[str, CommandHelp], facts: Facts, context: Context
) -> Outcome | None:
    """What becomes of one command; None if it is none of ours."""
    name = invocation.name
    help_ = known.get(name)
    if help_ is None:
        return _unknown(name, known, cast(CommandsOptions, context.options))
    if not help_.access.permits(facts.role, author=is_author(facts)):  # guard: roles-of-commands (6)
        refusal = messages.not_permitted(name, author=help_.access is Access.AUTHOR)
        return Outcome(f"/{name} refused: role {facts.role}", done=False, texts=(refusal,))
    match name:
        case "help":
            return _help(known, facts)
        case "why":
            return _why(facts)
        case opinions.LABEL:
            return label(invocation, help_, facts)
        case opinions.UNLABEL:
            any_owner = cast(CommandsOptions, context.options).unlabel_any
            return unlabel(invocation, help_, facts, any_owner=any_owner)
        case opinions.WRONG | opinions.NOT_DUPLICATE:
            return wrong(invocation, facts) if name == opinions.WRONG else not_duplicate(invocation, help_)
        case _:
            return Outcome(f"/{name} accepted")


def _unknown(name: str, known: Mapping[str, CommandHelp], options: CommandsOptions) -> Outcome | None:
    if name == _TRIAGE:
        return Outcome(f"/{name} is off", done=False, texts=(messages.switched_off(name),))
    close = nearest(name, known) if options.did_you_mean else None
    if close is None:
        return None
    return Outcome(f"/{name} is unknown", done=False, texts=(messages.did_you_mean(name, close),))


def _help(known: Mapping[str, CommandHelp], facts: Facts) -> Outcome:
    usable = [one for one in known.values() if one.access.permits(facts.role, author=is_author(facts))]
    usable.sort(key=lambda one: one.name)
    return Outcome("/help", texts=(messages.help_table(usable, hidden=len(usable) < len(known)),))


def _why(facts: Facts) -> Outcome:
    """What was decided; of a report that may be about a vulnerability, without the quotations."""
    decisions = _latest(facts.decisions)
    if is_sensitive(facts.item):  # guard: evidence-of-vulnerabilities (17)
        decisions = tuple(replace(one, evidence=()) for one in decisions)
    return Outcome("/why", texts=(messages.why(decisions, looked=bool(facts.decisions)),))


def _latest(decisions: Sequence[DecisionRecord]) -> tuple[DecisionRecord, ...]:
    """The last decision of each capability that explains something, latest first."""
    last = {one.capability: one for one in sorted(decisions, key=lambda one: one.at) if _explains(one)}
    return tuple(sorted(last.values(), key=lambda one: one.at, reverse=True))


def _explains(record: DecisionRecord) -> bool:
    """Of ourselves, only label changes do; answers and receipts do not."""
    if record.capability == MANIFEST.id:
        return record.method == _METHOD
    return bool(record.method) or record.capability not in _UNINFORMATIVE


def _explain(changes: Sequence[Action], outcomes: Sequence[Outcome], facts: Facts, *, done: bool) -> Explanation:
    """What /why tells of the comment: who asked for which labels. Where none changed, that is nothing."""
    if not changes:
        records = tuple(one.record for one in outcomes)
        return Explanation("answered" if done else "not (all) carried out", records, _NOTHING)
    asked = f"asked for by {facts.event.sender.login}"
    wishes = (one for one in outcomes if one.add or one.remove or one.remove_of_people)
    return Explanation(
        f"{messages.changed(changes)}, {asked}", tuple(f"{asked}: {one.record}" for one in wishes), _METHOD
    )


def _label_actions(outcomes: Sequence[Outcome], facts: Facts) -> Iterator[Action]:
    """What all lines together change: a later line takes back what an earlier one of the same comment wished."""
    present: dict[str, None] = dict.fromkeys(sorted(facts.item.labels))
    of_people: set[str] = set()
    for outcome in outcomes:
        present |= dict.fromkeys(outcome.add)
        for name in (*outcome.remove, *outcome.remove_of_people):
            present.pop(name, None)
        of_people |= set(outcome.remove_of_people)
    added = tuple(name for name in present if name not in facts.item.labels)
    gone = tuple(sorted(facts.item.labels - present.keys()))
    theirs = tuple(name for name in gone if name in of_people)
    ours = tuple(name for name in gone if name not in of_people)
    if added:
        yield AddLabels(added, Source.COMMAND)
    if ours:
        yield RemoveLabels(ours, Source.COMMAND)
    if theirs:
        yield RemoveLabels(theirs, Source.COMMAND, any_owner=True)


def _answer(outcomes: Sequence[Outcome]) -> Iterator[Action]:
    """One reply for all; the same text is said once."""
    texts = dict.fromkeys(text for one in outcomes for text in one.texts)
    if texts:
        yield Reply(tuple(block for text in texts for block in text))


def _receipt(done: bool) -> Action:
    return React(Reaction.DONE if done else Reaction.CONFUSED)
