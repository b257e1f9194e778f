"""Fixtures of several files here."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox import Sandbox
from tests.support.desk import Desk, open_desk


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    async with open_desk(sandbox) as desk:
        yield desk
