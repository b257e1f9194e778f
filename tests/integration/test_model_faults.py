"""Each way in which an endpoint can fail, by its name: counted, explained, and over in bounded time."""

import asyncio
import datetime
import ipaddress
import json
import ssl
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.domain.plan import ModelAnswer, NoAnswer
from bot.domain.ports import Learned
from bot.endpoints import Level
from bot.llm.faults import Fault
from tests.support.asking import DATA, GOOD, KEY, asking, counted, endpoint
from tests.support.model_modes import (
    Api,
    calling,
    error,
    event,
    hanging_up_after,
    keeping_alive,
    pieces,
    streaming,
)
from tests.support.stand_in_model import (
    Asked,
    Reply,
    completion,
    drip,
    flood,
    reset,
    saying,
    sending,
    silence,
    stand_in,
)

TWICE: Final = GOOD.replace('"kind"', '"kind": "question", "kind"')


def called(name: Fault, reply: Reply, **options: Any) -> Any:
    return pytest.param(name, reply, options, id=name.value)


# What an endpoint does instead of answering: one request, no second try.
AWAY: Final = [
    called(Fault.HUNG_UP, reset),
    called(Fault.SLOW_FIRST_TOKEN, silence, first_token_timeout=0.5),
    called(Fault.SLOW_ANSWER, streaming(pieces(GOOD), pause=0.1), timeout=1.0),
    called(Fault.TOO_LARGE, flood),
    called(Fault.COMPRESSED, sending(b"x", Content_Encoding="gzip")),
    called(Fault.REDIRECT, sending(b"", status=307, Location="http://127.0.0.1:9/v1")),
    called(Fault.HTML, sending(b"<!doctype html><p>Sign in", Content_Type="text/html")),
    called(Fault.WRONG_KEY, error("Incorrect API key", status=401)),
    called(Fault.WRONG_URL, error("File Not Found", status=404)),
    called(Fault.WRONG_MODEL, error("The model `m` does not exist.", status=404, code="model_not_found")),
    called(Fault.NO_CREDIT, error("You exceeded your current quota", status=429, code="insufficient_quota")),
    called(Fault.RATE_LIMITED, error("Slow down", status=429, headers={"Retry-After": "7"})),
    called(Fault.SERVER_ERROR, sending(b"<html>503</html>", status=503, Content_Type="text/html")),
    called(Fault.REFUSED, sending([], status=418)),
]

# What /readyz says to the operator, who can mend these.
REMEDIES: Final = {
    Fault.REDIRECT: "it redirects to another address, which is refused",
    Fault.HTML: "a web page answers at its address",
    Fault.WRONG_KEY: "check OPENAI_API_KEY",
    Fault.WRONG_URL: "the address usually ends in /v1",
    Fault.WRONG_MODEL: "check the model's name",
    Fault.NO_CREDIT: "no credit left",
}

# Answers that are none: one second try.
BAD: Final = [
    called(Fault.NOT_A_COMPLETION, sending({})),
    called(Fault.NO_CHOICES, sending({"choices": []})),
    called(Fault.NO_CONTENT, saying(None)),
    called(Fault.REFUSAL, sending(completion(None, refusal="I cannot help with that."))),
    called(Fault.FILTERED, sending(completion("", ended="content_filter"))),
    called(Fault.CUT_OFF, sending(completion(GOOD[:20], ended="length"))),
    called(Fault.NO_OBJECT, saying("It is certainly a bug.")),
    called(Fault.NOT_A_NUMBER, saying(GOOD.replace("0.9", "NaN"))),
    called(Fault.DUPLICATE_KEYS, saying(TWICE)),
    called(Fault.INVALID, saying(GOOD.replace("bug", "lock"))),
    called(Fault.BROKEN_TOOL_CALL, calling(GOOD[:-4]), level=Level.TOOL),
]


