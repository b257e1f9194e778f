"""Fixtures of all lanes: one embedded PostgreSQL for the run, one empty database per test, one sandbox GitHub."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import structlog

from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.store.embedded import EmbeddedPostgres
from tests.support.assistant import Assistant, running, settings_for

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="assistant-tests-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """An empty database of its own."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield postgres.url.replace("@/postgres?", f"@/{name}?")
    finally:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


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
