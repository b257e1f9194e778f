"""What people read."""

from collections.abc import Iterable, Sequence

from bot.domain.actions import Action, AddLabels, RemoveLabels
from bot.domain.capability import Access, CommandHelp
from bot.domain.facts import DecisionRecord
from bot.domain.text import Details, Prose, Text, code, literal

_EVIDENCE_SHOWN = 10


def not_permitted(name: str, *, author: bool = False) -> Text:
    """The sender may not use the command; the `author` of the item might."""
    who = "whoever opened this, and for people" if author else "people"
    return (Prose(f"Sorry, {code('/' + name)} is for {who} with at least the triage role in this repository."),)


def did_you_mean(name: str, nearest: str) -> Text:
    """There is no such command, but a similar one."""
    return (Prose(f"I do not know {code('/' + name)}. Did you mean {code('/' + nearest)}?"),)


def switched_off(name: str) -> Text:
    """The command exists, but not here."""
    return (Prose(f"{code('/' + name)} is switched off in this repository."),)


def not_read_here(name: str) -> Text:
    """A command in a review."""
    return (Prose(f"Commands are not read here: please write {code('/' + name)} as a comment in the conversation."),)


def usage(help_: CommandHelp) -> Text:
    """The command lacks its argument."""
    example = f", for example {code(help_.examples[0])}" if help_.examples else ""
    return (Prose(f"{code('/' + help_.name)} needs to know which labels: {code(help_.usage)}{example}."),)


def labels_unread() -> Text:
    """The repository's labels could not be read, so nothing was changed."""
    return (Prose("The labels of this repository could not be read just now, so nothing was changed."),)


def unknown_label(name: str, nearest: str | None) -> Text:
    """The repository has no such label; labels are never created."""
    guess = f" Did you mean {code(nearest)}?" if nearest else ""
    return (Prose(f"There is no label {code(name)} in this repository.{guess}"),)


def label_of_a_person(name: str) -> Text:
    """Only labels that this assistant set are taken off."""
    return (Prose(f"A person set {code(name)}, so I leave it; it can be taken off in the sidebar."),)


def not_our_label(name: str) -> Text:
    """Only what this assistant set can be called wrong."""
    return (Prose(f"I did not set {code(name)} here, so there is nothing to take back."),)


def usage_of_numbers(help_: CommandHelp) -> Text:
    """The argument names no issue."""
    return (
        Prose(f"That names no issue that I understand: {code(help_.usage)}, for example {code(help_.examples[-1])}."),
    )


def help_table(commands: Sequence[CommandHelp], *, hidden: bool) -> Text:
    """The commands that the sender may use; `hidden`: there are more for others."""
    rows = [f"| {code(one.usage)} | {one.summary} | {_who(one)} |" for one in commands]
    table = "\n".join(["| command | what it does | who |", "| --- | --- | --- |", *rows])
    more = "\n\nPeople with the triage role have more commands." if hidden else ""
    return (Prose(f"{table}{more}"),)


def changed(changes: Iterable[Action]) -> str:
    """Label changes in a few plain words, for records."""
    added = [name for one in changes if isinstance(one, AddLabels) for name in one.labels]
    gone = [name for one in changes if isinstance(one, RemoveLabels) for name in one.labels]
    parts = [f"added {', '.join(added)}"] if added else []
    return " and ".join([*parts, f"took off {', '.join(gone)}"] if gone else parts)


def why(decisions: Sequence[DecisionRecord], *, looked: bool) -> Text:
    """What was decided in this thread, a fold for each capability, and why the others left it alone.

    `looked`: there are more decisions, of which nothing is worth telling.
    """
    if not decisions and not looked:
        return (Prose("I have not looked at this thread so far."),)
    done = [one for one in decisions if one.method]
    idle = [f"- {literal(one.capability)}: {literal(one.outcome)}" for one in decisions if not one.method]
    first = "What I decided here, latest first:" if done else "I left this thread alone."
    rest = (Prose("\n".join(["Nothing to do for:" if done else "The reasons:", "", *idle])),) if idle else ()
    return (Prose(first), *(_decision(one) for one in done), *rest)


def _decision(record: DecisionRecord) -> Details:
    evidence = [f"- {literal(one)}" for one in record.evidence[:_EVIDENCE_SHOWN]]
    if len(record.evidence) > _EVIDENCE_SHOWN:
        evidence.append(f"- and {len(record.evidence) - _EVIDENCE_SHOWN} more")
    when = f"{record.at:%Y-%m-%d %H:%M} UTC"
    lines = [*evidence, "", f"Decided {when} at {code(record.event)}, by {literal(record.method)}."]
    return Details(f"{record.capability}: {record.outcome}", "\n".join(lines).strip())


def _who(help_: CommandHelp) -> str:
    return {
        Access.ANYONE: "anyone",
        Access.AUTHOR: "whoever opened this, triage role",
        Access.TRIAGE: "triage role",
    }[help_.access]
