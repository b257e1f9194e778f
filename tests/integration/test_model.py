"""The model client against an endpoint that may answer anything: in bounded time a valid answer, or None."""

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import structlog

from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Learned
from bot.endpoints import Level, Privacy
from bot.llm.pool import Budgets
from tests.support.asking import DATA, GOOD, KEY, REQUEST, SCHEMA, Asker, asking, endpoint
from tests.support.ports import free_port
from tests.support.stand_in_model import (
    Reply,
    StandIn,
    completion,
    drip,
    flood,
    not_knowing,
    refusing,
    reset,
    saying,
    sending,
    silence,
    stand_in,
)

LEVELS: Final = tuple(Level)


@contextlib.asynccontextmanager
async def both(reply: Reply, **options: Any) -> AsyncIterator[tuple[StandIn, Asker]]:
    """An endpoint that replies so, and who asks it."""
    async with stand_in(reply) as server, asking(endpoint(server.url, **{"timeout": 3.0, **options})) as asker:
        yield server, asker


def used(asker: Asker) -> int:
    """The tokens of the repository's day."""
    return asker.memory.used.get("tokens:1", 0)


def level(asker: Asker) -> str | None:
    """The level that is known of the endpoint."""
    return asker.memory.known.get(asker.endpoints[0].key, Learned()).level or None


def titled(title: str) -> ModelRequest:
    return ModelRequest("sort", {**REQUEST.inputs, "title": title})


async def test_a_question_as_it_goes_over_the_wire() -> None:
    async with both(saying(GOOD)) as (server, asker):
        answer = await asker.ask()
    assert answer == ModelAnswer(DATA, "model-one", "sort 3", 100)
    (asked,) = server.asked
    assert asked.request.path == "/v1/chat/completions"
    assert asked.request.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.body.keys() == {
        "model", "messages", "temperature", "max_tokens", "response_format", "stream", "stream_options"
    }  # fmt: skip
    assert (asked.body["stream"], asked.body["stream_options"]) == (True, {"include_usage": True})
    assert (asked.body["temperature"], asked.body["max_tokens"]) == (0, 60)
    assert asked.body["response_format"]["json_schema"] == {"name": "sort", "strict": True, "schema": SCHEMA}
    system, user = asked.said
    assert system == "You sort reports."
    assert user.startswith("The title:\n<<<data ")
    assert "\nIt broke on Monday\n>>>end " in user


@pytest.mark.parametrize("status", [400, 404, 415, 422, 500, 501])
@pytest.mark.parametrize("refused", [1, 2, 3, 4])
async def test_levels_fall_and_are_remembered(status: int, refused: int) -> None:
    reply = refusing(status, frozenset(LEVELS[:refused]), saying(GOOD))
    async with both(reply) as (server, asker):
        assert isinstance(await asker.ask(), ModelAnswer)
        assert server.levels == list(LEVELS[: refused + 1])
        assert isinstance(await asker.ask(), ModelAnswer)
        assert server.levels == [*LEVELS[: refused + 1], LEVELS[refused]]
        assert level(asker) == LEVELS[refused]


async def test_below_the_first_level_the_schema_is_said() -> None:
    async with both(refusing(400, frozenset(LEVELS[:4]), saying(GOOD))) as (server, asker):
        await asker.ask()
    assert [json.dumps(SCHEMA) in one.said[0] for one in server.asked] == [False, True, True, True, True]


async def test_an_endpoint_that_refuses_everything_is_asked_once_per_level() -> None:
    async with both(refusing(400, frozenset(LEVELS), saying(GOOD))) as (server, asker):
        assert isinstance(await asker.ask(), NoAnswer)
        assert server.levels == list(LEVELS)
        assert level(asker) is None


async def test_one_bad_minute_takes_no_level_away() -> None:
    async with both(saying(GOOD)) as (server, asker):
        await asker.ask()
        server.reply = refusing(500, frozenset({"json_schema"}), saying(GOOD))
        assert isinstance(await asker.ask(), ModelAnswer)
        assert level(asker) == "json_schema"


