"""How items and their changes get into the history: on the caller's connection, with what else it writes there."""

from collections.abc import Sequence
from typing import Any, Final

from bot.domain.history.sightings import Noted
from bot.domain.history.values import Change, HistoryItem
from bot.store.database import Connection
from bot.store.profiles import UNPOST, UNPROFILE

# What was seen later stays, whoever comes last; so does what people said about duplicates, until it is taken back.
_UPSERT: Final = """
INSERT INTO assistant.history AS h (repository_id, number, is_pull, title, body, state, state_reason, association,
    writer, author, labels, comments, created_at, updated_at, closed_at, duplicate_of)
VALUES (%(repository)s, %(number)s, %(is_pull)s, %(title)s, %(body)s, %(state)s, %(state_reason)s, %(association)s,
    %(writer)s, %(author)s, %(labels)s, %(comments)s, %(created_at)s, %(updated_at)s, %(closed_at)s, %(duplicate_of)s)
ON CONFLICT (repository_id, number) DO UPDATE SET is_pull = excluded.is_pull, title = excluded.title,
    body = excluded.body, state = excluded.state, state_reason = excluded.state_reason,
    association = excluded.association, writer = excluded.writer,
    author = coalesce(nullif(excluded.author, ''), h.author), labels = excluded.labels,
    comments = greatest(excluded.comments, h.comments), updated_at = excluded.updated_at,
    closed_at = excluded.closed_at, duplicate_of = coalesce(excluded.duplicate_of, h.duplicate_of),
    profiled = CASE WHEN (h.title, h.body) = (excluded.title, excluded.body) THEN h.profiled ELSE 0 END
WHERE h.updated_at <= excluded.updated_at AND NOT h.gone
"""

# The same change comes by delivery and in GitHub's list, under different names and perhaps seconds apart.
_CHANGE_TOLD: Final = """
INSERT INTO assistant.history_changes (repository_id, number, source, kind, label, setter, at)
SELECT n.* FROM (SELECT %(repository)s::bigint, %(number)s::int AS number, %(source)s::text, %(kind)s::text AS kind,
    %(label)s::text AS label, %(setter)s::text, %(at)s::timestamptz AS at) AS n
WHERE NOT EXISTS (SELECT 1 FROM assistant.history_changes c WHERE c.repository_id = %(repository)s
    AND c.number = n.number AND c.source LIKE 'event:%%' AND c.kind = n.kind AND c.label = n.label
    AND abs(extract(epoch FROM c.at - n.at)) <= 10)
AND NOT EXISTS (SELECT 1 FROM assistant.history g WHERE g.repository_id = %(repository)s AND g.number = n.number
    AND g.gone)
ON CONFLICT DO NOTHING
"""
_CHANGE_LISTED: Final = """
WITH told AS (
    DELETE FROM assistant.history_changes c WHERE repository_id = %(repository)s AND number = %(number)s
    AND source LIKE 'delivery:%%' AND kind = %(kind)s AND label = %(label)s
    AND abs(extract(epoch FROM c.at - %(at)s::timestamptz)) <= 10
)
INSERT INTO assistant.history_changes (repository_id, number, source, kind, label, setter, at)
VALUES (%(repository)s, %(number)s, %(source)s, %(kind)s, %(label)s, %(setter)s, %(at)s)
ON CONFLICT DO NOTHING
"""
_SAID: Final = """
UPDATE assistant.history SET duplicate_of = %(duplicate_of)s
WHERE repository_id = %(repository)s AND number = %(number)s AND NOT gone
"""
_GONE: Final = """
WITH changes AS (
    DELETE FROM assistant.history_changes WHERE repository_id = %(repository)s AND number = %(number)s
)
INSERT INTO assistant.history AS h (repository_id, number, is_pull, title, body, state, created_at, updated_at, gone)
VALUES (%(repository)s, %(number)s, %(is_pull)s, '', '', 'closed', %(created_at)s, %(updated_at)s, true)
ON CONFLICT (repository_id, number) DO UPDATE SET title = '', body = '', author = '', labels = '{}',
    duplicate_of = NULL, gone = true
"""


async def write_noted(connection: Connection, repository: int, noted: Noted) -> None:
    """What a delivery tells, in one statement; repeating it changes nothing, and what is older changes nothing."""
    item = noted.item
    if noted.gone:
        statement, values = _GONE, _item_values(repository, item)
    elif noted.change is None:
        statement, values = _UPSERT, _item_values(repository, item)
    else:
        statement = f"WITH kept AS ({_UPSERT}) {_CHANGE_TOLD}"
        values = _item_values(repository, item) | _change_values(repository, noted.change)
    await connection.execute(statement.encode(), values)
    if noted.gone:
        for removal in (UNPOST, UNPROFILE):
            await connection.execute(removal, {"repository": repository, "numbers": [item.number]})
    if item.duplicate_of is not None:
        # What was said in a comment holds, though the item has changed since.
        await connection.execute(_SAID, values)


async def write_items(
    connection: Connection, repository: int, items: Sequence[HistoryItem], changes: Sequence[Change]
) -> None:
    """Items and changes as GitHub lists them, or of an export; an item that is known as it was later stays so."""
    if items:
        await connection.cursor().executemany(_UPSERT, [_item_values(repository, one) for one in items])
    if changes:
        # One that a delivery told of is of no use beside GitHub's own list; in an export both may stand.
        rows = [(one, _change_values(repository, one)) for one in changes]
        listed = [values for one, values in rows if one.source.startswith("event:")]
        told = [values for one, values in rows if not one.source.startswith("event:")]
        for statement, group in ((_CHANGE_LISTED, listed), (_CHANGE_TOLD, told)):
            if group:
                await connection.cursor().executemany(statement, group)


def _item_values(repository: int, item: HistoryItem) -> dict[str, Any]:
    return {
        "repository": repository, "number": item.number, "is_pull": item.is_pull, "title": item.title,
        "body": item.body, "state": item.state, "state_reason": item.state_reason, "association": item.association,
        "writer": item.writer.value, "author": item.author, "labels": list(item.labels), "comments": item.comments,
        "created_at": item.created_at, "updated_at": item.updated_at, "closed_at": item.closed_at,
        "duplicate_of": item.duplicate_of,
    }  # fmt: skip


def _change_values(repository: int, change: Change) -> dict[str, Any]:
    return {
        "repository": repository, "number": change.number, "source": change.source, "kind": change.kind.value,
        "label": change.label, "setter": change.setter.value, "at": change.at,
    }  # fmt: skip