@pytest.mark.parametrize(("fault", "reply", "options"), AWAY)
async def test_an_endpoint_that_does_not_answer(fault: Fault, reply: Reply, options: dict[str, Any]) -> None:
    before = counted("one", fault)
    async with stand_in(reply) as server, asking(endpoint(server.url, **options)) as asker:
        assert isinstance(await asker.ask(), NoAnswer)
        assert counted("one", fault) == before + 1
        assert len(server.asked) == 1
        assert asker.details.startswith("model endpoint one: ")
        assert REMEDIES.get(fault, "") in asker.details
        assert not any(text in asker.details for text in (server.url, "127.0.0.1", KEY, "Monday"))


@pytest.mark.parametrize(("fault", "reply", "options"), BAD)
async def test_an_answer_that_is_none(fault: Fault, reply: Reply, options: dict[str, Any]) -> None:
    before = counted("one", fault)
    async with stand_in(reply) as server, asking(endpoint(server.url, **options)) as asker:
        found = await asker.ask()
        assert isinstance(found, NoAnswer)
        assert found.reason == "the model's answer was not usable"
        assert found.tokens == asker.memory.used["tokens:1"] > 0
        assert counted("one", fault) == before + 2
        assert len(server.asked) == 2
        assert asker.details.startswith("model endpoint one: ")


@pytest.mark.parametrize(("fault", "reply", "options"), BAD)
async def test_a_second_try_that_is_well_is_enough(fault: Fault, reply: Reply, options: dict[str, Any]) -> None:
    good = calling(GOOD) if fault is Fault.BROKEN_TOOL_CALL else saying(GOOD)
    replies = [reply, good]

    async def then(asked: Asked) -> web.StreamResponse:
        return await replies.pop(0)(asked)

    async with stand_in(then) as server, asking(endpoint(server.url, **options)) as asker:
        found = await asker.ask()
        assert isinstance(found, ModelAnswer)
        assert found.data == DATA
        assert asker.details.startswith("model endpoint one: well")


async def test_who_fails_without_any_form_does_not_refuse_a_form() -> None:
    """LiteLLM says 500 while the server behind it is away: it has to rest, and its levels are not at fault."""
    before = counted("one", Fault.SERVER_ERROR)
    reply = error("InternalServerError: OpenAIException - Connection error.", status=500)
    async with stand_in(reply) as server, asking(endpoint(server.url)) as asker:
        for _ in range(4):
            assert await asker.ask() == NoAnswer("no model could be reached")
        assert len(server.asked) == 3 * len(Level)
        assert "it fails with an error of its own (HTTP 500)" in asker.details
        assert not asker.memory.known
    assert counted("one", Fault.SERVER_ERROR) == before + 3


async def test_nobody_listens() -> None:
    async with stand_in(saying(GOOD)) as server:
        url = server.url
    before = counted("one", Fault.UNREACHABLE)
    async with asking(endpoint(url)) as asker:
        assert await asker.ask() == NoAnswer("no model could be reached")
        assert "is the server running" in asker.details
    assert counted("one", Fault.UNREACHABLE) == before + 1


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://169.254.169.254/v1", Fault.FORBIDDEN_ADDRESS),
        ("http://[fd00:ec2::254]/v1", Fault.FORBIDDEN_ADDRESS),
        ("http://metadata.google.internal/v1", Fault.FORBIDDEN_ADDRESS),
        (f"http://{'a' * 80}.invalid/v1", Fault.UNKNOWN_HOST),
    ],
)
async def test_addresses_that_are_no_endpoint(url: str, fault: Fault) -> None:
    before = counted("one", fault)
    async with asking(endpoint(url)) as asker:
        assert await asker.ask() == NoAnswer("no model could be reached")
        assert "check the address" in asker.details
    assert counted("one", fault) == before + 1


