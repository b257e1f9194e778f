"""A short lane of the schedules, and proof that their judge sees what they are there for."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from bot.github.client import GitHub
from bot.github.executor import Executor
from bot.store.embedded import EmbeddedPostgres
from bot.store.records import Records
from tests.faults.schedules import run
from tests.faults.schedules_plans import plan
from tests.faults.schedules_stories import STORIES, tellings

SEEDS: Final = (*range(1, 31), 81, 423, 1523)


async def test_a_hostile_github_loses_and_doubles_nothing(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    tally = await run(postgres.url, tmp_path, SEEDS)
    assert tally.failures == []
    assert tally.schedules >= 27
    assert len(tally.fired) >= 15


async def _none(*_arguments: object, **_named: object) -> None:
    return None


async def _nothing(*_arguments: object, **_named: object) -> list[bytes]:
    return []


# What is taken out, and seeds of the short lane that miss it.
BROKEN: Final[dict[str, tuple[type, str, Callable[..., Awaitable[Any]], tuple[int, ...], str]]] = {
    "looking before repeating": (Executor, "_look", _none, (13, 30), "doubled"),
    "deliveries about our own writes": (Records, "heard", _nothing, (13, 11), "doubled"),
    "keeping to the window": (GitHub, "manage_rate_limit", _none, (10, 22), "inside a window"),
}


@pytest.mark.parametrize("taken_out", BROKEN)
async def test_the_judge_sees_what_is_taken_out(
    postgres: EmbeddedPostgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    taken_out: str,
) -> None:
    owner, name, instead, seeds, seen = BROKEN[taken_out]
    monkeypatch.setattr(owner, name, instead)
    tally = await run(postgres.url, tmp_path, seeds)
    assert any(failure.startswith(seen) for _seed, failure in tally.failures), tally.failures


def test_a_seed_always_gives_the_same_schedule() -> None:
    assert plan(7) == plan(7)
    assert len({repr(plan(seed)) for seed in range(100)}) == 100


def test_stories_are_told_in_every_order() -> None:
    assert [len(list(tellings(acts))) for acts in (1, 2, 3)] == [1, 3, 11]
    assert all(len(acts) <= 3 for acts in STORIES.values())