async def test_a_level_that_is_refused_later_is_lowered() -> None:
    async with both(saying(GOOD)) as (server, asker):
        await asker.ask()
        server.reply = refusing(400, frozenset({"json_schema"}), saying(GOOD))
        assert isinstance(await asker.ask(), ModelAnswer)
        assert level(asker) == "json_schema_lenient"


async def test_a_level_that_nobody_knows_is_learned_anew() -> None:
    async with both(saying(GOOD)) as (server, asker):
        asker.memory.known[asker.endpoints[0].key] = Learned("of an older release")
        assert isinstance(await asker.ask(), ModelAnswer)
        assert (server.levels, level(asker)) == (["json_schema"], "json_schema")


async def test_reasoning_models_refuse_parameters_once() -> None:
    async with both(not_knowing(frozenset({"max_tokens", "temperature"}), saying(GOOD))) as (server, asker):
        assert isinstance(await asker.ask(), ModelAnswer)
        assert isinstance(await asker.ask(), ModelAnswer)
    assert server.levels == ["json_schema"] * 4
    for asked in server.asked[2:]:
        assert asked.body.keys() - {"stream", "stream_options"} == {
            "model", "messages", "max_completion_tokens", "response_format"
        }  # fmt: skip


async def test_a_parameter_that_is_refused_for_ever_ends() -> None:
    error = {"error": {"message": "no", "param": "temperature"}}
    async with both(sending(error, status=400)) as (server, asker):
        assert isinstance(await asker.ask(), NoAnswer)
    assert len(server.asked) == len(LEVELS) + 1


USABLE: Final[dict[str, Reply]] = {
    "in a fence": saying(f"```json\n{GOOD}\n```"),
    "after reasoning": saying(f"<think>maybe {{}}</think>{GOOD}"),
    "at the limit, but whole": sending(completion(GOOD, ended="length")),
    "without usage": sending({"choices": [{"message": {"content": GOOD}}]}),
    "with a tool call beside it": sending(completion(GOOD, tool_calls=[{"function": {"name": "rm"}}])),
    "as plain text by its header": sending(json.dumps(completion(GOOD)).encode(), Content_Type="text/plain"),
}

UNUSABLE: Final[dict[str, Reply]] = {
    "an empty object": sending({}),
    "choices null": sending({"choices": None}),
    "no choices": sending({"choices": []}),
    "choices as an object": sending({"choices": {"a": 1}}),
    "choices as a number": sending({"choices": 5}),
    "a choice null": sending({"choices": [None]}),
    "content null": saying(None),
    "content as a list": saying([{"type": "text", "text": GOOD}]),
    "cut off": sending(completion(GOOD[:20], ended="length")),
    "a refusal": sending(completion(None, refusal="I cannot help with that.")),
    "filtered": sending(completion("", ended="content_filter")),
    "a tool call only": sending(completion(None, tool_calls=[{"function": {"name": "close_issue"}}])),
    "prose": saying("It is certainly a bug."),
    "two objects": saying(f"{GOOD}\n{GOOD}"),
    "another kind": saying(GOOD.replace("bug", "lock")),
    "one more field": saying(GOOD[:-1] + ', "target": "octo/other#1"}'),
    "a field missing": saying('{"kind": "bug"}'),
    "not a number": saying(GOOD.replace("0.9", "NaN")),
    "endless": saying(GOOD.replace("0.9", "1e999")),
    "too long": saying(GOOD.replace("it broke", "x" * 41)),
    "half a character": saying(GOOD.replace("it broke", "\\ud800")),
    "what cannot be stored": saying(GOOD.replace("it broke", "\\u0000")),
    "very long": saying("{" * 500_000),
    "very deep": saying('{"a":' * 10_000),
    "very deep as a whole": sending(b'{"choices":' * 20_000),
    "invalid JSON": sending(b'{"choices": ['),
    "no UTF-8": sending(b"\xff\xfe\x00"),
    "no bytes": sending(b""),
    "no content": sending(b"", status=204),
    "events": sending(b"data: {}\n\ndata: [DONE]\n\n", Content_Type="text/event-stream"),
}

