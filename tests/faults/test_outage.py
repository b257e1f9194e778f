"""The short lane: an outage of five days, of which two are listed no more, and a crash while it is made good."""

from datetime import timedelta
from pathlib import Path

import psycopg

from bot.store.embedded import EmbeddedPostgres
from tests.faults.outage import Scenario, play, reference, section

SHORT = Scenario("5 days, short", timedelta(days=5), 6, 60, 10, "looking", 1)


async def test_five_days_away_and_everything_is_answered_once(
    postgres: EmbeddedPostgres, database_url: str, tmp_path: Path
) -> None:
    other = "outage_reference"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {other}".encode())
    expected = await reference(postgres.url.replace("@/postgres?", f"@/{other}?"), tmp_path)
    result = await play(SHORT, database_url, tmp_path, expected)
    assert not result.wrong, "\n".join(result.wrong)
    assert (result.lost, result.doubled) == (0, 0)
    assert 0 < result.listed < result.missed
    assert result.missed >= 60
    assert "of 6 looked at" in result.crashed_at
    assert not section([result], 1.0).failed
