"""Guards of the webhook handler alone, without the rest of the service."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import psycopg
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.store.deliveries import Incoming
from bot.web.webhook import MAX_BODY, Webhook

OLD, NEW = b"old-secret", b"new-secret"
HANDLED: Final = frozenset({"issues.opened"})
PAYLOAD: Final = {
    "action": "opened", "installation": {"id": 2}, "repository": {"id": 1}, "issue": {"number": 5},
    "sender": {"login": "ada", "type": "User"},
}  # fmt: skip


@dataclass(slots=True)
class Hook:
    """A running handler, what it stored, and the error that storing raises."""

    url: str = ""
    host: str = ""
    port: int = 0
    stored: list[Incoming] = field(default_factory=list)
    error: Exception | None = None
    before: float = 0.0

    async def accept(self, incoming: Incoming) -> bool:
        await asyncio.sleep(self.before)
        if self.error is not None:
            raise self.error
        self.stored.append(incoming)
        return True

    async def post(self, body: bytes, secret: bytes = NEW, **changes: str) -> tuple[int, str]:
        headers = {
            "Content-Type": "application/json", "X-GitHub-Event": "issues", "X-GitHub-Delivery": "guid-1",
            "X-Hub-Signature-256": sign(body, secret),
        } | {name.replace("_", "-"): value for name, value in changes.items()}  # fmt: skip
        async with ClientSession() as session, session.post(self.url, data=body, headers=headers) as response:
            return response.status, await response.text()


def sign(body: bytes, secret: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    application = web.Application()
    application.router.add_post("/hook", Webhook((NEW, OLD), made.accept, HANDLED).handle)
    async with TestServer(application) as server:
        made.url, made.host, made.port = str(server.make_url("/hook")), server.host, server.port or 0
        yield made


BODY: Final = json.dumps(PAYLOAD).encode()


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_both_secrets_hold_while_they_are_rotated(hook: Hook, secret: bytes) -> None:
    assert await hook.post(BODY, secret) == (202, "queued: issues.opened\n")


async def test_no_other_secret_holds(hook: Hook) -> None:
    assert (await hook.post(BODY, b"third"))[0] == 401
    assert (await hook.post(BODY, b""))[0] == 401
    assert hook.stored == []


SIGNATURES: Final = {
    "upper case": sign(BODY, NEW).upper(),
    "another algorithm's name": sign(BODY, NEW).replace("sha256", "sha1"),
    "cut": sign(BODY, NEW)[:-1],
    "too long": sign(BODY, NEW) + "0",
    "odd digits": "sha256=" + "g" * 64,
    "of another body": sign(BODY + b" ", NEW),
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
async def test_a_signature_has_one_form(hook: Hook, signature: str) -> None:
    assert (await hook.post(BODY, X_Hub_Signature_256=signature))[0] == 401


async def test_the_same_signature_twice_is_refused(hook: Hook) -> None:
    headers = [
        ("Content-Type", "application/json"), ("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", "guid-1"),
        ("X-Hub-Signature-256", sign(BODY, NEW)), ("X-Hub-Signature-256", sign(BODY, NEW)),
    ]  # fmt: skip
    async with ClientSession() as session, session.post(hook.url, data=BODY, headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"])
async def test_only_json_is_taken(hook: Hook, kind: str) -> None:
    assert (await hook.post(BODY, Content_Type=kind))[0] == 415


@pytest.mark.parametrize("guid", ["a" * 65, "a b", "a/b", "a.b", "é"])
async def test_delivery_ids_have_one_form(hook: Hook, guid: str) -> None:
    assert (await hook.post(BODY, X_GitHub_Delivery=guid))[0] == 400
    assert hook.stored == []


@pytest.mark.parametrize("event", ["e" * 65, "issues;", "Issues", "a-b"])
async def test_event_names_have_one_form(hook: Hook, event: str) -> None:
    assert (await hook.post(BODY, X_GitHub_Event=event))[0] == 400


@pytest.mark.parametrize("body", [b"1", b'"x"', b"[]", b"null", b"true", b"", b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(hook: Hook, body: bytes) -> None:
    assert await hook.post(body) == (400, "the body is no JSON object\n")


@pytest.mark.parametrize("extra", ['{"x": NaN', '{"x": "\\ud800"', '{"x": "\\u0000"'])
async def test_what_python_reads_is_taken(hook: Hook, extra: str) -> None:
    body = (extra + "," + json.dumps(PAYLOAD)[1:]).encode()
    assert (await hook.post(body))[0] == 202
    assert len(hook.stored) == 1


async def test_what_nobody_wants_is_not_stored(hook: Hook) -> None:
    assert await hook.post(BODY, X_GitHub_Event="ping") == (202, "ignored: ping.opened is not handled\n")
    assert hook.stored == []


@pytest.mark.parametrize("error", [psycopg.OperationalError("away"), OSError("away"), psycopg.DataError("odd")])
async def test_a_database_that_is_away_is_said_and_nothing_is_acknowledged(hook: Hook, error: Exception) -> None:
    hook.error = error
    status, text = await hook.post(BODY)
    assert status == 503
    assert "away" not in text


async def test_a_mistake_of_ours_is_500_without_its_text(hook: Hook) -> None:
    hook.error = ZeroDivisionError("canary")
    status, text = await hook.post(BODY)
    assert (status, "canary" in text) == (500, False)


async def test_nothing_is_acknowledged_before_it_is_durable(hook: Hook) -> None:
    hook.before = 60.0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await hook.post(BODY)
    assert hook.stored == []


async def test_a_payload_said_to_be_too_large_is_refused_before_it_is_sent(hook: Hook) -> None:
    reader, writer = await asyncio.open_connection(hook.host, hook.port)
    head = f"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
    writer.write(head.encode())
    await writer.drain()
    answered, _waiting = await asyncio.wait([asyncio.create_task(reader.readline())], timeout=5)
    writer.close()
    assert [b" 413 " in one.result() for one in answered] == [True]


async def test_a_payload_that_turns_out_too_large_is_refused(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.webhook.MAX_BODY", 1_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 500

    async with ClientSession() as session, session.post(hook.url, data=pieces()) as response:
        assert response.status == 413


async def test_a_large_payload_does_not_hold_up_the_others(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    real = asyncio.to_thread

    async def counted(work: object, *arguments: object) -> object:
        used.append(1)
        return await real(work, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("bot.computing.asyncio.to_thread", counted)
    await hook.post(BODY)
    assert used == []
    await hook.post(json.dumps({**PAYLOAD, "x": "y" * 300_000}).encode())
    assert used
