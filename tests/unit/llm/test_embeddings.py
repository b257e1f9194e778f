"""Embeddings from a real llama.cpp server on a tiny random model, and answers that are none."""

import asyncio
import math
from collections.abc import Iterator
from typing import Any, Final

import pytest

from bot.datasets import DatedReport, Pairs, Reports
from bot.domain.ports import Embedder
from bot.endpoints import Endpoint, Privacy
from bot.evaluate import judge_duplicates
from bot.llm.breaker import FAILURES
from bot.llm.embeddings import EmbeddingClient, read_embeddings
from bot.llm.fitting import estimate
from bot.settings import ModelSettings
from tests.support.model_modes import error
from tests.support.model_server import ModelServer, model_server
from tests.support.stand_in_model import Reply, StandIn, reset, sending, silence, stand_in
from tests.support.tiny_model import NAME, write_tiny_model
from tests.unit.learning.test_replay import history, marks

KEY = "sk-canary-key-of-embeddings"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    weights = write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf", embeddings=True)
    with model_server(weights, key=KEY, embeddings=True) as server:
        yield server


async def embed(url: str, texts: list[str], *, key: str = KEY, private: bool = True) -> Any:
    client = EmbeddingClient(Endpoint(url, key, NAME))
    asked: Embedder = client
    try:
        return await asked.embed(texts, private=private)
    finally:
        await client.close()


async def test_each_text_has_its_vector_of_length_one(llama: ModelServer) -> None:
    texts = [f"Report {at} about {'export' * at}" for at in range(40)]
    texts += ["", "\ud800 alone", "x" * 20_000, texts[0]]
    vectors = await embed(llama.url, texts)
    assert vectors is not None
    assert len(vectors) == len(texts)
    assert {len(one) for one in vectors} == {32}
    assert all(math.hypot(*one) == pytest.approx(1) for one in vectors)
    assert math.dist(vectors[0], vectors[-1]) < 0.01 < math.dist(vectors[0], vectors[20])


async def test_llama_cpp_counts_the_tokens_itself(llama: ModelServer) -> None:
    paid: list[int] = []

    async def pay(tokens: int) -> None:
        paid.append(tokens)

    client = EmbeddingClient(Endpoint(llama.url, KEY, NAME))
    for text in ("ten words", "ten words " * 10):
        await client.embed([text], private=True, pay=pay)
    await client.close()
    short, long = paid
    assert 5 * short < long
    assert short != estimate("ten words")


def test_the_evaluation_compares_with_them(llama: ModelServer) -> None:
    reports = tuple(DatedReport(one.place.id, one.place.created, one.title, one.body) for one in history(20))
    pairs = Pairs(tuple(marks(20)), 0)
    settings = ModelSettings.plain(llama.url, KEY, NAME)
    with_them = judge_duplicates(Reports(reports, 0, 0), pairs, lambda *_: None, settings)
    without = judge_duplicates(Reports(reports, 0, 0), pairs, lambda *_: None)
    assert (with_them["dense_vectors"], without["dense_vectors"]) == (NAME, "learned from the reports")
    assert with_them["queries"] == without["queries"] == 15


async def test_no_texts_have_no_vectors(llama: ModelServer) -> None:
    assert await embed(llama.url, []) == []


async def test_a_wrong_key_or_nobody_there_is_none(llama: ModelServer) -> None:
    assert await embed(llama.url, ["text"], key="sk-wrong") is None
    assert await embed("http://127.0.0.1:9/v1", ["text"]) is None


async def test_an_address_that_is_never_an_endpoint_is_not_asked(llama: ModelServer) -> None:
    """Linux takes 0.0.0.0 for itself: the server would answer."""
    assert await embed(llama.url.replace("127.0.0.1", "0.0.0.0"), ["text"], private=False) is None


async def test_private_text_goes_near_only() -> None:
    assert await embed("http://93.184.216.34/v1", ["text"], private=True) is None
    assert await embed("http://169.254.169.254/v1", ["text"], private=False) is None


def rows(*vectors: Any) -> dict[str, Any]:
    return {"data": [{"index": at, "embedding": one} for at, one in enumerate(vectors)]}


def test_vectors_are_put_in_the_order_of_the_texts() -> None:
    answer = {"data": [{"index": 1, "embedding": [0.0, 2.0]}, {"index": 0, "embedding": [3.0, 4.0]}]}
    assert read_embeddings(answer, 2) == [(0.6, 0.8), (0.0, 1.0)]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"data": None},
        {"data": [1, 2]},
        rows([1.0]),
        rows([1.0], None),
        rows([1.0], "text"),
        rows([1.0], ["1"]),
        rows([1.0], [math.nan]),
        rows([1.0], [0.0]),
        rows([1.0], []),
        rows([1.0], [1.0] * 10_000),
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 5, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": [], "embedding": [1.0]}]},
    ],
)
def test_what_is_not_a_vector_for_each_text_is_refused(answer: Any) -> None:
    with pytest.raises(ValueError, match="vector"):
        read_embeddings(answer, 2)


