"""The short lane of the fleet: one killed, one suspended at the worst moment; the rest is in `make test-faults`."""

import asyncio
from pathlib import Path

import pytest

from bot.store.embedded import EmbeddedPostgres
from tests.faults import fleet_members
from tests.faults.fleet import TAKEN_OVER_WITHIN, _label_writes, new_database, stale_write, takeover, whole_fleet
from tests.faults.fleet_members import release
from tests.faults.processes_host import hosting

COMMENT = "GitHub: POST /repos/R/issues/N/comments"


@pytest.mark.timeout(300)
async def test_one_is_killed_and_one_suspended_before_it_writes(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    address = await asyncio.to_thread(new_database, postgres, "fleet")
    async with hosting() as host, whole_fleet(host, tmp_path / "fleet", address, settle=0.5) as made:
        killed = await takeover(made, "SIGKILL")
        suspended = await stale_write(made, COMMENT)
    assert (killed.faults, suspended.faults) == ((), ())
    assert killed.seconds < TAKEN_OVER_WITHIN
    assert suspended.seconds < TAKEN_OVER_WITHIN


def test_the_order_of_commands_shows_in_what_is_written() -> None:
    commands = ["/label a", "/label a", "/unlabel b", "/unlabel a", "/label b"]
    assert list(_label_writes(commands)) == ["label a", "unlabel a", "label b"]


def test_without_history_the_upgrade_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CHANGELOG.md").write_text("## 0.1.0 – 2026\n\nCommit " + "0" * 40 + ": so\n")
    monkeypatch.setattr(fleet_members, "ROOT", tmp_path)
    with pytest.raises(AssertionError, match="git fetch --unshallow"), release(tmp_path):
        """There is nothing to check out."""
