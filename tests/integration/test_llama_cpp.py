"""A real llama.cpp server on a tiny random model: real grammars, limits and errors; what it says is noise."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest

from bot.domain.plan import ModelRequest
from bot.llm.client import ModelClient
from bot.llm.endpoint import Endpoint
from bot.prompting import load_prompts
from bot.sandbox import Sandbox
from bot.settings import ModelSettings, Settings
from tests.support.assistant import REPOSITORY, Assistant, running, with_model
from tests.support.memory import Memory
from tests.support.model_server import ModelServer, model_server
from tests.support.tiny_model import NAME, write_tiny_model

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


@pytest.fixture
async def client(llama: ModelServer, memory: Memory) -> AsyncIterator[ModelClient]:
    made = ModelClient(Endpoint(llama.url, KEY, NAME), PROMPTS, spending=memory, levels=memory)
    yield made
    await made.close()


def settings_of(server: ModelServer, settings: Settings) -> Settings:
    return with_model(settings, ModelSettings(server.url, server.key, NAME, private_text=False, tokens_per_day=10**6))


def question(number: int) -> ModelRequest:
    texts = {"title": f"{TITLE} {number}", "body": f"{BODY} " * (number % 7 + 1), "kinds": ", ".join(sorted(VALID))}
    return ModelRequest("triage", texts)


def test_the_same_seed_gives_the_same_model(weights: Path, tmp_path: Path) -> None:
    assert write_tiny_model(tmp_path / "again.gguf").read_bytes() == weights.read_bytes()
    assert write_tiny_model(tmp_path / "other.gguf", seed=8).read_bytes() != weights.read_bytes()
    assert weights.stat().st_size < 1_000_000


async def test_twenty_questions_have_twenty_valid_answers(client: ModelClient, memory: Memory) -> None:
    schema = jsonschema_rs.validator_for(dict(PROMPTS["triage"].schema))
    for number in range(20):
        answer = await client.answer(question(number), private=True, scope="1")
        assert answer is not None
        schema.validate(answer.data)
        assert (answer.model, answer.prompt) == (NAME, PROMPTS["triage"].name)
        assert answer.tokens > 100
    assert list(memory.levels.values()) == ["json_schema"]
    assert memory.used["tokens:1"] > 20 * 100


@pytest.mark.parametrize("level", ["json_object", "text"])
async def test_lower_levels_end_with_a_valid_answer_or_none(
    client: ModelClient, llama: ModelServer, memory: Memory, level: str
) -> None:
    memory.levels[Endpoint(llama.url, KEY, NAME).name] = level
    answer = await client.answer(question(1), private=True, scope="1")
    assert answer is None or jsonschema_rs.is_valid(dict(PROMPTS["triage"].schema), answer.data)
    assert memory.used["tokens:1"] > 100


async def test_an_answer_that_is_really_cut_off_is_none(llama: ModelServer, memory: Memory) -> None:
    short = {"triage": replace(PROMPTS["triage"], max_answer_tokens=5)}
    client = ModelClient(Endpoint(llama.url, KEY, NAME), short, spending=memory, levels=memory)
    assert await client.answer(question(1), private=True, scope="1") is None
    assert memory.used["tokens:1"] > 100
    await client.close()


async def test_a_report_longer_than_the_context_is_none(client: ModelClient, memory: Memory) -> None:
    texts = {"title": TITLE, "body": "€" * 6000, "kinds": "bug"}
    assert await client.answer(ModelRequest("triage", texts), private=True, scope="1") is None
    assert memory.levels == {}


async def test_a_wrong_key_is_none(llama: ModelServer, memory: Memory) -> None:
    client = ModelClient(Endpoint(llama.url, "sk-wrong", NAME), PROMPTS, spending=memory, levels=memory)
    assert await client.answer(question(1), private=True, scope="1") is None
    assert (memory.used, memory.levels) == ({}, {})
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
            numbers += [sandbox.open_issue(REPOSITORY, "stranger", f"{TITLE} {n}", BODY).number for n in range(3)]
            clear = sandbox.open_issue(REPOSITORY, "stranger", "Crash: ValueError", "It crashes: ValueError: no rows")
            await assistant.settled()
            last = await triage_of(assistant, numbers[-1])
            assert last["tokens"] == 0
            assert last["states"] <= {"done", "ignored"}
            assert "bug" in sandbox.thread(REPOSITORY, clear.number).labels
            assert not sandbox.unknown_requests