async def test_an_endpoint_that_hangs_is_left_alone_after_some_failures() -> None:
    async with stand_in(silence) as server:
        client = EmbeddingClient(Endpoint(server.url, KEY, NAME))
        for _ in range(FAILURES):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await client.embed(["text"], private=True)
        asked = len(server.asked)
        assert await client.embed(["text"], private=True) is None
        assert len(server.asked) == asked == FAILURES
        assert "did not answer in time" in client.detail()
        await client.close()


async def test_what_it_may_not_be_shown_says_nothing_of_how_it_is() -> None:
    client = EmbeddingClient(Endpoint("http://93.184.216.34/v1", KEY, NAME))
    for _ in range(FAILURES + 1):
        assert await client.embed(["text"], private=True) is None
    assert client.detail().endswith(": not asked yet")
    await client.close()


async def asked_once(reply: Reply, *texts: str, **options: Any) -> tuple[StandIn, Any, list[int], str]:
    """The stand-in, the vectors, the tokens that were paid for, and what is said of the endpoint."""
    paid: list[int] = []

    async def pay(tokens: int) -> None:
        paid.append(tokens)

    async with stand_in(reply) as server:
        client = EmbeddingClient(Endpoint(server.url, KEY, NAME, **options))
        found = await client.embed(texts or ("text",), private=True, pay=pay)
        await client.embed(texts or ("text",), private=True)
        told = client.detail()
        await client.close()
    return server, found, paid, told


def vectors(count: int, **more: Any) -> Reply:
    return sending({**rows(*[[1.0]] * count), **more})


TEN: Final = "x" * 27
PAID_FOR: Final[dict[str, tuple[Reply, dict[str, Any], list[int]]]] = {
    "what the endpoint counts": (vectors(1, usage={"prompt_tokens": 7, "total_tokens": 8}), {}, [8]),
    "prompt tokens alone": (vectors(1, usage={"prompt_tokens": 7}), {}, [7]),
    "an estimate": (vectors(1), {}, [10]),
    "an unbelievable count": (vectors(1, usage={"total_tokens": -1}), {}, [10]),
    "no vectors": (sending({"usage": {"total_tokens": 8}}), {}, [8]),
    "too slow": (silence, {"timeout": 0.1}, [10]),
    "hanging up": (reset, {}, [10]),
    "refused": (error("no", status=401), {}, []),
}


@pytest.mark.parametrize(("reply", "options", "tokens"), PAID_FOR.values(), ids=PAID_FOR)
async def test_what_the_endpoint_may_have_worked_for_is_paid(
    reply: Reply, options: dict[str, Any], tokens: list[int]
) -> None:
    _, _, paid, _ = await asked_once(reply, TEN, **options)
    assert paid == tokens


async def test_what_nobody_waited_for_is_paid_too() -> None:
    paid: list[int] = []

    async def pay(tokens: int) -> None:
        paid.append(tokens)

    async with stand_in(silence) as server:
        client = EmbeddingClient(Endpoint(server.url, KEY, NAME))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.embed([TEN], private=True, pay=pay)
        await client.close()
    assert paid == [10]


async def test_what_looks_like_a_key_is_not_sent() -> None:
    key = f"ghp_{'a1B2' * 9}"
    server, _, _, _ = await asked_once(vectors(1), f"My {key} leaked. {'x' * 5_975} {key}")
    (text,) = server.asked[0].body["input"]
    assert text.startswith("My [hidden] leaked.")
    assert "ghp" not in text
    assert len(text) == 6_000


async def test_every_batch_is_paid_for() -> None:
    _, found, paid, told = await asked_once(vectors(8, usage={"total_tokens": 3}), *["text"] * 16)
    assert len(found) == 16
    assert paid == [3, 3]
    assert told == "embeddings model: well"


async def test_an_endpoint_without_private_true_never_sees_private_text_though_it_is_near() -> None:
    server, found, paid, told = await asked_once(vectors(1), privacy=Privacy.NEVER)
    assert (server.asked, found, paid) == ([], None, [])
    assert told == "embeddings model: not asked yet"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (error("Incorrect API key", status=401), "it refuses the key (HTTP 401): check OPENAI_API_KEY"),
        (sending(b"", status=307, Location="/"), "it redirects to another address, which is refused (HTTP 307)"),
        (sending(b"<html>", Content_Type="text/html"), "a web page answers at its address (HTTP 200)"),
        (error("Slow down", status=429, headers={"Retry-After": "60"}), "it asks for fewer requests (HTTP 429)"),
    ],
    ids=["a key", "a redirect", "a web page", "what asks for a rest"],
)
async def test_who_cannot_do_better_now_is_left_alone_at_once(reply: Reply, said: str) -> None:
    server, _, _, told = await asked_once(reply)
    assert len(server.asked) == 1
    assert told.startswith(f"embeddings model: {said}")
    assert told.endswith("; likeness comes from words alone")
    assert ".;" not in told
