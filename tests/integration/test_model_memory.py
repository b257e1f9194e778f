"""What is kept about models in PostgreSQL: answers, and what endpoints are like."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.plan import ModelAnswer
from bot.domain.ports import Learned
from bot.store.database import Pool, migrate, open_pool
from bot.store.models import ModelMemory
from bot.store.records import Records
from bot.store.threads import Threads

ANSWER = ModelAnswer({"kind": "bug", "confidence": 0.9}, "tiny", "triage 1", 120, ("body",))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=4) as made:
        yield made


@pytest.fixture
def memory(pool: Pool) -> ModelMemory:
    return ModelMemory(pool)


async def run(pool: Pool, statement: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(statement.encode())


async def test_things_are_learned_one_by_one(memory: ModelMemory) -> None:
    assert await memory.recall("one") == Learned()
    await memory.learn("one", Learned(context=4_096))
    assert await memory.recall("one") == Learned(context=4_096)
    await memory.learn("one", Learned("json_object", quirks=frozenset({"stream"})))
    await memory.learn("one", Learned(chars_per_token=3.5, quirks=frozenset({"stream", "reasons"})))
    assert await memory.recall("one") == Learned("json_object", 4_096, 3.5, frozenset({"stream", "reasons"}))
    assert await memory.recall("two") == Learned()


async def test_a_level_counts_for_a_week(memory: ModelMemory, pool: Pool) -> None:
    await memory.learn("one", Learned("text", 4_096))
    await run(pool, "UPDATE assistant.endpoints SET learned_at = now() - interval '6 days 23 hours'")
    await memory.learn("one", Learned(chars_per_token=3.0))
    assert (await memory.recall("one")).level == "text"
    await run(pool, "UPDATE assistant.endpoints SET learned_at = now() - interval '7 days 1 hour'")
    await memory.learn("one", Learned(chars_per_token=3.1))
    assert await memory.recall("one") == Learned("", 4_096, 3.1)
    await memory.learn("one", Learned("json_schema"))
    assert (await memory.recall("one")).level == "json_schema"


async def test_answers_are_found_again_and_cost_nothing(memory: ModelMemory) -> None:
    await memory.keep("b", "7", ANSWER)
    await memory.keep("c", "7", ModelAnswer({"kind": "question"}, "other", "triage 1"))
    found = await memory.find(["a", "b", "c"])
    assert found == ModelAnswer(ANSWER.data, "tiny", "triage 1", 0, ("body",), cached=True)
    first = await memory.find(["c", "b"])
    assert first is not None
    assert first.model == "other"
    assert await memory.find(["a"]) is None
    assert await memory.find([]) is None
    await memory.keep("b", "7", ModelAnswer({"kind": "question"}, "tiny", "triage 1"))
    assert await memory.find(["b"]) == found


async def test_answers_end_with_their_retention(memory: ModelMemory, pool: Pool) -> None:
    await memory.keep("old", "7", ANSWER)
    await run(pool, "UPDATE assistant.answers SET created_at = now() - interval '31 days'")
    await memory.keep("new", "7", ANSWER)
    await Records(pool).expire(bodies=timedelta(days=30), decisions=timedelta(days=180))
    assert await memory.find(["old"]) is None
    assert await memory.find(["new"]) is not None


async def test_forgotten_people_and_repositories_are_quoted_no_more(memory: ModelMemory, pool: Pool) -> None:
    await memory.keep("a", "7", ANSWER)
    await memory.keep("b", "8", ANSWER)
    await run(
        pool,
        "INSERT INTO assistant.decisions "
        "(guid, capability, repository_id, number, author, event, facts_digest, outcome) "
        "VALUES ('g', 'triage', 7, 1, 'Mira', 'issues.opened', 'd', 'x')",
    )
    assert await Threads(pool).forget_author("mira") == 1
    assert await memory.find(["a"]) is None
    assert await memory.find(["b"]) is not None
    await Threads(pool).forget_repository(8)
    assert await memory.find(["b"]) is None
