"""A repository's history as values: items, what happened to their labels, which are duplicates. Pure."""

from bot.domain.history.duplicates import canonical, said_duplicate, standing_duplicate
from bot.domain.history.ledger import Entry, ledger, removed_by_people
from bot.domain.history.values import Change, ChangeKind, HistoryItem, Setter, Writer

__all__ = [
    "Change",
    "ChangeKind",
    "Entry",
    "HistoryItem",
    "Setter",
    "Writer",
    "canonical",
    "ledger",
    "removed_by_people",
    "said_duplicate",
    "standing_duplicate",
]
