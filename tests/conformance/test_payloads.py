"""GitHub's own example payloads, signed, at the real web application: stored, drained, and nothing is written."""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import pytest
import structlog

from tests.conformance.payloads import Example, all_examples
from tests.support.assistant import Assistant

_AT_ONCE = 16
_MISHAPS = frozenset({"request_failed", "event_failed", "event_will_be_tried_again", "capability_failed"})


@pytest.fixture
def mishaps() -> Iterator[list[Mapping[str, Any]]]:
    """What the log calls a failure of ours, while a test runs."""
    with structlog.testing.capture_logs() as entries:
        found: list[Mapping[str, Any]] = []
        yield found
        found += [one for one in entries if one["event"] in _MISHAPS]
    assert not found


def test_the_package_is_the_one_that_we_know() -> None:
    found = all_examples()
    assert len(found) == 329
    assert len({one.event for one in found}) == 58


async def test_payloads_as_they_are(assistant: Assistant, mishaps: list[Mapping[str, Any]]) -> None:
    """Few carry an installation: most are answered and forgotten."""
    answers = await _post_all(assistant, all_examples())
    assert not {one for one in answers if one[0] != 202}
    await _drained(assistant)


async def test_payloads_of_our_installation(assistant: Assistant, mishaps: list[Mapping[str, Any]]) -> None:
    """All that anybody listens to queue; they point to repositories that this GitHub does not know."""
    installation = {"id": next(iter(assistant.sandbox.state.installations))}
    answers = await _post_all(assistant, _with(installation))
    assert not {one for one in answers if one[0] != 202}
    assert sum(text.startswith("queued") for _status, text in answers) >= 50
    await _drained(assistant)


async def test_payloads_of_a_strange_installation(assistant: Assistant, mishaps: list[Mapping[str, Any]]) -> None:
    answers = await _post_all(assistant, _with({"id": 2**40}))
    assert not {one for one in answers if one[0] != 202}
    await _drained(assistant)


def _with(installation: Mapping[str, int]) -> tuple[Example, ...]:
    return tuple(Example(one.event, {**one.payload, "installation": installation}) for one in all_examples())


async def _post_all(assistant: Assistant, examples: tuple[Example, ...]) -> list[tuple[int, str]]:
    slots, url = asyncio.Semaphore(_AT_ONCE), f"{assistant.url}/webhooks/github"
    async with aiohttp.ClientSession() as session:

        async def post(one: Example) -> tuple[int, str]:
            body = json.dumps(one.payload).encode()
            headers = _headers(assistant, one.event, body)
            async with slots, session.post(url, data=body, headers=headers) as response:
                return response.status, await response.text()

        return await asyncio.gather(*(post(one) for one in examples))


def _headers(assistant: Assistant, event: str, body: bytes) -> dict[str, str]:
    key = assistant.sandbox.webhook_secret.encode()
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


async def _drained(assistant: Assistant) -> None:
    """Everything ended, nothing failed, nothing was tried twice, nothing was written."""
    await assistant.settled(within=90)
    async with assistant.service.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT event, action, state, attempts, reason FROM assistant.deliveries "
            "WHERE state NOT IN ('done', 'ignored') OR attempts > 0"
        )
        assert not await cursor.fetchall()
    assert not assistant.sandbox.writes
    assert not assistant.sandbox.unknown_requests
