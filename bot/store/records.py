"""What was decided, and what was done about it."""

import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from bot.domain.events import OWN_WRITES
from bot.domain.facts import DecisionRecord
from bot.store.database import Pool
from bot.store.limits import SLOT

_HEARD: Final = 200
_SAVE: Final = """
WITH saved AS (
    INSERT INTO assistant.decisions (guid, capability, repository_id, number, author, event, facts_digest, outcome,
                                     evidence, method, confidence, tokens, plan, verdicts, acted)
    SELECT %(guid)s, capability, %(repository)s, %(number)s, %(author)s, %(event)s, digest, outcome,
           evidence, method, confidence, tokens, plan, verdicts, jsonb_array_length(plan) > 0
    FROM ROWS FROM (jsonb_to_recordset(%(decisions)s)
                    AS (capability text, digest text, outcome text, evidence jsonb, method text, confidence float8,
                        tokens int, plan jsonb, verdicts jsonb)) WITH ORDINALITY
         AS t(capability, digest, outcome, evidence, method, confidence, tokens, plan, verdicts, position)
    ORDER BY position
    ON CONFLICT (guid, capability) DO NOTHING RETURNING 1
), marked AS (
    UPDATE assistant.deliveries SET decided_at = now() WHERE guid = %(guid)s
)
SELECT count(*) FROM saved
"""
_BEGIN: Final = f"""
begun AS (
    INSERT INTO assistant.effects (key, guid, repository_id, number, state, detail)
    VALUES (%(key)s, %(guid)s, %(repository)s, %(number)s, 'pending', %(detail)s)
    ON CONFLICT (key) DO NOTHING RETURNING begun_at
)
SELECT begun_at, CASE WHEN %(installation)s::bigint IS NOT NULL THEN {SLOT} END FROM begun
"""  # noqa: S608 - made of constants
_DONE: Final = """
UPDATE assistant.effects SET state = 'done', target_id = coalesce(%(target)s, target_id),
    detail = coalesce(%(remembered)s, detail), finished_at = now()
WHERE key = %(ended)s AND state = 'pending'
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """One capability's decision about one delivery. `plan` holds the actions that the gate let through, encoded."""

    capability: str
    facts_digest: str
    outcome: str
    evidence: tuple[str, ...]
    method: str
    confidence: float | None
    tokens: int
    plan: list[Any]
    verdicts: list[dict[str, str]]

    @property
    def row(self) -> dict[str, Any]:
        return {
            "capability": self.capability, "digest": self.facts_digest, "outcome": self.outcome[:500],
            "evidence": self.evidence, "method": self.method, "confidence": self.confidence, "tokens": self.tokens,
            "plan": self.plan, "verdicts": self.verdicts,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """What the decisions of a delivery are about."""

    guid: str
    event: str
    repository: int
    number: int
    author: str


@dataclass(frozen=True, slots=True)
class EffectRow:
    """`fresh` is True for the attempt that announced the effect; otherwise an earlier one may have been sent.

    `slot_at`: when (`time.monotonic()`, a little early) its write slot was taken; where none was free, `wait` are the
    seconds until there is one. Both are None where no slot was asked for.
    """

    state: str
    fresh: bool
    target_id: int | None
    begun_at: datetime
    added: tuple[str, ...] = ()
    """Labels that the earlier attempt was about to add."""
    wait: float | None = None
    slot_at: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A write that arrived: what GitHub called it, and what is to be remembered of it, if anything."""

    key: str
    target: int | None = None
    detail: dict[str, Any] | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {
            "ended": self.key,
            "target": self.target,
            "remembered": None if self.detail is None else Jsonb(self.detail),
        }


class Records:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, subject: Subject, decisions: Sequence[Decision]) -> bool:
        """Record all decisions of a delivery at once and mark it as decided, before anything is done.

        False where some had been recorded before: those stand.
        """
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _SAVE,
                {
                    "guid": subject.guid, "repository": subject.repository, "number": subject.number,
                    "author": subject.author, "event": subject.event,
                    "decisions": Jsonb([one.row for one in decisions]),
                },
            )  # fmt: skip
            row = await cursor.fetchone()
        return row is not None and row[0] == len(decisions)

    async def forget_decisions(self, guid: str) -> bool:
        """Drop the decisions of a delivery of which nothing was begun; False where something was."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute("SELECT 1 FROM assistant.effects WHERE guid = %s LIMIT 1", (guid,))
            if await cursor.fetchone():  # guard: begun-decisions (28, 29)
                return False
            await connection.execute("DELETE FROM assistant.decisions WHERE guid = %s", (guid,))
            await connection.execute("UPDATE assistant.deliveries SET decided_at = NULL WHERE guid = %s", (guid,))
            return True

    async def recent(self, repository: int, number: int) -> tuple[DecisionRecord, ...]:
        """Per capability the newest decision that found something to do; where none did, why not (`method` is "")."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT DISTINCT ON (capability) capability, created_at, event, outcome, evidence, method, confidence "
                "FROM assistant.decisions WHERE repository_id = %s AND number = %s "
                "AND (method <> '' OR event NOT LIKE 'issue_comment.%%') "
                "ORDER BY capability, method = '', id DESC",
                (repository, number),
            )
            rows = await cursor.fetchall()
        return tuple(
            DecisionRecord(str(capability), at, str(event), str(outcome), tuple(evidence), _method(method, confidence))
            for capability, at, event, outcome, evidence, method, confidence in rows
        )

    async def announce(self, key: str, detail: dict[str, Any]) -> None:
        """Write down what is about to be sent, and that it is sent now."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE assistant.effects SET detail = %s, begun_at = clock_timestamp() WHERE key = %s",
                (Jsonb(detail), key),
            )

    async def heard(self, repository: int, since: datetime) -> list[bytes]:
        """Payloads (JSON) of comments and reviews by bots that were delivered since then, newest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT body FROM assistant.deliveries WHERE received_at >= %s AND repository_id = %s "
                "AND state = 'ignored' AND body <> '' AND event || '.' || action = ANY(%s) "
                "ORDER BY position DESC LIMIT %s",
                (since, repository, sorted(OWN_WRITES), _HEARD),
            )
            return [zlib.decompress(row[0]) for row in await cursor.fetchall()]

    async def begin(
        self,
        key: str,
        subject: Subject,
        detail: dict[str, Any] | None = None,
        *,
        ended: Ended | None = None,
        writer: int | None = None,
    ) -> EffectRow:
        """Announce a write. A row that was there already is returned as it is, with `fresh` False.

        `ended` is the write before it, which is recorded as done in the same statement; for a new row, `writer` is
        the installation of which a write slot is taken with it.
        """
        values = {
            "key": key, "guid": subject.guid, "repository": subject.repository, "number": subject.number,
            "detail": Jsonb(detail or {}), "installation": writer,
        }  # fmt: skip
        statement = f"WITH {_BEGIN}"
        if ended is not None:
            statement, values = f"WITH ended AS ({_DONE}), {_BEGIN}", values | ended.values
        asked = time.monotonic()
        async with self._pool.connection() as connection:
            row = await (await connection.execute(statement, values)).fetchone()
            if row is not None:
                begun_at, wait = row
                slot_at = asked if wait == 0 else None  # guard: slots-taken-ahead (5): as asked
                return EffectRow("pending", fresh=True, target_id=None, begun_at=begun_at, wait=wait, slot_at=slot_at)
            cursor = await connection.execute(
                "SELECT state, target_id, begun_at, detail FROM assistant.effects WHERE key = %s", (key,)
            )
            found = await cursor.fetchone()
        assert found is not None, "effects are deleted only with their repository"
        state, target, begun_at, detail = found
        return EffectRow(str(state), False, target, begun_at, tuple(detail.get("added", ())))

    async def done(self, ended: Ended) -> None:
        """Record that a write arrived."""
        async with self._pool.connection() as connection:
            await connection.execute(_DONE, ended.values)

    async def refused(self, key: str) -> None:
        """GitHub refused the write for good: it did not happen, and may be announced anew."""
        async with self._pool.connection() as connection:
            # guard: writes-that-are-done (28): without text  AND state = 'pending'
            await connection.execute("DELETE FROM assistant.effects WHERE key = %s AND state = 'pending'", (key,))

    async def known_remarks(self, repository: int, number: int, besides: str) -> frozenset[str]:
        """Digests of review remarks made on this pull request by other deliveries than `besides`."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT DISTINCT jsonb_array_elements_text(detail->'remarks') FROM assistant.effects "
                "WHERE repository_id = %s AND number = %s AND guid <> %s AND detail ? 'remarks'",
                (repository, number, besides),
            )
            return frozenset(str(row[0]) for row in await cursor.fetchall())

    async def expire(self, *, bodies: timedelta, decisions: timedelta) -> int:
        """Delete what is older than its retention; returns how many deliveries went."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                # guard: waiting-deliveries-stay (27): without text state <> 'queued' AND
                "DELETE FROM assistant.deliveries WHERE state <> 'queued' AND received_at < now() - %s::interval",
                (bodies,),
            )
            await connection.execute(
                "DELETE FROM assistant.decisions WHERE created_at < now() - %s::interval", (decisions,)
            )
            await connection.execute("DELETE FROM assistant.answers WHERE created_at < now() - %s::interval", (bodies,))
            await connection.execute("DELETE FROM assistant.budgets WHERE day < current_date - 7")
            return cursor.rowcount


def _method(method: str, confidence: float | None) -> str:
    return method if confidence is None else f"{method}, confidence {confidence:.2f}"
