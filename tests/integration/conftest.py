"""Fixtures of several files here."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox import Sandbox
from bot.store.database import Pool, migrate, open_pool
from tests.support.desk import Desk, open_desk
from tests.support.past import Past, make_past


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    async with open_desk(sandbox) as desk:
        yield desk


@pytest.fixture
def past(sandbox: Sandbox) -> Past:
    return make_past(sandbox)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=4) as made:
        yield made