UNREACHABLE: Final[dict[str, Reply]] = {
    "silence": silence,
    "a byte now and then": drip,
    "a flood": flood,
    "a good answer after two million spaces": sending(b" " * 2_000_000 + json.dumps(completion(GOOD)).encode()),
    "a hang-up": reset,
    "a wrong key": sending({"error": {"message": "Incorrect API key"}}, status=401),
    "forbidden": sending({"error": "no"}, status=403),
    "too many": sending({"error": {"message": "Slow down"}}, status=429, Retry_After="3600"),
    "overloaded": sending(b"<html>503</html>", status=503, Content_Type="text/html"),
    "a teapot": sending([], status=418),
    "a redirect to nowhere": sending(b"", status=307),
    "a page": sending(b"<html><body>Sign in</body></html>", Content_Type="text/html"),
    "something compressed": sending(gzip.compress(b" " * 20_000_000), Content_Encoding="gzip"),
    "an unknown encoding": sending(b"x", Content_Encoding="zstd"),
}


@pytest.mark.parametrize("reply", USABLE.values(), ids=USABLE)
async def test_usable_answers(reply: Reply) -> None:
    async with both(reply) as (server, asker):
        answer = await asker.ask()
    assert isinstance(answer, ModelAnswer)
    assert answer.data == DATA
    assert len(server.asked) == 1


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE)
async def test_unusable_answers_have_one_second_try(reply: Reply) -> None:
    async with both(reply) as (server, asker):
        assert isinstance(await asker.ask(), NoAnswer)
        assert used(asker) > 0
    assert server.levels == ["json_schema"] * 2


@pytest.mark.parametrize("reply", UNREACHABLE.values(), ids=UNREACHABLE)
async def test_unreachable_endpoints_have_no_second_try(reply: Reply) -> None:
    async with both(reply, timeout=1.5) as (server, asker):
        assert isinstance(await asker.ask(), NoAnswer)
        assert level(asker) is None
    assert len(server.asked) == 1


async def test_nobody_listens() -> None:
    async with asking(endpoint(f"http://127.0.0.1:{free_port()}/v1")) as asker:
        assert isinstance(await asker.ask(), NoAnswer)
        assert used(asker) == 0


async def test_an_endpoint_that_comes_back_is_used_again() -> None:
    async with both(reset) as (server, asker):
        assert isinstance(await asker.ask(), NoAnswer)
        server.reply = saying(GOOD)
        assert isinstance(await asker.ask(), ModelAnswer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_the_prompt_nowhere(status: int) -> None:
    async with stand_in(saying(GOOD)) as other:
        async with both(sending(b"", status=status, Location=f"{other.url}/chat/completions")) as (server, asker):
            assert isinstance(await asker.ask(), NoAnswer)
        assert len(server.asked) == 1
        assert other.asked == []


async def test_a_proxy_of_the_environment_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand_in(saying(GOOD)) as proxy, stand_in(saying(GOOD)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        async with asking(endpoint(server.url)) as asker:
            assert isinstance(await asker.ask(), ModelAnswer)
        assert proxy.asked == []


async def test_the_second_try_shows_what_was_wrong() -> None:
    async with both(saying(GOOD.replace("bug", "lock"), GOOD)) as (server, asker):
        answer = await asker.ask()
    assert isinstance(answer, ModelAnswer)
    assert (answer.data, answer.tokens, used(asker)) == (DATA, 200, 200)
    first, second = server.asked
    assert second.said[:2] == first.said
    assert second.said[2] == GOOD.replace("bug", "lock")
    assert "kind: " in second.said[3]
    assert json.dumps(SCHEMA) in second.said[3]


@pytest.mark.parametrize("refused", [0, 1, 2, 3, 4])
async def test_never_more_than_two_requests_per_level(refused: int) -> None:
    async with both(refusing(422, frozenset(LEVELS[:refused]), saying("nonsense"))) as (server, asker):
        assert isinstance(await asker.ask(), NoAnswer)
    assert server.levels == [*LEVELS[:refused], LEVELS[refused], LEVELS[refused]]


@pytest.mark.parametrize("tokens", [None, -1, 0, "many", 10**12, True])
async def test_without_a_believable_count_tokens_are_estimated(tokens: object) -> None:
    async with both(sending(completion(GOOD, tokens=tokens))) as (server, asker):
        answer = await asker.ask()
    sent = sum(map(len, server.asked[0].said))
    assert isinstance(answer, ModelAnswer)
    assert answer.tokens == used(asker)
    assert sent // 5 < used(asker) < sent


async def test_what_nobody_waited_for_is_counted_too() -> None:
    async with both(silence, timeout=0.5) as (_server, asker):
        await asker.ask()
        assert used(asker) > 0


async def test_over_budget_nothing_is_sent() -> None:
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url), budgets=Budgets(150)) as asker:
        assert isinstance(await asker.ask(), ModelAnswer)
        assert isinstance(await asker.ask(), ModelAnswer)
        assert isinstance(await asker.ask(), NoAnswer)
        assert len(server.asked) == 2
        assert isinstance(await asker.ask(scope="2"), ModelAnswer)


