"""What a repository's history teaches: examples for training, and what became of the labels that we set."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.naming import kind_of_label
from bot.domain.feedback import ALL, TRIAGE, Feedback, Opinion, newest_words
from bot.domain.history.ledger import Entry, ledger, opened_with
from bot.domain.history.values import Change, ChangeKind, HistoryItem, Setter, Writer

CORRECTED: Final = 3.0
"""An item of which people corrected our label teaches as much as this many others."""
SETTLED_AFTER: Final = timedelta(days=7)
"""A label of ours that nobody touched for so long was kept, though the item is still open."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A report and what people said it is: its kind, if exactly one, and its other labels.

    `created` is when it was made, in seconds. `given` are the labels that it was opened with, those of kinds included,
    as they were spelled then: about these nobody had to decide.
    """

    number: int
    title: str
    body: str
    kind: Kind | None
    labels: tuple[str, ...]
    created: float
    weight: float = 1.0
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A label that we set by ourselves, at that time, and whether people kept it."""

    number: int
    label: str
    kept: bool
    at: datetime


def taught(item: HistoryItem, changes: Collection[Change], said: Collection[Feedback] = ()) -> Taught | None:
    """What an item teaches; None for pull requests, bots' items, and those that only we labelled.

    Our own labels teach nothing: who learns from itself gets surer, not better. `said` is what people said on the item.
    """
    if item.is_pull or item.writer is not Writer.PERSON:
        return None
    words = newest_words(said, changes)
    names = _labels(item, changes, words)
    kinds = {kind for name in names if (kind := kind_of_label(name)) is not None}
    if not names:
        return None
    rest = tuple(name for name in names if kind_of_label(name) is None)
    weight = CORRECTED if kinds and _was_corrected(changes, said, words) else 1.0
    kind = kinds.pop() if len(kinds) == 1 else None
    given = tuple(sorted(opened_with(item.created_at, changes)))
    return Taught(item.number, item.title, item.body, kind, rest, item.created_at.timestamp(), weight, given)


def labels_of_people(
    item: HistoryItem, changes: Collection[Change], said: Collection[Feedback] = ()
) -> tuple[str, ...]:
    """The labels of the item that people want there, by hand, by the form they chose or by a command, sorted.

    Those that nobody knows the setter of are among them.
    """
    return _labels(item, changes, newest_words(said, changes))


def settled(
    item: HistoryItem, changes: Iterable[Change], *, now: datetime, wrong: Collection[str] = (),
    commanded: Collection[str] = (),
) -> tuple[Settled, ...]:  # fmt: skip
    """What became of each label that we set on the item by ourselves; those that are still open are left out.

    `wrong` are labels that people called wrong ("" means all of ours), `commanded` those that somebody told us to set.
    A label that an automaton took off says nothing.
    """
    wrongs, told = {one.casefold() for one in wrong}, {one.casefold() for one in commanded}
    ours: dict[str, Change] = {}
    removed: set[str] = set()
    for one in sorted(changes, key=lambda change: change.at):
        name = one.label.casefold()
        if one.kind is ChangeKind.LABELED and one.setter is Setter.US and name not in told:
            ours.setdefault(name, one)
        elif one.kind is ChangeKind.UNLABELED and one.setter is Setter.PERSON and name in ours:
            removed.add(name)
    present = {name.casefold() for name in item.labels}
    found = []
    for name, change in ours.items():
        corrected = name in removed or name in wrongs or "" in wrongs
        kept = name in present and (item.state == "closed" or now - change.at >= SETTLED_AFTER)
        if corrected or kept:
            found.append(Settled(item.number, change.label, not corrected, change.at))
    return tuple(found)


def _labels(item: HistoryItem, changes: Collection[Change], words: Mapping[str, bool]) -> tuple[str, ...]:
    entries = ledger(item.labels, changes).values()
    return tuple(sorted(one.label for one in entries if one.present and _is_wanted(one, words)))


def _is_wanted(entry: Entry, words: Mapping[str, bool]) -> bool:
    return words.get(entry.label.casefold(), entry.by is None)


def _set_a_kind(changes: Iterable[Change]) -> bool:
    """Whether we ever set a kind label here."""
    ours = (one for one in changes if one.kind is ChangeKind.LABELED and one.setter is Setter.US)
    return any(kind_of_label(one.label) for one in ours)


def _was_corrected(changes: Collection[Change], said: Collection[Feedback], words: Mapping[str, bool]) -> bool:
    """Whether people say, still, that a kind of ours is wrong. Who meant all of ours meant a kind if we had set one."""
    wrong = {one.subject.casefold() for one in said if one.capability == TRIAGE and one.opinion is Opinion.WRONG}
    all_of_ours = any(
        not one.subject and one.capability in (TRIAGE, ALL) and one.opinion is Opinion.WRONG for one in said
    )
    kinds = (name for name in wrong | _taken_off(changes) if kind_of_label(name))
    return any(words.get(name) is False for name in kinds) or (all_of_ours and _set_a_kind(changes))


def _taken_off(changes: Iterable[Change]) -> set[str]:
    """Labels of ours, case-folded, that a person took off by hand."""
    ours, found = set(), set()
    for one in sorted(changes, key=lambda change: change.at):
        name = one.label.casefold()
        if one.kind is ChangeKind.LABELED and one.setter is Setter.US:
            ours.add(name)
        elif one.kind is ChangeKind.UNLABELED and one.setter is Setter.PERSON and name in ours:
            found.add(name)
    return found
