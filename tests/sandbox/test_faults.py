from __future__ import annotations

import time
from datetime import timedelta

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


async def test_faults_let_the_first_requests_pass(client: Client, sandbox: Sandbox) -> None:
    armed = sandbox.faults.add(Fault(FaultKind.STATUS_BEFORE, "/comments$", "POST|PATCH", skip=1))
    assert [(await client.post(COMMENTS, {"body": "x"})).status for _ in range(3)] == [201, 502, 201]
    assert armed.fired == 1


@pytest.mark.parametrize(
    ("kind", "header", "seconds"),
    [(FaultKind.RETRY_AFTER, "7", 7), (FaultKind.PRIMARY_LIMIT, None, 7), (FaultKind.SECONDARY_LIMIT, None, 60)],
)
async def test_who_was_asked_to_wait_and_comes_too_early_is_noted(
    client: Client, sandbox: Sandbox, kind: FaultKind, header: str | None, seconds: int
) -> None:
    sandbox.faults.add(Fault(kind, "/comments$", "GET", status=403, seconds=7))
    refused = await client.get(COMMENTS)
    assert (refused.status, refused.headers.get("Retry-After")) == (403, header)
    await client.get(COMMENTS)
    sandbox.clock_offset += timedelta(seconds=seconds + 1)
    await client.get(COMMENTS)
    first, early, later = sandbox.requests[-3:]
    assert first.wait_until is not None
    assert seconds - 2 < (first.wait_until - first.at).total_seconds() <= seconds + 1
    assert (first.too_early, early.too_early, later.too_early) == (False, True, False)


async def test_lists_lag_behind_by_time(client: Client, sandbox: Sandbox) -> None:
    await client.post(COMMENTS, {"body": "x"})
    before = len((await client.get(COMMENTS)).json)
    armed = sandbox.faults.add(Fault(FaultKind.LAG, "/comments$", "GET", times=None, seconds=30))
    assert len((await client.get(COMMENTS)).json) == before - 1
    assert sandbox.requests[-1].stale
    sandbox.clock_offset += timedelta(seconds=31)
    assert len((await client.get(COMMENTS)).json) == before
    assert not sandbox.requests[-1].stale
    assert armed.fired == 2


async def test_somebody_acts_between_two_requests(client: Client, sandbox: Sandbox) -> None:
    arguments = {"repo": REPO, "number": 1, "actor": "mira"}
    sandbox.faults.add(Fault(FaultKind.ACT, "/comments$", "POST", act="lock", arguments=arguments))
    assert (await client.post(COMMENTS, {"body": "x"})).status == 403
    assert sandbox.thread(REPO, 1).locked
    with pytest.raises(KeyError):
        sandbox.act("hold_webhooks", {"held": True})


async def test_tokens_end_in_the_middle(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.EXPIRE, "/comments$", "GET"))
    assert [(await client.get(COMMENTS)).status for _ in range(2)] == [401, 401]


async def test_a_token_loses_what_its_installation_loses(client: Client, sandbox: Sandbox) -> None:
    assert (await client.post(COMMENTS, {"body": "x"})).status == 201
    sandbox.change_permissions("sample-org", "mira", {"metadata": "read", "issues": "read"})
    assert (await client.post(COMMENTS, {"body": "x"})).status == 403
    assert (await client.get(COMMENTS)).status == 200
    await sandbox.drain_webhooks()
    assert sandbox.deliveries[-1].action == "new_permissions_accepted"
