"""What the webhook answers to good and bad requests."""

import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.assistant import Assistant

BODY = json.dumps({"zen": "Keep it simple.", "hook_id": 1}).encode()


def signed(body: bytes, secret: str, **changes: str) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    return {name: value for name, value in (headers | changes).items() if value}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def post(
    assistant: Assistant, session: aiohttp.ClientSession, body: bytes, headers: dict[str, str] | list[tuple[str, str]]
) -> tuple[int, str]:
    async with session.post(f"{assistant.url}/webhooks/github", data=io.BytesIO(body), headers=headers) as response:
        return response.status, await response.text()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({}, 202, id="good"),
        pytest.param({"X-Hub-Signature-256": ""}, 401, id="no signature"),
        pytest.param({"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401, id="wrong signature"),
        pytest.param({"X-Hub-Signature-256": "sha256="}, 401, id="empty signature"),
        pytest.param({"X-Hub-Signature-256": "sha256=é" + "0" * 63}, 401, id="signature outside ASCII"),
        pytest.param({"Content-Type": "text/plain"}, 415, id="wrong content type"),
        pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, 415, id="form"),
        pytest.param({"X-GitHub-Delivery": ""}, 400, id="no delivery id"),
        pytest.param({"X-GitHub-Delivery": "a/b"}, 400, id="odd delivery id"),
        pytest.param({"X-GitHub-Event": ""}, 400, id="no event"),
        pytest.param({"X-GitHub-Event": "Issues;"}, 400, id="odd event"),
    ],
)
async def test_headers(
    assistant: Assistant, session: aiohttp.ClientSession, changes: dict[str, str], status: int
) -> None:
    headers = signed(BODY, assistant.sandbox.webhook_secret, **changes)
    assert (await post(assistant, session, BODY, headers))[0] == status


async def test_a_sha1_signature_alone_is_not_enough(assistant: Assistant, session: aiohttp.ClientSession) -> None:
    secret = assistant.sandbox.webhook_secret
    sha1 = "sha1=" + hmac.new(secret.encode(), BODY, hashlib.sha1).hexdigest()
    headers = signed(BODY, secret, **{"X-Hub-Signature-256": "", "X-Hub-Signature": sha1})
    assert (await post(assistant, session, BODY, headers))[0] == 401


async def test_a_doubled_signature_is_refused(assistant: Assistant, session: aiohttp.ClientSession) -> None:
    headers = list(signed(BODY, assistant.sandbox.webhook_secret).items())
    doubled = [*headers, ("X-Hub-Signature-256", "sha256=" + "0" * 64)]
    assert (await post(assistant, session, BODY, doubled))[0] == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"a":' * 50_000],
    ids=["empty", "null", "list", "cut", "not UTF-8", "deep"],
)
async def test_signed_rubbish_is_refused(assistant: Assistant, session: aiohttp.ClientSession, body: bytes) -> None:
    status, _ = await post(assistant, session, body, signed(body, assistant.sandbox.webhook_secret))
    assert status == 400


@pytest.mark.parametrize("chunked", [False, True])
async def test_more_than_25_megabytes_are_refused(assistant: Assistant, chunked: bool) -> None:
    body = b" " * (25 * 1024 * 1024 + 1)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 20):
            yield body[start : start + (1 << 20)]

    headers = signed(body, assistant.sandbox.webhook_secret)
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{assistant.url}/webhooks/github", data=pieces() if chunked else io.BytesIO(body), headers=headers
        ) as response,
    ):
        assert response.status == 413


async def test_24_megabytes_are_taken(assistant: Assistant, session: aiohttp.ClientSession) -> None:
    body = json.dumps({"zen": "x" * (24 * 1024 * 1024)}).encode()
    assert (await post(assistant, session, body, signed(body, assistant.sandbox.webhook_secret)))[0] == 202


async def test_unknown_events_are_ignored_with_a_reason(assistant: Assistant, session: aiohttp.ClientSession) -> None:
    answer = await post(assistant, session, BODY, signed(BODY, assistant.sandbox.webhook_secret))
    assert answer == (202, "ignored: ping is not handled\n")


async def test_a_repeated_delivery_is_known(assistant: Assistant) -> None:
    assistant.sandbox.open_issue("sample-org/tidepool", "jonas", "Something", "Short.")
    await assistant.settled()
    first = assistant.sandbox.deliveries[0]
    again = assistant.sandbox.redeliver(first.id)
    await assistant.settled()
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.response_body == "queued: issues.opened\n"
    assert again.response_body.startswith("known:")


async def test_payloads_that_jsonb_refuses_are_kept(assistant: Assistant, session: aiohttp.ClientSession) -> None:
    """NUL, lone surrogates and NaN are what a text can hold and a database column often cannot."""
    assistant.sandbox.open_issue("sample-org/tidepool", "jonas", "Something", "Short.")
    await assistant.settled()
    payload = assistant.sandbox.deliveries[0].payload
    payload["issue"]["body"] = "nul \u0000 and \ud800 alone"
    payload["issue"]["score"] = float("nan")
    body = json.dumps(payload).encode()
    headers = signed(body, assistant.sandbox.webhook_secret, **{"X-GitHub-Event": "issues"})
    assert (await post(assistant, session, body, headers))[0] == 202
    await assistant.settled()
    assert "done" in (await assistant.reasons())[headers["X-GitHub-Delivery"]]


@pytest.mark.parametrize(("path", "text"), [("/healthz", "alive"), ("/readyz", "ready"), ("/metrics", "assistant_")])
async def test_health(assistant: Assistant, session: aiohttp.ClientSession, path: str, text: str) -> None:
    async with session.get(assistant.url + path) as response:
        assert response.status == 200
        assert text in await response.text()