async def test_more_questions_than_the_endpoint_may_have() -> None:
    before = counted("one", Fault.BUSY)
    options: dict[str, Any] = {"concurrency": 1, "first_token_timeout": 0.6, "timeout": 6.0}
    async with (
        stand_in(streaming(pieces(GOOD), pause=0.06)) as server,
        asking(endpoint(server.url, **options)) as asker,
    ):
        found = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(3)))
        assert sorted(isinstance(one, ModelAnswer) for one in found) == [False, False, True]
        assert len(server.asked) == 1
    assert counted("one", Fault.BUSY) == before + 2


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "server.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(encoding, form, serialization.NoEncryption()) + made.public_bytes(encoding)
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return web.json_response(completion(GOOD))

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate(tmp_path))
    await site.start()
    before = counted("one", Fault.CERTIFICATE)
    try:
        async with asking(endpoint(f"https://127.0.0.1:{runner.addresses[0][1]}/v1", timeout=5.0)) as asker:
            assert isinstance(await asker.ask(), NoAnswer)
            assert "its TLS certificate is not trusted" in asker.details
    finally:
        await runner.cleanup()
    assert counted("one", Fault.CERTIFICATE) == before + 1
    assert asked == []


STREAMS: Final[dict[str, Reply]] = {
    "in pieces": streaming(pieces(GOOD)),
    "a byte at a time": streaming(pieces(GOOD, 1)),
    "in one piece": streaming([b"".join(pieces(GOOD))]),
    "cut anywhere": streaming([b"".join(pieces(GOOD))[start : start + 5] for start in range(0, 3_000, 5)]),
    "with carriage returns": streaming([b"".join(pieces(GOOD)).replace(b"\n", b"\r\n")]),
    "without usage": streaming([event({"content": GOOD}), event({}, ended="stop"), b"data: [DONE]\n\n"]),
    "without an end": streaming([event({"content": GOOD})]),
    "after thoughts": streaming([event({"reasoning_content": "a bug, or {}?"}), event({"content": GOOD})]),
    "after comments": keeping_alive(0.1, pieces(GOOD)),
    "with separators of other kinds": streaming(
        [event({"content": json.dumps({**DATA, "evidence": "a\u2028b"}, ensure_ascii=False)})]
    ),
}


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_streams(reply: Reply) -> None:
    async with stand_in(reply) as server, asking(endpoint(server.url, timeout=3.0)) as asker:
        found = await asker.ask()
    assert isinstance(found, ModelAnswer)
    assert found.data["kind"] == "bug"
    assert found.tokens > 0
    assert len(server.asked) == 1


async def test_a_tool_call_in_pieces() -> None:
    head = {"index": 0, "id": "call-1", "type": "function", "function": {"name": "answer", "arguments": ""}}
    parts = [{"index": 0, "function": {"arguments": one}} for one in (GOOD[:9], GOOD[9:])]
    other = {"index": 1, "function": {"arguments": "{}"}}
    chunks = [event({"tool_calls": [one]}) for one in (head, *parts, other)]
    async with stand_in(streaming(chunks)) as server, asking(endpoint(server.url, level=Level.TOOL)) as asker:
        found = await asker.ask()
    assert isinstance(found, ModelAnswer)
    assert found.data == DATA


async def test_comments_are_no_tokens() -> None:
    before = counted("one", Fault.SLOW_FIRST_TOKEN)
    reply = keeping_alive(9.0, pieces(GOOD))
    async with stand_in(reply) as server, asking(endpoint(server.url, timeout=2.0, first_token_timeout=0.5)) as asker:
        assert isinstance(await asker.ask(), NoAnswer)
    assert counted("one", Fault.SLOW_FIRST_TOKEN) == before + 1


async def test_after_the_first_token_only_the_whole_time_counts() -> None:
    reply = streaming(pieces(GOOD), pause=0.05)
    async with stand_in(reply) as server, asking(endpoint(server.url, timeout=9.0, first_token_timeout=0.6)) as asker:
        assert isinstance(await asker.ask(), ModelAnswer)


async def test_an_error_in_the_middle_of_a_stream() -> None:
    chunks = [event({"content": '{"kind'}), b'data: {"error": {"code": 503, "message": "overloaded"}}\n\n']
    before = counted("one", Fault.SERVER_ERROR)
    async with stand_in(streaming(chunks)) as server, asking(endpoint(server.url)) as asker:
        assert isinstance(await asker.ask(), NoAnswer)
    assert counted("one", Fault.SERVER_ERROR) == before + 1


