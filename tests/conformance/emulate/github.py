"""npm `emulate`, another stand-in GitHub: its process, its seed, and people who use it."""

import asyncio
import base64
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from tests.conformance.packages import package

ORGANISATION: Final = "sample-org"
REPOSITORY: Final = f"{ORGANISATION}/tidepool"
APP_ID: Final = 7
SLUG: Final = "contribution-assistant"
SECRET: Final = "a secret of webhooks"
_PEOPLE: Final = ("mira", "tom", "stranger")
_PERMISSIONS: Final = {
    "actions": "read",
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
_START: Final = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class GitHub:
    """The running stand-in, asked as a person."""

    url: str
    session: aiohttp.ClientSession

    async def ask(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """A request of that person; anything but success fails the test."""
        headers = {"Authorization": f"token {login}-token"}
        async with self.session.request(method, self.url + path, json=body, headers=headers) as response:
            text = await response.text()
            assert response.ok, f"{method} {path}: {response.status} {text}"
            return await response.json() if text else None

    async def open_issue(self, login: str, title: str, body: str) -> int:
        made = await self.ask(login, "POST", f"/repos/{REPOSITORY}/issues", {"title": title, "body": body})
        return int(made["number"])

    async def comment(self, login: str, number: int, body: str) -> None:
        await self.ask(login, "POST", f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": body})

    async def labels(self, number: int) -> set[str]:
        found = await self.ask("mira", "GET", f"/repos/{REPOSITORY}/issues/{number}/labels")
        return {str(one["name"]) for one in found}

    async def by_bot(self, number: int) -> list[str]:
        """What the App wrote in a thread."""
        found = await self.ask("mira", "GET", f"/repos/{REPOSITORY}/issues/{number}/comments")
        return [str(one["body"]) for one in found if one["user"]["login"] == f"{SLUG}[bot]"]

    async def furnish(self, labels: Mapping[str, str], files: Mapping[str, str]) -> None:
        """What the seed cannot say: labels (name to colour), files, and that tom may triage."""
        for name, color in labels.items():
            await self.ask("mira", "POST", f"/repos/{REPOSITORY}/labels", {"name": name, "color": color})
        for path, text in files.items():
            body = {"message": "Add a file", "content": base64.b64encode(text.encode()).decode()}
            await self.ask("mira", "PUT", f"/repos/{REPOSITORY}/contents/{path}", body)
        await self.ask("mira", "PUT", f"/repos/{REPOSITORY}/collaborators/tom", {"permission": "triage"})


@contextlib.asynccontextmanager
async def emulate(folder: Path, private_key: str, webhook_url: str) -> AsyncIterator[GitHub]:
    """Runs until the block ends."""
    seed, port = folder / "seed.yaml", free_port()
    seed.write_text(yaml.safe_dump(_seed(private_key, webhook_url)))
    program = package("emulate", "dist", "index.js")
    command = ("node", str(program), "start", "--service", "github", "--port", str(port), "--seed", str(seed))
    url = f"http://127.0.0.1:{port}"
    async with process(command, folder, {}, f"{url}/rate_limit"), aiohttp.ClientSession() as session:
        yield GitHub(url, session)


@contextlib.asynccontextmanager
async def process(
    command: tuple[str, ...], folder: Path, environment: Mapping[str, str], probe: str
) -> AsyncIterator[Path]:
    """A process of ours, from the moment that `probe` answers; gives the file that its output goes to."""
    output = folder / f"{Path(command[0]).name}.log"
    with output.open("wb") as log:
        running = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env={"PATH": os.environ["PATH"], **environment}, stdout=log, stderr=log
        )
    try:
        assert await _answers(probe, running), f"{probe} does not answer:\n{output.read_text('utf-8', 'replace')}"
        yield output
    finally:
        if running.returncode is None:
            running.terminate()
        await asyncio.wait_for(running.wait(), 40)
        sys.stdout.write(output.read_text("utf-8", "replace"))


async def _answers(url: str, running: asyncio.subprocess.Process) -> bool:
    end = asyncio.get_running_loop().time() + _START
    async with aiohttp.ClientSession() as session:
        while running.returncode is None and asyncio.get_running_loop().time() < end:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as response:
                    if response.ok:
                        return True
            await asyncio.sleep(0.05)
    return False


def _seed(private_key: str, webhook_url: str) -> dict[str, Any]:
    events = ["issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment"]
    app = {
        "app_id": APP_ID,
        "slug": SLUG,
        "name": "Contribution Assistant",
        "private_key": private_key,
        "permissions": _PERMISSIONS,
        "events": events,
        "webhook_url": webhook_url,
        "webhook_secret": SECRET,
        "installations": [{"installation_id": 70, "account": ORGANISATION}],
    }
    return {
        "tokens": {f"{login}-token": {"login": login, "scopes": ["repo", "admin:org"]} for login in _PEOPLE},
        "github": {
            "users": [{"login": login} for login in _PEOPLE],
            "orgs": [{"login": ORGANISATION, "members": [{"login": "mira", "role": "admin"}]}],
            "repos": [{"owner": ORGANISATION, "name": "tidepool", "auto_init": True}],
            "apps": [app],
        },
    }
