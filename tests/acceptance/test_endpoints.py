"""The real program with a file of endpoints: what is wrong with one shows, and does not matter."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import Sandbox
from bot.store.embedded import EmbeddedPostgres
from tests.acceptance.test_process import Program
from tests.support.stand_in_model import sending, stand_in

KEY = "canary-key-of-the-endpoint"


@pytest.fixture
def program(sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    made = Program(sandbox, tmp_path)
    made.environment |= {"ASSISTANT_ENDPOINTS": "endpoints.toml", "CLOUD_KEY": KEY, "LOG_FORMAT": "json"}
    yield made
    EmbeddedPostgres(tmp_path / "data").stop()


def write(program: Program, url: str) -> None:
    text = f'[[endpoint]]\nname = "cloud"\nurl = "{url}"\nmodel = "tiny"\napi_key_env = "CLOUD_KEY"\n'
    (program.folder / "endpoints.toml").write_text(text)


async def test_a_wrong_key_is_told_soon_and_does_not_matter(program: Program) -> None:
    async with stand_in(sending({"error": {"message": f"{KEY} is wrong"}}, status=401)) as server:
        write(program, server.url)
        with program.started():
            await program.ready()
            text = ""
            async with aiohttp.ClientSession() as session, asyncio.timeout(20):
                # It is looked at in the background, soon after the start.
                while "model endpoint cloud: it refuses the key (HTTP 401)" not in text:
                    async with session.get(f"http://127.0.0.1:{program.port}/readyz") as response:
                        assert response.status == 200
                        text = await response.text()
            assert server.url not in text
        assert KEY not in program.log.read_text()
        assert server.asked
