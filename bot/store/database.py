"""The connection pool, and migrations of our own and of the queue's tables."""

import importlib.metadata
import re
from dataclasses import dataclass
from importlib import resources
from typing import Final

import psycopg
import structlog
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from bot.store.embedded import DatabaseUnavailable

log = structlog.get_logger()

Pool = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]
Connection = psycopg.AsyncConnection[TupleRow]

_MIGRATION_LOCK: Final = 0x436F6E747269  # any constant: whoever migrates holds it
_NUMBERED: Final = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


def open_pool(url: str, *, size: int) -> Pool:
    """A pool that is not open yet. A statement outside `transaction()` commits by itself, in one round trip."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=10,
        reconnect_timeout=30,
        configure=_autocommit,
        # A process that is suspended inside a transaction must not keep rows locked.
        kwargs={
            "application_name": "contribution-assistant",
            "options": "-c idle_in_transaction_session_timeout=15000",
        },
    )


async def _autocommit(connection: Connection) -> None:
    await connection.set_autocommit(True)


async def migrate(url: str) -> list[str]:
    """Bring the schema up to date under an advisory lock; returns what was applied.

    Each file is one transaction. The lock belongs to the session, so that a killed migration leaves none behind.
    Raises DatabaseUnavailable in one sentence where the database cannot be reached.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"The database does not answer: {_first_line(error)}") from error
    async with connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS assistant_migrations ("
            "name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        cursor = await connection.execute("SELECT name FROM assistant_migrations")
        known = {str(row[0]) for row in await cursor.fetchall()}
        applied = [await _apply(connection, step) for step in _pending(known)]
        # Without statistics the queue's fetch is seven times slower.
        await connection.execute("ANALYZE procrastinate_jobs")
    return applied


async def missing_migrations(connection: Connection) -> list[str]:
    """The names of the steps that `migrate` would apply; reads only."""
    cursor = await connection.execute("SELECT to_regclass('assistant_migrations') IS NOT NULL")
    row = await cursor.fetchone()
    known: set[str] = set()
    if row is not None and row[0]:
        cursor = await connection.execute("SELECT name FROM assistant_migrations")
        known = {str(one[0]) for one in await cursor.fetchall()}
    return [step.names[0] for step in _pending(known)]


async def _apply(connection: Connection, step: "_Step") -> str:
    async with connection.transaction():
        await connection.execute(step.sql.encode())
        rows = [(name,) for name in step.names]
        await connection.cursor().executemany("INSERT INTO assistant_migrations (name) VALUES (%s)", rows)
    log.info("migration_applied", name=step.names[0])
    return step.names[0]


@dataclass(frozen=True, slots=True)
class _Step:
    """One transaction: some SQL, and the names under which it is recorded."""

    names: tuple[str, ...]
    sql: str


def _pending(known: set[str]) -> list[_Step]:
    """The queue's schema first (as a whole on a new database, else by its own migrations), then ours in order."""
    folder = resources.files("bot.store") / "migrations"
    ours = sorted(entry.name for entry in folder.iterdir() if _NUMBERED.match(entry.name))
    steps = _queue_steps(known) + [_Step((name,), (folder / name).read_text("utf-8")) for name in ours]
    return [step for step in steps if step.names[0] not in known]


def _queue_steps(known: set[str]) -> list[_Step]:
    """A new database gets the whole schema under all its migrations' names, so that releases add only new ones."""
    folder = resources.files("procrastinate") / "sql"
    files = sorted(entry.name for entry in (folder / "migrations").iterdir() if entry.name.endswith(".sql"))
    if any(name.startswith("procrastinate:") for name in known):
        return [_Step((f"procrastinate:{name}",), (folder / "migrations" / name).read_text("utf-8")) for name in files]
    release = f"procrastinate:schema {importlib.metadata.version('procrastinate')}"
    names = (release, *(f"procrastinate:{name}" for name in files))
    return [_Step(names, (folder / "schema.sql").read_text("utf-8"))]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