async def test_a_stream_that_breaks_off() -> None:
    before = counted("one", Fault.HUNG_UP)
    async with stand_in(hanging_up_after(pieces(GOOD)[:3])) as server, asking(endpoint(server.url)) as asker:
        assert isinstance(await asker.ask(), NoAnswer)
        assert asker.memory.used["tokens:1"] > 0
    assert counted("one", Fault.HUNG_UP) == before + 1


async def test_a_server_that_does_not_know_streams() -> None:
    async def reply(asked: Asked) -> web.StreamResponse:
        for name in ("stream_options", "stream"):
            if name in asked.body:
                return await error(f"Unknown parameter: '{name}'.", param=name)(asked)
        return await saying(GOOD)(asked)

    async with stand_in(reply) as server, asking(endpoint(server.url)) as asker:
        assert isinstance(await asker.ask(), ModelAnswer)
        assert isinstance(await asker.ask(), ModelAnswer)
        assert [one.body.get("stream", False) for one in server.asked] == [True, True, False, False]
        assert asker.memory.known[asker.endpoints[0].key].quirks == {"stream", "stream_options"}


async def test_a_slow_server_that_does_not_stream_has_the_whole_time() -> None:
    async def slow(asked: Asked) -> web.StreamResponse:
        if len(server.asked) > 1:
            await asyncio.sleep(0.8)
        return await saying(GOOD)(asked)

    async with stand_in(slow) as server, asking(endpoint(server.url, timeout=6, first_token_timeout=0.6)) as asker:
        assert isinstance(await asker.ask(), ModelAnswer)
        assert isinstance(await asker.ask(), ModelAnswer)


async def test_a_model_that_thinks_first_gets_room() -> None:
    async def thinks(asked: Asked) -> web.StreamResponse:
        enough = asked.body["max_tokens"] >= 1_000
        thought = completion("" if not enough else GOOD, ended="stop" if enough else "length")
        thought["choices"][0]["message"]["reasoning_content"] = "It may be a bug."
        return web.json_response(thought)

    async with stand_in(thinks) as server, asking(endpoint(server.url, reasoning_tokens=1_000)) as asker:
        assert isinstance(await asker.ask(), ModelAnswer)
        assert isinstance(await asker.ask(), ModelAnswer)
        assert [one.body["max_tokens"] for one in server.asked] == [60, 1_060, 1_060]


async def test_a_level_that_the_operator_fixed_stays() -> None:
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url, level=Level.OBJECT)) as asker:
        asker.memory.known[asker.endpoints[0].key] = Learned("json_schema")
        assert isinstance(await asker.ask(), ModelAnswer)
        server.reply = error("response_format is not supported")
        assert isinstance(await asker.ask(), NoAnswer)
        assert server.levels == ["json_object"] * 2
        assert asker.memory.known[asker.endpoints[0].key].level == "json_schema"


async def test_the_prompt_s_beginning_stays_the_same() -> None:
    """Servers keep what they saw before: nothing random may stand in front of the report."""
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url)) as asker:
        await asker.ask()
        await asker.ask()
    first, second = (one.said for one in server.asked)
    assert first[0] == second[0]
    assert first[1] != second[1]
    start = first[1].index("<<<data ") + len("<<<data ")
    assert first[1][:start] == second[1][:start] == "The title:\n<<<data "


async def test_a_drip_is_no_stream() -> None:
    async with stand_in(drip) as server, asking(endpoint(server.url, timeout=0.6)) as asker:
        assert await asker.ask() == NoAnswer("no model answered in time", asker.memory.used["tokens:1"])


async def test_routes_are_asked_only_where_they_are_needed() -> None:
    api = Api(saying(GOOD))
    async with stand_in(api) as server, asking(endpoint(server.url)) as asker:
        assert isinstance(await asker.ask(), ModelAnswer)
    assert api.paths == ["/v1/chat/completions"]
