"""One run of the whole service through all scenarios, for the tests that judge what was said."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bot.sandbox import Delivery, LoggedRequest
from bot.store.embedded import EmbeddedPostgres
from tests.conformance.openapi import Description
from tests.conformance.packages import package
from tests.conformance.recording import Exchange, RecordingSandbox
from tests.conformance.scenarios import SCENARIOS
from tests.support.assistant import running, settings_for

_DATABASE = "scenarios"


def pytest_collection_modifyitems() -> None:
    """Nothing of this lane can run, and nothing is skipped, without the packages."""
    package("@octokit")


@dataclass(frozen=True, slots=True)
class Recording:
    """What went over the wire while people used the service."""

    requests: tuple[LoggedRequest, ...]
    exchanges: tuple[Exchange, ...]
    deliveries: tuple[Delivery, ...]


@pytest.fixture(scope="session")
def description() -> Description:
    """GitHub's own OpenAPI description."""
    return Description.load(package("@octokit", "openapi", "generated", "api.github.com.json"))


@pytest.fixture(scope="session")
def recording(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """All scenarios, played once."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_DATABASE}".encode())
    url = postgres.url.replace("@/postgres?", f"@/{_DATABASE}?")
    return asyncio.run(_play(url, tmp_path_factory.mktemp("scenarios")))


async def _play(database_url: str, folder: Path) -> Recording:
    async with RecordingSandbox.start() as sandbox:
        async with running(sandbox, settings_for(sandbox, database_url, folder)) as assistant:
            for scenario in SCENARIOS:
                await scenario(assistant)
        return Recording(tuple(sandbox.requests), tuple(sandbox.exchanges), tuple(sandbox.deliveries))
