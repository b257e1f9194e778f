"""A real llama.cpp server on a tiny random model: real grammars, limits and errors; what it says is noise."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest

from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Allowance, Learned
from bot.endpoints import Endpoint, Level
from bot.llm.client import ModelClient
from bot.llm.pool import Budgets, ModelPool
from bot.llm.probe import Listing, probe
from bot.prompting import Prompt, load_prompts
from bot.sandbox import Sandbox
from bot.settings import ModelSettings, Settings
from tests.support.assistant import REPOSITORY, Assistant, running, with_model
from tests.support.memory import Memory
from tests.support.model_server import ModelServer, model_server
from tests.support.tiny_model import CONTEXT, NAME, write_tiny_model

KEY: Final = "sk-canary-key-of-llama-cpp"
PROMPTS: Final = load_prompts()
# In plain English, and nothing in it tells the kind: the rules are unsure, so that the model is asked.
TITLE: Final = "Thoughts about the export"
BODY: Final = (
    "We were talking about the export of the reports with my team this week, "
    "and there are some things about it that we noticed."
)
VALID: Final = frozenset({"bug", "enhancement", "question", "documentation"})


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="module")
def llama(weights: Path) -> Iterator[ModelServer]:
    with model_server(weights, key=KEY) as server:
        yield server


@pytest.fixture
def memory() -> Memory:
    return Memory()


def pool_of(endpoint: Endpoint, memory: Memory, prompts: Mapping[str, Prompt] = PROMPTS) -> ModelPool:
    return ModelPool.of([endpoint], prompts, spending=memory, answers=memory, knowledge=memory, budgets=Budgets(10**6))


@pytest.fixture
async def client(llama: ModelServer, memory: Memory) -> AsyncIterator[ModelPool]:
    made = pool_of(Endpoint(llama.url, KEY, NAME), memory)
    yield made
    await made.close()


async def ask(client: ModelPool, request: ModelRequest) -> ModelAnswer | NoAnswer:
    return await client.answer(request, private=True, scope="1", allowance=Allowance())


def settings_of(server: ModelServer, settings: Settings) -> Settings:
    return with_model(settings, ModelSettings.plain(server.url, server.key, NAME, tokens_per_day=10**6))


def question(number: int) -> ModelRequest:
    texts = {
        "title": f"{TITLE} {number}",
        "body": f"{BODY} " * (number % 7 + 1),
        "kinds": ", ".join(sorted(VALID)),
        "guesses": "none",
        "examples": "none",
    }
    return ModelRequest("triage", texts)


def test_the_same_seed_gives_the_same_model(weights: Path, tmp_path: Path) -> None:
    assert write_tiny_model(tmp_path / "again.gguf").read_bytes() == weights.read_bytes()
    assert write_tiny_model(tmp_path / "other.gguf", seed=8).read_bytes() != weights.read_bytes()
    assert weights.stat().st_size < 1_000_000


async def test_twenty_questions_have_twenty_valid_answers(client: ModelPool, memory: Memory) -> None:
    schema = jsonschema_rs.validator_for(dict(PROMPTS["triage"].schema))
    for number in range(20):
        answer = await ask(client, question(number))
        assert isinstance(answer, ModelAnswer)
        schema.validate(answer.data)
        assert (answer.model, answer.prompt) == (NAME, PROMPTS["triage"].name)
        assert answer.tokens > 100
    assert [one.level for one in memory.known.values()] == ["json_schema"]
    assert memory.used["tokens:1"] > 20 * 100


@pytest.mark.parametrize("level", ["json_schema_lenient", "tool_call", "json_object", "text"])
async def test_lower_levels_end_with_a_valid_answer_or_none(
    client: ModelPool, llama: ModelServer, memory: Memory, level: str
) -> None:
    memory.known[Endpoint(llama.url, KEY, NAME).key] = Learned(level)
    answer = await ask(client, question(1))
    assert isinstance(answer, NoAnswer) or jsonschema_rs.is_valid(dict(PROMPTS["triage"].schema), answer.data)
    assert memory.used["tokens:1"] > 100


async def test_an_answer_that_is_really_cut_off_is_none(llama: ModelServer, memory: Memory) -> None:
    short = {"triage": replace(PROMPTS["triage"], max_answer_tokens=5)}
    client = pool_of(Endpoint(llama.url, KEY, NAME), memory, short)
    assert await ask(client, question(1)) == NoAnswer("the model's answer was not usable", memory.used["tokens:1"])
    assert memory.used["tokens:1"] > 100
    await client.close()


@pytest.mark.parametrize("measured", [False, True], ids=["counted by its tokenizer", "by what was measured"])
async def test_a_report_longer_than_the_context_is_fitted(llama: ModelServer, memory: Memory, measured: bool) -> None:
    """One token per byte: 18,000 tokens of report for a context of 8,192."""
    endpoint = Endpoint(llama.url, KEY, NAME)
    client = pool_of(endpoint, memory)
    memory.known[endpoint.key] = Learned(
        context=CONTEXT, chars_per_token=1.0 if measured else None,
        quirks=frozenset({"no_tokenizer"}) if measured else frozenset(),
    )  # fmt: skip
    answer = await ask(
        client,
        ModelRequest(
            "triage", {"title": TITLE, "body": "€" * 6000, "kinds": "bug", "guesses": "none", "examples": "none"}
        ),
    )
    assert isinstance(answer, ModelAnswer)
    assert answer.cut == ("body", "examples")  # the labelled examples are worth least
    assert CONTEXT * 0.6 < memory.used["tokens:1"] <= CONTEXT
    await client.close()


async def test_a_context_is_learned_from_the_server_s_refusal(llama: ModelServer, memory: Memory) -> None:
    endpoint = Endpoint(llama.url, KEY, NAME, context=100_000)
    client = pool_of(endpoint, memory)
    answer = await ask(
        client,
        ModelRequest(
            "triage", {"title": TITLE, "body": "€" * 6000, "kinds": "bug", "guesses": "none", "examples": "none"}
        ),
    )
    assert isinstance(answer, ModelAnswer)
    assert answer.cut == ("body", "examples")  # the labelled examples are worth least
    assert memory.known[endpoint.key].context == CONTEXT
    await client.close()


async def test_a_probe_finds_what_the_server_really_is(llama: ModelServer) -> None:
    client = ModelClient(Endpoint(llama.url, KEY, NAME))
    found = await probe(client)
    await client.close()
    assert found.level is Level.STRICT
    assert found.listing == Listing(listed=True, context=CONTEXT, names=(NAME,))
    assert found.tokenizer
    assert found.tokens_per_second is not None
    assert found.tokens_per_second > 1
    assert client.quirks == set()


async def test_the_server_counts_tokens_as_they_are(llama: ModelServer) -> None:
    client = ModelClient(Endpoint(llama.url, KEY, NAME))
    assert await client.count("€" * 10, private=True, seconds=5.0) == 30
    await client.close()


async def test_a_wrong_key_is_none(llama: ModelServer, memory: Memory) -> None:
    client = pool_of(Endpoint(llama.url, "sk-wrong", NAME), memory)
    assert await ask(client, question(1)) == NoAnswer("no model could be reached")
    assert (memory.used, memory.known) == ({}, {})
    assert client.details() == (
        "model endpoint model: it refuses the key (HTTP 401): check OPENAI_API_KEY, or the variable that "
        "api_key_env names.",
    )
    await client.close()


async def triage_of(assistant: Assistant, number: int) -> dict[str, Any]:
    """What was decided about the kind of an issue, and the states of all deliveries."""
    async with assistant.service.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT outcome, method, tokens FROM assistant.decisions WHERE capability = 'triage' AND number = %s",
            (number,),
        )
        outcome, method, tokens = (await cursor.fetchall())[0]
    states = {reason.split(": ", 1)[0].rsplit(" ", 1)[1] for reason in (await assistant.reasons()).values()}
    return {"outcome": outcome, "method": method, "tokens": tokens, "states": states}


async def test_the_service_ends_well_whatever_a_model_says(
    sandbox: Sandbox, settings: Settings, llama: ModelServer
) -> None:
    async with running(sandbox, settings_of(llama, settings)) as assistant:
        issue = sandbox.open_issue(REPOSITORY, "stranger", TITLE, BODY)
        await assistant.settled()
        found = await triage_of(assistant, issue.number)
        assert found["tokens"] > 100
        assert found["states"] <= {"done", "ignored"}
        assert len(VALID & set(sandbox.thread(REPOSITORY, issue.number).labels)) <= 1
        assert not sandbox.unknown_requests


async def test_a_model_that_dies_leaves_the_rules_in_charge(
    sandbox: Sandbox, settings: Settings, weights: Path
) -> None:
    with model_server(weights, key=KEY) as server:
        async with running(sandbox, settings_of(server, settings)) as assistant:
            sandbox.open_issue(REPOSITORY, "stranger", TITLE, BODY)
            await assistant.settled()
            numbers = [sandbox.open_issue(REPOSITORY, "stranger", f"{TITLE} {n}", BODY).number for n in range(3)]
            server.stop()
            numbers += [sandbox.open_issue(REPOSITORY, "stranger", f"{TITLE} {n}", BODY).number for n in range(3, 6)]
            clear = sandbox.open_issue(REPOSITORY, "stranger", "Crash: ValueError", "It crashes: ValueError: no rows")
            await assistant.settled()
            last = await triage_of(assistant, numbers[-1])
            assert last["tokens"] == 0
            assert last["states"] <= {"done", "ignored"}
            assert "bug" in sandbox.thread(REPOSITORY, clear.number).labels
            assert not sandbox.unknown_requests
