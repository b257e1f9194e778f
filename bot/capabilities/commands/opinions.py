"""/wrong and /not-duplicate: what is said is stored by the host, from the same functions that answer here."""

from bot.capabilities.commands import messages
from bot.capabilities.commands.outcomes import Outcome
from bot.domain.capability import CommandHelp
from bot.domain.commands import Invocation
from bot.domain.facts import Facts
from bot.domain.opinions import others_of, wrong_labels_of


def wrong(invocation: Invocation, facts: Facts) -> Outcome:
    """Labels of ours come off; without a label of ours on the item the opinion is noted all the same."""
    labels = wrong_labels_of(invocation, facts)
    if labels is None:
        texts = (messages.not_our_label(invocation.argument),)
        return Outcome(f"/wrong {invocation.argument}: no label of ours", done=False, texts=texts)
    return Outcome(f"/wrong {invocation.argument}".strip(), remove=labels)


def not_duplicate(invocation: Invocation, help_: CommandHelp) -> Outcome:
    """Noted; whoever searches for duplicates asks for it."""
    if others_of(invocation) is None:
        return Outcome("/not-duplicate: no number", done=False, texts=(messages.usage_of_numbers(help_),))
    return Outcome(f"/not-duplicate {invocation.argument}".strip())
