"""What the commands of a new comment say about our work."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from bot.domain.capability import Access
from bot.domain.commands import Invocation, split_labels
from bot.domain.facts import Facts, Need
from bot.domain.feedback import DUPLICATES, LABELS, TRIAGE, Feedback, Opinion

LABEL: Final = "label"
UNLABEL: Final = "unlabel"
WRONG: Final = "wrong"
NOT_DUPLICATE: Final = "not-duplicate"
_OTHER: Final = re.compile(r"#?([1-9]\d{0,9})")

_Said = tuple[str, str, Opinion]
"""Capability, subject and opinion."""


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
    at = next((one.created_at for one in facts.comments if one.id == comment.id), facts.now)
    return tuple(
        Feedback(facts.item.number, capability, subject, opinion, who, source, at)
        for capability, subject, opinion in _said(facts, on)
    )


def _said(facts: Facts, on: Collection[str]) -> Iterable[_Said]:
    """In the order of the lines; of what they say about one label, the last."""
    last: dict[tuple[bool, str], _Said] = {}
    for one in (said for line in facts.invocations if line.name in on for said in _subjects(line, facts)):
        capability, subject, _opinion = one
        key = (capability == DUPLICATES, subject.casefold())
        last.pop(key, None)
        last[key] = one
    return last.values()


def _subjects(invocation: Invocation, facts: Facts) -> Iterator[_Said]:
    if invocation.name == NOT_DUPLICATE:
        yield from ((DUPLICATES, one, Opinion.WRONG) for one in others_of(invocation) or ())
    elif invocation.name == WRONG:
        named = wrong_labels_of(invocation, facts)
        if named is not None:
            yield from ((TRIAGE, one, Opinion.WRONG) for one in named or ("",))
    elif invocation.name in (LABEL, UNLABEL):
        yield from _label_words(invocation, facts)


def _label_words(invocation: Invocation, facts: Facts) -> Iterator[_Said]:
    """What people with the triage role want on the item. To take off what we set by ourselves is to correct us."""
    # guard: roles-of-label-words (6): without not Access.TRIAGE.permits(facts.role)
    if not Access.TRIAGE.permits(facts.role) or Need.LABELS in facts.unread:
        return
    if invocation.name == LABEL:
        yield from ((LABELS, one, Opinion.RIGHT) for one in _known(invocation, facts.label_names))
        return
    for label in _known(invocation, facts.label_names | facts.item.labels):
        yield TRIAGE if label in facts.set_by_us else LABELS, label, Opinion.WRONG


def _known(invocation: Invocation, labels: Iterable[str]) -> Iterator[str]:
    """The labels that the command names, as they are spelled; GitHub compares names without case."""
    exact = {one.casefold(): one for one in sorted(labels, reverse=True)}
    found = (exact.get(name.casefold()) for name in split_labels(invocation.argument))
    return (one for one in found if one is not None)
