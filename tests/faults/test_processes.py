"""One schedule with the real program."""

from pathlib import Path

from bot.store.embedded import EmbeddedPostgres
from tests.faults.processes import play, programs


async def test_the_real_program_keeps_to_a_short_window(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    async with programs(postgres.url, tmp_path, worker=False) as (sandbox, url):
        played = await play(sandbox, url, 1)
    assert played.failures == ()
    assert [(one.trouble.name, one.fired) for one in played.staged] == [("RETRY_AFTER", True)]
