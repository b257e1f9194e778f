"""Looks at the database without changing it."""

import asyncio
from typing import Final

import psycopg

from bot.doctor.checks import Check, failure, ok, skipped, warning
from bot.settings import Settings
from bot.store.database import missing_migrations
from bot.store.embedded import DatabaseUnavailable, EmbeddedPostgres

_NAME: Final = "database"
_OLDEST: Final = 14
_VECTOR: Final = "SELECT installed_version, default_version FROM pg_available_extensions WHERE name = 'vector'"


async def look(settings: Settings) -> list[Check]:
    """The operator's database, or the embedded one where it was made before."""
    if settings.database_url is not None:
        return await _look(settings.database_url, "PostgreSQL")
    embedded = EmbeddedPostgres(settings.data_folder)
    if not (embedded.cluster / "PG_VERSION").exists():
        return [skipped(_NAME, f"the embedded one will be made in {settings.data_folder} by the first start")]
    use = embedded.used()
    try:
        url = await asyncio.to_thread(use.__enter__)
    except (DatabaseUnavailable, OSError) as error:
        return [failure(_NAME, str(error), f"Look at server.log in {embedded.cluster}.")]
    try:
        return await _look(url, "embedded PostgreSQL")
    finally:
        await asyncio.to_thread(use.__exit__, None, None, None)


async def _look(url: str, kind: str) -> list[Check]:
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=10) as connection:
            version = connection.info.server_version // 10_000
            missing = await missing_migrations(connection)
            row = await (await connection.execute(_VECTOR)).fetchone()
    except psycopg.Error as error:
        return [failure(_NAME, f"it does not answer as it should: {_first_line(error)}", _reach())]
    return [_version(kind, version), _migrations(missing), _vectors(row is not None)]


def _version(kind: str, version: int) -> Check:
    if version < _OLDEST:
        return warning(_NAME, f"{kind} {version} is no longer maintained", f"Use PostgreSQL {_OLDEST} or newer.")
    return ok(_NAME, f"{kind} {version}")


def _migrations(missing: list[str]) -> Check:
    name = "database: migrations"
    if not missing:
        return ok(name, "up to date")
    return warning(
        name, f"{len(missing)} to be applied, {missing[-1]} the last", "`serve` does it, or run `migrate` before."
    )


def _vectors(present: bool) -> Check:
    name = "database: pgvector"
    if present:
        return ok(name, "there: vectors on")
    return warning(name, "not there: vectors off", "Install the extension pgvector on the database's server.")


def _reach() -> str:
    return "Check DATABASE_URL: host, port, name, user and password, and that the server runs."


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
