"""Who set what: the labels of an item with those who set or removed them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.history.values import AT_ONCE, Change, ChangeKind, Setter

_LABELS = {ChangeKind.LABELED: True, ChangeKind.UNLABELED: False}


@dataclass(frozen=True, slots=True)
class Entry:
    """A label that the item has, or once had. `by` set it last (if present) or removed it (if not), at that time;
    None where no known change explains it, for example after a label was renamed."""

    label: str
    present: bool
    by: Setter | None
    at: datetime | None


def ledger(present: Iterable[str], changes: Iterable[Change]) -> dict[str, Entry]:
    """By lower-case name (GitHub's label names ignore case): every label of `present` and of `changes`.

    `changes` are those of one item; those of the same second that only deliveries told of are in their order.
    What the item has now decides, the changes only explain.
    """
    names = {name.lower(): name for name in present}
    last = _last(changes)
    return {key: _entry(names.get(key), last.get(key)) for key in {**last, **names}}


def removed_by_people(entries: Mapping[str, Entry]) -> frozenset[str]:
    """Lower-case names of absent labels that a person removed last: they must not come back by themselves."""
    return frozenset(key for key, one in entries.items() if not one.present and one.by is Setter.PERSON)


def opened_with(created: datetime, changes: Iterable[Change]) -> frozenset[str]:
    """The labels that an item had from the beginning, by its form or by whoever opened it, as they were spelled then.

    Those whose setting nobody knows of are not among them.
    """
    return frozenset(
        one.label
        for one in changes
        if one.kind is ChangeKind.LABELED
        and (one.setter is Setter.FORM or (one.setter is Setter.PERSON and one.at - created <= AT_ONCE))
    )


def _last(changes: Iterable[Change]) -> dict[str, Change]:
    of_labels = sorted((one for one in changes if one.kind in _LABELS), key=_order)
    return {one.label.lower(): one for one in of_labels}


def _order(change: Change) -> tuple[datetime, int]:
    """Times are whole seconds; within one, GitHub's ids say the order, and deliveries come after."""
    kind, _, name = change.source.partition(":")
    return (change.at, int(name) if kind == "event" and name.isdigit() else 2**63)


def _entry(name: str | None, last: Change | None) -> Entry:
    present = name is not None
    if last is None or _LABELS[last.kind] is not present:
        return Entry(name or (last.label if last else ""), present, None, None)
    return Entry(name or last.label, present, last.setter, last.at)
