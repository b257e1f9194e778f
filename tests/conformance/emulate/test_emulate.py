"""The service as a process of its own, against a stand-in GitHub that others wrote. No model."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from bot.sandbox import generate
from bot.sandbox.sample_files import BUG_REPORT
from tests.conformance.emulate.github import APP_ID, SECRET, GitHub, emulate, free_port, process
from tests.conformance.emulate.proxy import Proxy, proxying

ROOT: Final = Path(__file__).parents[3]
WITHIN: Final = 5.0
LABELS: Final = {
    "bug": "d73a4a",
    "enhancement": "a2eeef",
    "question": "d876e3",
    "documentation": "0075ca",
    "needs-info": "fbca04",
    "good first issue": "7057ff",
}
CRASH: Final = (
    "Crash: ValueError on an empty log",
    "It crashes when I read an empty log.\n\n```\nValueError: no rows\n```\n",
)
VAGUE: Final = ("The harbour page", "I see the page in the office with the device.")


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with proxying() as made:
        yield made


@pytest.fixture
async def github(proxy: Proxy, database_url: str, tmp_path: Path) -> AsyncIterator[GitHub]:
    """The stand-in, furnished, with the service listening to it."""
    key, port = generate().private_key, free_port()
    async with emulate(tmp_path, key, proxy.url) as made:
        environment = {
            "PYTHONPATH": str(ROOT),
            "GITHUB_APP_ID": str(APP_ID),
            "GITHUB_PRIVATE_KEY": key,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "GITHUB_API_URL": made.url,
            "DATABASE_URL": database_url,
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }
        proxy.target = f"http://127.0.0.1:{port}/webhooks/github"
        command = (sys.executable, "-m", "bot", "serve")
        async with process(command, tmp_path, environment, f"http://127.0.0.1:{port}/readyz") as output:
            await made.furnish(LABELS, {".github/ISSUE_TEMPLATE/bug_report.yml": BUG_REPORT})
            yield made
        assert "Traceback" not in output.read_text("utf-8")


async def test_a_report_is_triaged_in_time(github: GitHub, proxy: Proxy) -> None:
    number = await github.open_issue("stranger", *CRASH)

    async def done() -> bool:
        return "bug" in await github.labels(number) and bool(await github.by_bot(number))

    await _soon(done, proxy)
    await asyncio.sleep(1)
    assert len(await github.by_bot(number)) == 1


async def test_missing_information_is_asked_for(github: GitHub, proxy: Proxy) -> None:
    number = await github.open_issue("stranger", *CRASH)

    async def asked() -> bool:
        return any("`Version`" in one for one in await github.by_bot(number))

    await _soon(asked, proxy)
    assert "needs-info" in await github.labels(number)


async def test_a_maintainer_sets_a_label(github: GitHub, proxy: Proxy) -> None:
    number = await github.open_issue("stranger", *VAGUE)
    await github.comment("mira", number, '/label "good first issue"')

    async def labelled() -> bool:
        return "good first issue" in await github.labels(number)

    await _soon(labelled, proxy)


async def test_a_stranger_sets_none(github: GitHub, proxy: Proxy) -> None:
    number = await github.open_issue("stranger", *VAGUE)
    await github.comment("stranger", number, '/label "good first issue"')

    async def refused() -> bool:
        return any(":reply:" in one for one in await github.by_bot(number))

    await _soon(refused, proxy)
    assert "good first issue" not in await github.labels(number)


async def test_help_is_answered(github: GitHub, proxy: Proxy) -> None:
    number = await github.open_issue("stranger", *VAGUE)
    await github.comment("mira", number, "/help")

    async def answered() -> bool:
        return any("/label" in one and "/why" in one for one in await github.by_bot(number))

    await _soon(answered, proxy)


async def _soon(condition: Callable[[], Awaitable[bool]], proxy: Proxy) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + WITHIN
    while loop.time() < end:
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {WITHIN} s; deliveries were answered: {proxy.answers}")
