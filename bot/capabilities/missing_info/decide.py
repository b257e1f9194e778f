"""Decides whether a report is asked for more, and when that is withdrawn."""

from typing import cast

from bot.capabilities.missing_info import messages
from bot.capabilities.missing_info.config import MissingInfoOptions
from bot.capabilities.missing_info.environment import chosen
from bot.capabilities.missing_info.manifest import MANIFEST
from bot.capabilities.missing_info.questions import Thread, Wanted, wanted
from bot.domain.actions import Action, AddLabels, DropSection, RemoveLabels, SetSection, Source
from bot.domain.capability import Context, Manifest, Mode
from bot.domain.commands import parse_commands
from bot.domain.discretion import leave_alone
from bot.domain.facts import MAINTAINER_ASSOCIATIONS, Facts, Need
from bot.domain.labels import spelled_or_same
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.sensitive import LEFT_ALONE, is_sensitive

_METHOD = "rules 1"


class MissingInfo:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        if is_sensitive(facts.item):  # guard: questions-about-vulnerabilities (17)
            return leave_alone(MANIFEST, facts) if facts.event.comment is None else Skip(LEFT_ALONE)
        reason = _objection(facts)
        if reason:
            return Skip(reason)
        options = cast(MissingInfoOptions, context.options)
        label = spelled_or_same(options.label or context.needs_info_label, facts.label_names)
        if facts.was_removed(label):
            return _withdraw_for_people(label, facts)
        thread = _thread(facts)
        profile = chosen(options.profile, facts.event.repository.full_name, facts.forms)
        missing = wanted(thread, facts.forms, profile, without_form=options.ask_without_form)
        if missing is None:
            return _withdraw(label, facts, "no form applies")
        if not missing.fields and not missing.command:
            return _withdraw(label, facts, "nothing is missing")
        return _ask(missing, label, facts, context)


def _objection(facts: Facts) -> str:
    """Why this event changes nothing here; empty if it may."""
    item, comment = facts.item, facts.event.comment
    if item.is_pull or item.state != "open" or item.locked:
        return "only open issues are asked for more"
    if facts.event.kind == "issue_comment.created":
        if comment is None or comment.author.id != item.author.id:
            return "not the author's comment"
        if not _without_commands(comment.body).strip():
            return "the comment holds only commands"
    if Need.FORMS in facts.unread:
        return "the issue forms could not be read"
    if item.author.is_bot or item.association in MAINTAINER_ASSOCIATIONS:
        return "the author is a maintainer or a bot"
    return ""


def _thread(facts: Facts) -> Thread:
    """The report with its author's comments; the new one counts even if the list of comments lags behind."""
    item, comment = facts.item, facts.event.comment
    bodies = {one.id: one.body for one in facts.comments if one.author.id == item.author.id and one.via_app is None}
    if comment is not None:
        bodies[comment.id] = comment.body
    additions = tuple(_without_commands(body) for body in bodies.values())
    return Thread(item.title, item.body, additions, facts.event.repository.name)


def _without_commands(body: str) -> str:
    """A comment without the lines that are commands: those are no answers."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    commands = {one.line for one in parse_commands(body)}
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in commands)


def _is_asking(label: str, facts: Facts) -> bool:
    return MANIFEST.id in facts.memory.sections or label in facts.set_by_us


def _ask(missing: Wanted, label: str, facts: Facts, context: Context) -> Plan | Skip:
    if not _is_asking(label, facts):
        if any(one.label.casefold() == label.casefold() and one.ours for one in facts.label_events):
            return Skip("this thread was asked before")
        if facts.called_wrong(MANIFEST.id):
            return Skip("people said that what was done here is wrong")
        if facts.maintainer_answered:
            return Skip("a maintainer has answered already")
        if facts.memory.silenced:
            return Skip("a person deleted our comment here")
    actions: list[Action] = []
    present = label in facts.item.labels
    settable = label in facts.label_names & context.labels and context.mode is not Mode.SUGGEST
    if settable and not present and not facts.maintainer_answered and not facts.called_wrong(MANIFEST.id):
        actions.append(AddLabels((label,), Source.RULES))
    labelled = label in facts.set_by_us or bool(actions)
    actions.append(SetSection(messages.missing(missing.fields, missing.command, labelled=labelled)))
    why = Explanation(
        messages.outcome(len(missing.fields)),
        messages.evidence(missing.asker, missing.fields, missing.command),
        _METHOD,
    )
    return Plan(tuple(actions), why)


def _withdraw(label: str, facts: Facts, reason: str) -> Plan | Skip:
    if not _is_asking(label, facts):
        return Skip(reason)
    actions: list[Action] = []
    if label in facts.set_by_us:
        actions.append(RemoveLabels((label,), Source.RULES))
    if MANIFEST.id in facts.memory.sections:
        actions.append(DropSection(messages.complete()))
    return Plan(tuple(actions), Explanation("took the question back", (reason,), _METHOD))


def _withdraw_for_people(label: str, facts: Facts) -> Plan | Skip:
    """A person took the label off: the note goes, and this thread is never asked again."""
    reason = f"a person removed {label}"
    if MANIFEST.id not in facts.memory.sections:
        return Skip(reason)
    return Plan((DropSection(messages.withdrawn()),), Explanation("took the question back", (reason,), _METHOD))
