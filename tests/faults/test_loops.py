"""A short lane of the loops, and proof that the breaker of loops is missed."""

from pathlib import Path

import pytest

from bot.runtime import deciding
from bot.store.embedded import EmbeddedPostgres
from tests.faults.loops import section, talk


async def test_chatty_bots_get_no_more_than_people_ask_for(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    found = await talk(postgres.url, tmp_path, 200, homes=2)
    assert found.failures == ()
    assert found.events >= 200
    assert len(found.comments) == 2
    assert not section(found, 1.0).failed


async def test_a_program_with_a_person_s_account_is_not_answered_for_ever(
    postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "REPLIES_PER_HOUR", 1)
    limited = await talk(postgres.url, tmp_path, 120, homes=1)
    assert limited.most_to_one == 1
    monkeypatch.setattr(deciding, "REPLIES_PER_HOUR", 1000)
    unlimited = await talk(postgres.url, tmp_path, 120, homes=1)
    assert unlimited.most_to_one > 1
