"""/label and /unlabel."""

from collections.abc import Iterable

from bot.capabilities.commands import messages
from bot.capabilities.commands.outcomes import Outcome
from bot.domain.capability import CommandHelp
from bot.domain.commands import Invocation, nearest, split_labels
from bot.domain.facts import Facts, Need


def label(invocation: Invocation, help_: CommandHelp, facts: Facts) -> Outcome:
    """Add labels that exist; what is there already counts as done, unknown ones are named."""
    names = split_labels(invocation.argument)
    objection = _objection(names, help_, facts)
    if objection:
        return objection
    found = {name: _exact(name, facts.label_names) for name in names}
    unknown = [name for name, exact in found.items() if exact is None]
    wanted = [exact for exact in found.values() if exact is not None]
    return Outcome(
        record=f"/label {invocation.argument}",
        done=not unknown,
        texts=tuple(messages.unknown_label(name, nearest(name, facts.label_names)) for name in unknown),
        add=tuple(dict.fromkeys(wanted)),
    )


def unlabel(invocation: Invocation, help_: CommandHelp, facts: Facts, *, any_owner: bool) -> Outcome:
    """Take off labels that we set, and those of people if `any_owner`; what is not there counts as done."""
    names = split_labels(invocation.argument)
    objection = _objection(names, help_, facts)
    if objection:
        return objection
    known = facts.label_names | facts.item.labels
    found = {name: _exact(name, known) for name in names}
    unknown = [name for name, exact in found.items() if exact is None]
    exact = tuple(name for name in found.values() if name is not None)
    theirs = tuple(name for name in exact if name in facts.item.labels - facts.put_by_us)
    refused = () if any_owner else theirs
    return Outcome(
        record=f"/unlabel {invocation.argument}",
        done=not unknown and not refused,
        texts=(
            *(messages.unknown_label(name, nearest(name, known)) for name in unknown),
            *(messages.label_of_a_person(name) for name in refused),
        ),
        remove=tuple(name for name in exact if name not in theirs),
        remove_of_people=theirs if any_owner else (),
    )


def _objection(names: tuple[str, ...], help_: CommandHelp, facts: Facts) -> Outcome | None:
    if not names:
        return Outcome(f"/{help_.name} without labels", done=False, texts=(messages.usage(help_),))
    if Need.LABELS in facts.unread:
        return Outcome(f"/{help_.name}: labels unread", done=False, texts=(messages.labels_unread(),))
    return None


def _exact(name: str, known: Iterable[str]) -> str | None:
    """The label's exact name; GitHub compares names without case."""
    return next((one for one in sorted(known) if one.casefold() == name.casefold()), None)
