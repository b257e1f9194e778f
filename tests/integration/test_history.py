"""The history index at the wire: kept fresh by deliveries, gone with its items, exported, forgotten."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from bot import upkeep
from bot.bootstrap import forget
from bot.domain.errors import AssistantError
from bot.domain.history import Setter, Writer
from bot.domain.history.rows import RowError
from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.store.database import Pool
from bot.store.history import History
from tests.support.assistant import REPOSITORY, Assistant
from tests.support.history import Quiet, known, repository_id, setters
from tests.support.past import HELPER, Past, label_as_us

ORGANISATION: Final = "sample-org"


async def test_deliveries_keep_it_fresh(assistant: Assistant) -> None:
    sandbox = assistant.sandbox
    sandbox.add_user(HELPER, kind="Bot")
    # Nothing to do for a capability: what changes the labels here are these hands alone.
    number = sandbox.open_issue(REPOSITORY, "stranger", "The harbour page", "I see the page.", ["question"]).number
    original = sandbox.open_issue(REPOSITORY, HELPER, "Broken dependency", "See above.").number
    sandbox.add_label(REPOSITORY, number, "mira", "area: docs")
    sandbox.add_label(REPOSITORY, number, HELPER, "area: cli")
    label_as_us(sandbox, number, "documentation")
    sandbox.remove_label(REPOSITORY, number, "tom", "area: cli")
    sandbox.edit_issue(REPOSITORY, number, "stranger", title="The pier page")
    sandbox.comment(REPOSITORY, number, "mira", f"Duplicate of #{original}")
    sandbox.close(REPOSITORY, number, "mira", "not_planned")
    pull = sandbox.open_pull(REPOSITORY, "aiko", "Explain", files={"notes.txt": "Notes\n"}).number
    sandbox.merge_pull(REPOSITORY, pull, "mira")
    await assistant.settled()
    index = await known(assistant.service.pool, repository_id(sandbox))
    found, _changes = index[number]
    assert (found.title, found.state, found.state_reason) == ("The pier page", "closed", "not_planned")
    assert found.duplicate_of == original
    assert setters(index, number) == {
        "question": (True, Setter.FORM), "area: docs": (True, Setter.PERSON), "area: cli": (False, Setter.PERSON),
        "documentation": (True, Setter.US),
    }  # fmt: skip
    assert index[original][0].writer is Writer.BOT
    assert (index[pull][0].is_pull, index[pull][0].state_reason) == (True, "merged")
    assert set(index[number][0].labels) == set(sandbox.thread(REPOSITORY, number).labels)


async def test_deliveries_again_and_the_list_beside_them_change_nothing(
    assistant: Assistant, settings: Settings
) -> None:
    sandbox, pool = assistant.sandbox, assistant.service.pool
    number = sandbox.open_issue(REPOSITORY, "stranger", "The harbour page", "I see the page.").number
    sandbox.add_label(REPOSITORY, number, "mira", "area: docs")
    sandbox.remove_label(REPOSITORY, number, "tom", "area: docs")
    sandbox.add_label(REPOSITORY, number, "mira", "area: cli")
    await assistant.settled()
    told = await known(pool, repository_id(sandbox))
    for one in list(sandbox.deliveries):
        sandbox.deliver_raw(one.event, one.payload)
    await assistant.settled()
    await upkeep.backfill(settings, REPOSITORY, Quiet())
    listed = await known(pool, repository_id(sandbox))
    before = told[number][0]
    after = listed[number][0]
    # Our own comment came meanwhile.
    assert replace(after, comments=before.comments, updated_at=before.updated_at) == before
    kinds = [(one.kind, one.label, one.setter) for one in listed[number][1]]
    assert len(kinds) == len(set(kinds)) == 3
    assert {one.source.partition(":")[0] for one in listed[number][1]} == {"event"}
    # One that comes late finds the list's own.
    late = next(one for one in sandbox.deliveries if one.action == "labeled")
    sandbox.deliver_raw(late.event, late.payload)
    await assistant.settled()
    assert (await known(pool, repository_id(sandbox)))[number][1] == listed[number][1]


async def test_an_older_delivery_that_comes_late_changes_nothing(assistant: Assistant) -> None:
    sandbox, pool = assistant.sandbox, assistant.service.pool
    number = sandbox.open_issue(REPOSITORY, "stranger", "The harbour page", "I see the page.").number
    sandbox.clock_offset += timedelta(seconds=5)
    sandbox.edit_issue(REPOSITORY, number, "stranger", title="The pier page")
    await assistant.settled()
    first = next(one for one in sandbox.deliveries if one.action == "opened")
    sandbox.deliver_raw(first.event, first.payload)
    await assistant.settled()
    assert (await known(pool, repository_id(sandbox)))[number][0].title == "The pier page"


async def test_a_deletion_that_was_missed_is_fetched(assistant: Assistant) -> None:
    sandbox, pool = assistant.sandbox, assistant.service.pool
    number = sandbox.open_issue(REPOSITORY, "stranger", "The harbour page", "I see the page.").number
    await assistant.settled()
    url, sandbox.webhook_url = sandbox.webhook_url, None
    sandbox.add_label(REPOSITORY, number, "mira", "bug")
    sandbox.delete_issue(REPOSITORY, number, "mira")
    await sandbox.drain_webhooks()
    sandbox.webhook_url = url
    # The label alone is not worth a request: the next reading finds it.
    assert await assistant.service.chores.fetch_missed(datetime.now(UTC)) == 1
    await assistant.settled()
    assert number not in await known(pool, repository_id(sandbox))


@pytest.mark.parametrize("way", ["deleted", "transferred"])
async def test_what_is_gone_stays_gone(assistant: Assistant, way: str) -> None:
    sandbox, pool = assistant.sandbox, assistant.service.pool
    sandbox.create_repository(ORGANISATION, "rockpool", {"README.md": "# Rockpool\n"})
    number = sandbox.open_issue(REPOSITORY, "stranger", "The harbour page", "I see the page.", ["question"]).number
    await assistant.settled()
    before = list(sandbox.deliveries)
    assert {one.action for one in before} >= {"opened", "labeled"}
    assert number in await known(pool, repository_id(sandbox))
    if way == "deleted":
        sandbox.delete_issue(REPOSITORY, number, "mira")
    else:
        moved = sandbox.transfer(REPOSITORY, number, "mira", f"{ORGANISATION}/rockpool")
    await assistant.settled()
    assert number not in await known(pool, repository_id(sandbox))
    for one in before:
        sandbox.deliver_raw(one.event, one.payload)
    await assistant.settled()
    assert number not in await known(pool, repository_id(sandbox))
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT title || body || author, (SELECT count(*) FROM assistant.history_changes WHERE number = h.number) "
            "FROM assistant.history h WHERE number = %s AND repository_id = %s",
            (number, repository_id(sandbox)),
        )
        assert await cursor.fetchone() == ("", 0)
    if way == "transferred":
        other = await known(pool, sandbox.state.repository(f"{ORGANISATION}/rockpool").id)
        assert other[moved.number][0].title == "The harbour page"


async def test_a_removed_repository_leaves_nothing(assistant: Assistant, settings: Settings) -> None:
    sandbox, pool = assistant.sandbox, assistant.service.pool
    sandbox.open_issue(REPOSITORY, "stranger", "The harbour page", "I see the page.", ["question"])
    await assistant.settled()
    await upkeep.backfill(settings, REPOSITORY, Quiet())
    sandbox.uninstall_app(ORGANISATION, "mira")
    await assistant.settled()
    for table in ("history", "history_changes", "backfills"):
        async with pool.connection() as connection:
            cursor = await connection.execute(f"SELECT count(*) FROM assistant.{table}".encode())
            assert await cursor.fetchone() == (0,)


async def test_exported_and_imported_it_is_the_same(
    sandbox: Sandbox, settings: Settings, past: Past, pool: Pool, tmp_path: Path
) -> None:
    await upkeep.backfill(settings, REPOSITORY, Quiet())
    before = await known(pool, repository_id(sandbox))
    links = await History(pool).links(repository_id(sandbox))
    file = tmp_path / "history.jsonl"
    with upkeep.private_file(file) as stream:
        said = await upkeep.export_history(settings, REPOSITORY, stream.write, Quiet())
    assert said == f"{REPOSITORY}: {len(before)} issues and pull requests written."
    assert file.stat().st_mode & 0o777 == 0o600
    for person in ("jonas", "mira", HELPER):
        assert f'"{person}"' not in file.read_text()
    said = await forget(settings, repository=REPOSITORY, user=None)
    assert await known(pool, repository_id(sandbox)) == {}
    with pytest.raises(AssistantError, match="nothing is known"):
        await upkeep.export_history(settings, REPOSITORY, str, Quiet())
    asked_for = len(sandbox.requests)
    with file.open() as lines:
        await upkeep.import_history(settings, REPOSITORY, lines, Quiet())
    assert len(sandbox.requests) == asked_for
    assert await known(pool, repository_id(sandbox)) == before
    assert await History(pool).links(repository_id(sandbox)) == links
    with pytest.raises(AssistantError, match="exists already"), upkeep.private_file(file):
        pass


async def test_a_person_is_forgotten(sandbox: Sandbox, settings: Settings, past: Past, pool: Pool) -> None:
    await upkeep.backfill(settings, REPOSITORY, Quiet())
    said = await forget(settings, repository=None, user="Jonas")
    index = await known(pool, repository_id(sandbox))
    left = {
        number for number, one in sandbox.state.repository(REPOSITORY).issues.items() if one.author.login != "jonas"
    }
    assert set(index) == left
    gone = len(sandbox.state.repository(REPOSITORY).issues) - len(left)
    assert said == f"0 decisions and their deliveries deleted, and {gone} items of the history."
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT DISTINCT number FROM assistant.history_changes")
        assert {row[0] for row in await cursor.fetchall()} <= left


async def test_what_is_no_export_is_said_with_its_line(settings: Settings, pool: Pool) -> None:
    header = json.dumps({"row": "repository", "version": 1, "id": 5, "full_name": REPOSITORY})
    cases = {
        "about sample-org/tidepool, not": ([header], "other/repo"),
        "does not begin": (["", '{"row": "change", "number": 1, "kind": "labeled", "label": "a", "setter": "us", '
                            '"at": "2026-01-01T00:00:00Z", "source": "event:1"}'], REPOSITORY),
        "line 2 is no line": ([header, "nonsense"], REPOSITORY),
    }  # fmt: skip
    for message, (lines, name) in cases.items():
        with pytest.raises((AssistantError, RowError), match=message):
            await upkeep.import_history(settings, name, lines, Quiet())
