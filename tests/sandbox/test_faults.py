from __future__ import annotations

import time

import aiohttp
import pytest

from bot.sandbox import Fault, FaultKind, Sandbox
from tests.sandbox.client import REPO, Client, R

COMMENTS = f"{R}/issues/1/comments"


def written(sandbox: Sandbox) -> int:
    return len(sandbox.thread(REPO, 1).by_bot())


@pytest.mark.parametrize(
    ("kind", "effects"), [(FaultKind.STATUS_BEFORE, 0), (FaultKind.STATUS_AFTER, 1), (FaultKind.BAD_TOKEN, 0)]
)
async def test_a_status_before_or_after_the_effect(
    client: Client, sandbox: Sandbox, kind: FaultKind, effects: int
) -> None:
    headers = {"Retry-After": "7"}
    armed = sandbox.faults.add(Fault(kind, "/comments$", "POST", status=502, headers=headers, body="<h1>Bad</h1>"))
    answer = await client.post(COMMENTS, {"body": "x"})
    assert answer.status == (401 if kind is FaultKind.BAD_TOKEN else 502)
    if kind is not FaultKind.BAD_TOKEN:
        assert (answer.headers["Retry-After"], answer.raw) == ("7", b"<h1>Bad</h1>")
    assert (armed.fired, written(sandbox)) == (1, effects)
    assert (await client.post(COMMENTS, {"body": "x"})).status == 201
    assert armed.fired == 1


@pytest.mark.parametrize(("kind", "effects"), [(FaultKind.RESET_BEFORE, 0), (FaultKind.RESET_AFTER, 1)])
async def test_a_broken_connection(client: Client, sandbox: Sandbox, kind: FaultKind, effects: int) -> None:
    armed = sandbox.faults.add(Fault(kind, "/comments", "POST"))
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
        await client.post(COMMENTS, {"body": "x"})
    assert (armed.fired, written(sandbox), sandbox.requests[-1].status) == (1, effects, 0)


@pytest.mark.parametrize("kind", [FaultKind.DELAY, FaultKind.DELAY_AFTER])
async def test_a_delay(client: Client, sandbox: Sandbox, kind: FaultKind) -> None:
    armed = sandbox.faults.add(Fault(kind, "/issues/1$", seconds=0.1))
    started = time.monotonic()
    assert (await client.get(f"{R}/issues/1")).status == 200
    assert time.monotonic() - started >= 0.1
    assert armed.fired == 1


@pytest.mark.parametrize("status", [301, 307])
async def test_a_redirect(client: Client, sandbox: Sandbox, status: int) -> None:
    target = "http://127.0.0.1:9/elsewhere"
    armed = sandbox.faults.add(Fault(FaultKind.REDIRECT, "/comments", status=status, location=target))
    answer = await client.post(COMMENTS, {"body": "x"})
    assert (answer.status, answer.headers["Location"]) == (status, target)
    assert (armed.fired, written(sandbox)) == (1, 0)


async def test_a_list_that_lags_behind(client: Client, sandbox: Sandbox) -> None:
    before = (await client.get(COMMENTS)).json
    await client.post(COMMENTS, {"body": "one"})
    await client.post(COMMENTS, {"body": "two"})
    armed = sandbox.faults.add(Fault(FaultKind.STALE, "/issues/1/comments$", "GET", times=2, writes_ago=2))
    assert (await client.get(COMMENTS)).json == before
    assert len((await client.get(COMMENTS)).json) == len(before)
    assert armed.fired == 2
    assert len((await client.get(COMMENTS)).json) == len(before) + 2


async def test_faults_by_http(client: Client, sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/_sandbox/faults"
    fault = {"kind": "status_before", "path": "/issues", "method": "GET", "status": 429, "times": None}
    async with client.session.post(url, json=fault) as response:
        assert response.status == 201
    assert [(await client.get(f"{R}/issues")).status for _ in range(2)] == [429, 429]
    async with client.session.get(url) as response:
        assert (await response.json())[0]["fired"] == 2
    async with client.session.delete(url) as response:
        assert response.status == 204
    assert (await client.get(f"{R}/issues")).status == 200
    for wrong in ({}, {"kind": "nonsense", "path": ""}, {"kind": "delay", "path": "(", "seconds": 1}):
        async with client.session.post(url, json=wrong) as response:
            assert response.status == 422
