"""What the commands of a new comment say about our work."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

from bot.domain.capability import Access
from bot.domain.commands import Invocation, split_labels
from bot.domain.facts import Facts
from bot.domain.feedback import DUPLICATES, TRIAGE, Feedback, Opinion

WRONG: Final = "wrong"
NOT_DUPLICATE: Final = "not-duplicate"
_OTHER: Final = re.compile(r"#?([1-9]\d{0,9})")


def others_of(invocation: Invocation) -> tuple[str, ...] | None:
    """The numbers that /not-duplicate names; ("",) means every claim, None is what it does not understand."""
    if not invocation.argument:
        return ("",)
    found = [_OTHER.fullmatch(part) for part in invocation.argument.replace(",", " ").split()]
    if not all(found):
        return None
    return tuple(dict.fromkeys(one[1] for one in found if one))


def wrong_labels_of(invocation: Invocation, facts: Facts) -> tuple[str, ...] | None:
    """Labels of ours that /wrong means: those named, else all on the item; None where one named is not ours."""
    ours = {name.casefold(): name for name in facts.set_by_us}
    named = split_labels(invocation.argument)
    if not named:
        return tuple(sorted(facts.set_by_us))
    found = tuple(ours[name.casefold()] for name in named if name.casefold() in ours)
    return found if len(found) == len(named) else None


def may_judge(facts: Facts) -> bool:
    """Who may say that we are wrong: the item's author, and people with the triage role."""
    # guard: roles-of-opinions (6): as True
    return Access.AUTHOR.permits(facts.role, author=is_author(facts))


def is_author(facts: Facts) -> bool:
    return facts.event.sender.id == facts.item.author.id


def opinions_of(facts: Facts, on: Collection[str], digest: Callable[[str], str]) -> tuple[Feedback, ...]:
    """The opinions in a new comment's commands, in their order; `on` are the names of the commands that are on here,
    `digest` makes a login into what is stored."""
    comment = facts.event.comment
    if facts.event.kind != "issue_comment.created" or comment is None or not may_judge(facts):
        return ()
    who, source = digest(facts.event.sender.login), f"comment:{comment.id}"
    found = dict.fromkeys(pair for one in facts.invocations if one.name in on for pair in _subjects(one, facts))
    return tuple(
        Feedback(facts.item.number, capability, subject, Opinion.WRONG, who, source, facts.now)
        for capability, subject in found
    )


def _subjects(invocation: Invocation, facts: Facts) -> Iterator[tuple[str, str]]:
    if invocation.name == NOT_DUPLICATE:
        yield from ((DUPLICATES, one) for one in others_of(invocation) or ())
    elif invocation.name == WRONG:
        named = wrong_labels_of(invocation, facts)
        if named is not None:
            yield from ((TRIAGE, one) for one in named or ("",))
