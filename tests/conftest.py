"""Fixtures of all lanes: one embedded PostgreSQL for the run, one empty database per test, one sandbox GitHub."""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import structlog

from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.store.database import migrate
from bot.store.embedded import EmbeddedPostgres
from tests.support.assistant import Assistant, running, settings_for

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="assistant-tests-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here has to outlive the machine
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def migrated(postgres: EmbeddedPostgres) -> str:
    """The name of a database with all tables, to be copied: that takes half as long as making them anew."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    asyncio.run(migrate(_address(postgres, "migrated")))
    return "migrated"


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """A database of its own, with our tables and nothing in them."""
    with _database(postgres, f"TEMPLATE {migrated}") as url:
        yield url


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own without any table."""
    with _database(postgres) as url:
        yield url


@contextmanager
def _database(postgres: EmbeddedPostgres, how: str = "") -> Iterator[str]:
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {how}".encode())
    try:
        yield _address(postgres, name)
    finally:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _address(postgres: EmbeddedPostgres, name: str) -> str:
    return postgres.url.replace("@/postgres?", f"@/{name}?")


@pytest.fixture(autouse=True)
def own_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands that a test runs here set up logging for their process: it ends with the test."""
    configure = structlog.configure
    monkeypatch.setattr(structlog, "configure", lambda **how: configure(**{**how, "cache_logger_on_first_use": False}))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.start() as made:
        yield made


@pytest.fixture
def settings(sandbox: Sandbox, database_url: str, tmp_path: Path) -> Settings:
    return settings_for(sandbox, database_url, tmp_path)


@pytest.fixture
async def assistant(sandbox: Sandbox, settings: Settings) -> AsyncIterator[Assistant]:
    async with running(sandbox, settings) as made:
        yield made
