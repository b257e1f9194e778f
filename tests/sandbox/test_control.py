from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp

from bot.sandbox import Sandbox
from bot.sandbox.pages.markdown import render
from tests.sandbox.client import REPO, Client


async def test_people_act_by_http(client: Client, sandbox: Sandbox) -> None:
    async def act(name: str, status: int = 200, **body: object) -> dict[str, int]:
        async with client.session.post(f"{sandbox.url}/_sandbox/act/{name}", json=body) as response:
            assert response.status == status, await response.text()
            found: dict[str, int] = await response.json()
            return found

    number = (await act("open_issue", repo=REPO, author="aiko", title="Crash"))["number"]
    await act("comment", repo=REPO, number=number, author="tom", body="Which version?")
    files = {"a.txt": "a\n", "link": {"symlink": "a.txt"}, "raw": {"base64": "AAE="}}
    pull = (await act("open_pull", repo=REPO, author="aiko", title="Files", files=files))["number"]
    async with client.session.get(f"{sandbox.url}/_sandbox/thread/{REPO}/{number}") as response:
        assert [comment["body"] for comment in (await response.json())["comments"]] == ["Which version?"]
    assert sandbox.thread(REPO, pull).is_pull
    await act("comment", 404, repo=REPO, number=999, author="tom", body="x")
    await act("comment", 422, repo=REPO)
    await act("_repo", 404)
    for path in ("requests", "unknown", "deliveries", "faults"):
        async with client.session.get(f"{sandbox.url}/_sandbox/{path}") as response:
            assert response.status == 200
            assert isinstance(await response.json(), list)


async def test_other_sites_cannot_act(client: Client, sandbox: Sandbox) -> None:
    body = json.dumps({"repo": REPO, "author": "aiko", "title": "x"})
    async with client.session.post(
        f"{sandbox.url}/_sandbox/act/open_issue", data=body, headers={"Content-Type": "text/plain"}
    ) as response:
        assert response.status == 400


async def test_the_page_escapes_everything(client: Client, sandbox: Sandbox) -> None:
    evil = "<script>alert(1)</script>\"'"
    number = sandbox.open_issue(REPO, "aiko", evil, f"{evil}\n\n<!-- hidden -->\n\n[x](javascript:alert(1))").number
    sandbox.comment(REPO, number, "tom", "<img src=x onerror=alert(1)> ![i](https://example.com/i.png)")
    for path in ("/_sandbox/", f"/_sandbox/t/{REPO}/{number}", f"/{REPO}/issues/{number}"):
        async with client.session.get(sandbox.url + path) as response:
            text = await response.text()
            assert response.status == 200
            assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "hidden" not in text
        assert 'href="javascript' not in text
        assert "example.com/i.png" not in text or "<img" not in text.partition("example.com")[0][-40:]


def test_markdown_keeps_details_and_hides_comments() -> None:
    shown = render("<details><summary>More</summary>\n\n`a`<!-- x --><b>\n\n</details>")
    assert "<details><summary>More</summary>" in shown
    assert "&lt;b&gt;" in shown
    assert "x" not in shown.replace("</summary>", "")


async def test_the_program_starts_and_makes_a_private_key(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "app.pem"
    arguments = ["-m", "bot.sandbox", "--app-id", "77", "--private-key-path", str(key), "--webhook-secret", "s"]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    started = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    async with aiohttp.ClientSession() as session, session.get(f"{started['url']}/_sandbox/") as response:
        assert response.status == 200
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert (started["app_id"], started["webhook_secret"]) == (77, "s")
    assert (key.stat().st_mode & 0o777, key.read_text()[:10]) == (0o600, "-----BEGIN")