async def test_no_budget_is_no_model() -> None:
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url), budgets=Budgets(0)) as asker:
        assert isinstance(await asker.ask(), NoAnswer)
    assert server.asked == []


async def test_private_text_stays_near(monkeypatch: pytest.MonkeyPatch) -> None:
    async with both(saying(GOOD)) as (server, asker):
        assert isinstance(await asker.ask(private=True), ModelAnswer)
        monkeypatch.setattr("bot.llm.endpoint._PRIVATE", ())
        async with asking(endpoint(server.url)) as far:
            assert await far.ask(private=True) == NoAnswer(
                "no model was asked: none here may see the text of private repositories"
            )
            assert isinstance(await far.ask(private=False), ModelAnswer)
        assert len(server.asked) == 2
        async with asking(endpoint(server.url, privacy=Privacy.ALWAYS)) as allowed:
            assert isinstance(await allowed.ask(private=True), ModelAnswer)


async def test_half_characters_in_a_report_are_sent_as_something_else() -> None:
    async with both(saying(GOOD)) as (server, asker):
        assert isinstance(await asker.ask(titled("a\ud800b")), ModelAnswer)
    assert "\na?b\n" in server.asked[0].said[1]


async def test_no_log_holds_the_key_the_prompt_or_the_answer() -> None:
    refusal = {"error": {"message": f"{KEY} is not allowed to ask: It broke on Monday"}}
    replies = (
        saying(GOOD),
        saying('{"it broke": 1}'),
        sending(refusal, status=401),
        sending(refusal, status=400),
        silence,
    )
    with structlog.testing.capture_logs() as logs:
        for reply in replies:
            async with both(reply, timeout=0.5 if reply is silence else 3.0) as (_server, asker):
                await asker.ask()
        async with asking(endpoint(f"http://127.0.0.1:{free_port()}/v1")) as asker:
            await asker.ask()
    assert len(logs) >= 6
    assert KEY not in str(logs)
    assert "broke" not in str(logs)


async def test_reports_cannot_carry_our_secrets_nor_tokens_into_the_prompt() -> None:
    title = "my token ghp_" + "aB3dE6gH9j" * 4
    async with both(saying(GOOD)) as (server, asker):
        await asker.ask(titled(title))
    assert b"aB3dE6gH9j" not in server.asked[0].raw
    assert KEY.encode() not in server.asked[0].raw


async def test_many_questions_at_once() -> None:
    async with both(saying(GOOD), timeout=5.0) as (server, asker):
        answers = await asyncio.gather(*(asker.ask(scope=str(n)) for n in range(50)))
    assert all(answer == ModelAnswer(DATA, "model-one", "sort 3", 100) for answer in answers)
    assert len(server.asked) == 50
