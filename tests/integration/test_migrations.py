"""Migrations: repeatable, one at a time, and whole or not at all when they are killed."""

import asyncio
from importlib import resources
from typing import Final

import psycopg
import pytest

from bot.store import database
from bot.store.database import migrate
from bot.store.embedded import DatabaseUnavailable

TABLES: Final = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'assistant'"
OURS: Final = sorted(one.name for one in (resources.files("bot.store") / "migrations").iterdir() if "_" in one.name)
NAMES: Final = "SELECT count(*) FROM assistant_migrations"


async def value(url: str, query: str) -> object:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_a_second_time_nothing_is_applied(empty_database_url: str) -> None:
    applied = await migrate(empty_database_url)
    assert applied[-len(OURS) :] == OURS
    assert applied[0].startswith("procrastinate:schema ")
    assert await migrate(empty_database_url) == []
    await _what_was_measured_otherwise_is_learned_anew(empty_database_url)


async def _what_was_measured_otherwise_is_learned_anew(url: str) -> None:
    """A repository that an older release learned from is due after the upgrade, as one that never learned."""
    name = "0008_learn_anew.sql"
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(
            "INSERT INTO assistant.learners (repository_id, installation_id, private, learned_from, learned_at) "
            "VALUES (1, 2, false, 40, now())"
        )
        await connection.execute("DELETE FROM assistant_migrations WHERE name = %s", (name,))
    assert await migrate(url) == [name]
    assert await value(url, "SELECT learned_at IS NULL AND learned_from = 0 FROM assistant.learners") is True


def test_our_migrations_are_numbered() -> None:
    assert OURS[0] == "0001_initial.sql"
    assert len({one[:4] for one in OURS}) == len(OURS) >= 2


async def test_several_processes_migrate_once(empty_database_url: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert len([one for one in applied if one]) == 1


async def test_what_was_cut_in_the_middle_is_done_from_its_beginning(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends the session inside our first file: nothing of that file may stay, and no lock either."""
    steps = database._pending(set())

    def cut(_known: set[str]) -> list[database._Step]:
        queue, ours, *_rest = steps
        return [queue, database._Step(ours.names, ours.sql + "; SELECT pg_terminate_backend(pg_backend_pid())")]

    monkeypatch.setattr(database, "_pending", cut)
    with pytest.raises(psycopg.OperationalError):
        await migrate(empty_database_url)
    monkeypatch.undo()
    assert await value(empty_database_url, TABLES) == 0
    assert await migrate(empty_database_url) == [step.names[0] for step in steps[1:]]
    assert await value(empty_database_url, TABLES) != 0


async def test_a_step_that_fails_leaves_nothing(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step = database._Step(("9999_odd.sql",), "CREATE TABLE half (a int); SELECT 1/0")
    await migrate(empty_database_url)
    known = await value(empty_database_url, NAMES)
    monkeypatch.setattr(database, "_pending", lambda _known: [step])
    with pytest.raises(psycopg.errors.DivisionByZero):
        await migrate(empty_database_url)
    assert await value(empty_database_url, "SELECT to_regclass('half') IS NULL")
    assert await value(empty_database_url, NAMES) == known


async def test_a_database_of_an_older_queue_gets_the_queue_s_own_migrations(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    files = [one.name for one in (resources.files("procrastinate") / "sql" / "migrations").iterdir()]
    last = max(one for one in files if one.endswith(".sql"))
    assert await value(empty_database_url, NAMES) == len([one for one in files if one.endswith(".sql")]) + 1 + len(OURS)
    known = {"procrastinate:schema 0", *(f"procrastinate:{one}" for one in files if one != last), *OURS}
    assert [step.names for step in database._pending(known)] == [(f"procrastinate:{last}",)]


async def test_a_database_that_is_not_there_is_said_in_one_sentence() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"^The database does not answer: [^\n]+$"):
        await migrate("postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")
