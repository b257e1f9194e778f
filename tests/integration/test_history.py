"""The history index at the wire: read, killed and read on, kept fresh by deliveries, exported, forgotten."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from bot import upkeep
from bot.bootstrap import forget
from bot.domain.errors import AssistantError
from bot.domain.history import Change, HistoryItem, Setter, Writer, canonical, ledger
from bot.domain.history.rows import RowError
from bot.runtime.backfill import Step
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.record import LoggedRequest
from bot.sandbox.shapes.links import stamp
from bot.settings import Settings
from bot.store.database import Pool, migrate, open_pool
from bot.store.history import BackfillLostError, History
from tests.support.assistant import REPOSITORY, Assistant, running
from tests.support.past import HELPER, ITEMS, Past, label_as_us, make_past

ROOT: Final = Path(__file__).parents[2]
ORGANISATION: Final = "sample-org"
Index = dict[int, tuple[HistoryItem, tuple[Change, ...]]]


class Quiet:
    """Counts what an operator would see."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.total: int | None = None
        self.waited: list[str] = []

    def known(self, items: int, total: int | None) -> None:
        self.total = total

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def waits(self, until: datetime, reason: str) -> None:
        self.waited.append(reason)


@pytest.fixture
def past(sandbox: Sandbox) -> Past:
    return make_past(sandbox)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=4) as made:
        yield made


def repository_id(sandbox: Sandbox) -> int:
    return sandbox.state.repository(REPOSITORY).id


async def known(pool: Pool, repository: int) -> Index:
    return {item.number: (item, changes) async for item, changes in History(pool).items(repository)}


def setters(index: Index, number: int) -> dict[str, tuple[bool, Setter | None]]:
    item, changes = index[number]
    return {name: (one.present, one.by) for name, one in ledger(item.labels, changes).items()}


def asked(sandbox: Sandbox, ending: str = "/issues") -> list[LoggedRequest]:
    listed = [one for one in sandbox.requests if one.path.endswith(ending) and one.query.get("per_page") == "100"]
    return [one for one in listed if one.method == "GET"]


def assert_the_same(sandbox: Sandbox, index: Index) -> None:
    """Every item is there as GitHub has it."""
    items = sandbox.state.repository(REPOSITORY).issues
    assert index.keys() == items.keys()
    for number, (found, _changes) in index.items():
        item = items[number]
        assert (found.title, found.body) == (item.title, (item.body or "").replace("\0", ""))
        assert (found.state, found.is_pull) == (item.state, item.pull is not None)
        assert set(found.labels) == set(item.labels)
        assert stamp(found.created_at.astimezone(UTC)) == stamp(item.created_at)
        assert found.state_reason == ("merged" if item.pull and item.pull.merged_at else item.state_reason or "")


def assert_the_past(past: Past, index: Index, links: dict[int, int]) -> None:
    """Who set what, and what is a duplicate of what."""
    assert setters(index, past.by_bot) == {"question": (True, Setter.BOT)}
    assert setters(index, past.by_person) == {"enhancement": (True, Setter.PERSON)}
    assert setters(index, past.by_us) == {"documentation": (True, Setter.US)}
    assert setters(index, past.by_form) == {"bug": (True, Setter.FORM)}
    assert setters(index, past.removed) == {"bug": (False, Setter.PERSON)}
    assert index[past.of_a_bot][0].writer is Writer.BOT
    assert links == {
        past.middle: past.original, past.duplicate: past.middle, past.closed_as_duplicate: past.original,
    }  # fmt: skip
    assert canonical(links)[past.duplicate] == past.original


async def test_a_repository_is_read_and_read_again_for_nothing(
    sandbox: Sandbox, settings: Settings, past: Past, pool: Pool
) -> None:
    watch = Quiet()
    said = await upkeep.backfill(settings, REPOSITORY.upper(), watch)
    index = await known(pool, repository_id(sandbox))
    count = len(sandbox.state.repository(REPOSITORY).issues)
    assert said == f"{REPOSITORY}: {count} issues and pull requests are known."
    assert count >= ITEMS
    assert_the_same(sandbox, index)
    assert_the_past(past, index, await History(pool).links(repository_id(sandbox)))
    # Comments are read where somebody called an item a duplicate, and nowhere else.
    called = {past.middle, past.duplicate, past.unmarked, past.stranger_said, past.closed_as_duplicate}
    read = [one.path for one in asked(sandbox, "/comments")]
    assert sorted(read) == sorted(f"/repos/{REPOSITORY}/issues/{number}/comments" for number in called)
    # One page more for the second that does not fit on a page, one for the last.
    assert len(asked(sandbox)) <= count // 100 + 4
    before = len(sandbox.requests)
    await upkeep.backfill(settings, REPOSITORY, Quiet())
    again = [one for one in sandbox.requests[before:] if "/issues" in one.path and one.query.get("per_page") == "100"]
    assert [one.status for one in again] == [304, 304]
    assert sandbox.unknown_requests == []
    assert sandbox.writes == []


async def test_what_changed_since_is_read_and_nothing_else(
    sandbox: Sandbox, settings: Settings, past: Past, pool: Pool
) -> None:
    await upkeep.backfill(settings, REPOSITORY, Quiet())
    sandbox.edit_issue(REPOSITORY, past.by_person, "jonas", title="Another title")
    sandbox.add_label(REPOSITORY, past.by_bot, "mira", "bug")
    sandbox.mark_duplicate(REPOSITORY, past.unmarked, "mira", past.by_form)
    new = sandbox.open_issue(REPOSITORY, "jonas", "New").number
    before = len(sandbox.requests)
    await upkeep.backfill(settings, REPOSITORY, Quiet())
    index = await known(pool, repository_id(sandbox))
    assert_the_same(sandbox, index)
    assert new in index
    assert setters(index, past.by_bot) == {"question": (True, Setter.BOT), "bug": (True, Setter.PERSON)}
    assert (await History(pool).links(repository_id(sandbox)))[past.unmarked] == past.by_form
    lists = [one.path.rsplit("/", 2)[1:] for one in sandbox.requests[before:] if one.query.get("per_page") == "100"]
    assert lists == [["tidepool", "issues"], ["issues", "events"], [str(past.unmarked), "comments"]]


async def test_killed_in_the_middle_it_goes_on_with_the_next_page(
    sandbox: Sandbox, database_url: str, tmp_path: Path, past: Past, pool: Pool
) -> None:
    slow = sandbox.faults.add(Fault(FaultKind.DELAY, r"/issues(/events)?$", "GET", times=None, seconds=0.7))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "GITHUB_APP_ID": str(sandbox.app_id),
        "GITHUB_PRIVATE_KEY": sandbox.private_key,
        "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret,
        "GITHUB_API_URL": sandbox.url,
        "DATABASE_URL": database_url,
        "ASSISTANT_DATA_DIR": str(tmp_path / "data"),
    }
    command = [sys.executable, "-m", "bot", "backfill", REPOSITORY]

    async def killed_when(reached: Callable[[], bool]) -> None:
        process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=tmp_path)
        end = time.monotonic() + 60
        while not reached():
            assert process.returncode is None
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        process.kill()
        await process.wait()

    # Whoever asks for a page has stored all before it.
    await killed_when(lambda: len(asked(sandbox)) == 2)
    done = [one.query for one in asked(sandbox)[:-1]]
    assert len(await known(pool, repository_id(sandbox))) >= 100
    await killed_when(lambda: len(asked(sandbox, "/issues/events")) == 2)
    done_events = [one.query for one in asked(sandbox, "/issues/events")[:-1]]
    assert slow.fired >= 4
    sandbox.faults.clear()
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=tmp_path, stderr=asyncio.subprocess.PIPE
    )
    _out, shown = await process.communicate()
    assert process.returncode == 0
    assert REPOSITORY.encode() in shown
    index = await known(pool, repository_id(sandbox))
    assert_the_same(sandbox, index)
    assert_the_past(past, index, await History(pool).links(repository_id(sandbox)))
    queries = [one.query for one in asked(sandbox)]
    assert all(queries.count(one) == 1 for one in done)
    events = [one.query for one in asked(sandbox, "/issues/events")]
    assert all(events.count(one) == 1 for one in done_events)


async def test_events_that_github_lists_no_more_are_read_item_by_item(
    sandbox: Sandbox, settings: Settings, past: Past, pool: Pool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.sandbox.api.history.MAX_LISTED", 8)
        await upkeep.backfill(settings, REPOSITORY, Quiet())
    labelled = {number for number, one in sandbox.state.repository(REPOSITORY).issues.items() if one.labels}
    listed = {past.stranger_said}
    own = [f"/repos/{REPOSITORY}/issues/{number}/events" for number in sorted(labelled - listed)]
    assert [one.path for one in asked(sandbox, "/events")][1:] == own
    index = await known(pool, repository_id(sandbox))
    assert_the_same(sandbox, index)
    assert setters(index, past.by_bot) == {"question": (True, Setter.BOT)}
    assert setters(index, past.by_us) == {"documentation": (True, Setter.US)}
    assert setters(index, past.by_form) == {"bug": (True, Setter.FORM)}
    assert None not in {one.by for item, changes in index.values() for one in ledger(item.labels, changes).values()}


async def test_a_window_of_github_s_is_waited_for(sandbox: Sandbox, settings: Settings, past: Past, pool: Pool) -> None:
    fault = sandbox.faults.add(
        Fault(FaultKind.STATUS_BEFORE, r"/issues/events$", "GET", status=429, headers={"Retry-After": "1"})
    )
    watch = Quiet()
    await upkeep.backfill(settings, REPOSITORY, watch)
    assert fault.fired == 1
    assert len(watch.waited) == 1
    assert_the_past(past, await known(pool, repository_id(sandbox)), await History(pool).links(repository_id(sandbox)))


async def test_in_the_background_half_of_the_requests_stay_for_live_events(
    sandbox: Sandbox, settings: Settings, past: Past
) -> None:
    sandbox.limits.limit = 20
    async with running(sandbox, settings) as assistant:
        history = History(assistant.service.pool)
        await history.want([repository_id(sandbox)], next(iter(sandbox.state.installations)))
        await assistant.service.chores._backfill.turn()
        (window,) = [one for name, one in sandbox.limits.windows.items() if name.startswith("installation")]
        assert 8 <= window.used <= 11
        used = window.used
        await assistant.service.chores._backfill.turn()
        assert window.used == used
        assert await history.count(repository_id(sandbox)) > 0


async def test_an_installation_has_its_history_read_by_itself(sandbox: Sandbox, settings: Settings, past: Past) -> None:
    (installation,) = sandbox.state.installations.values()
    installation.repository_ids = set()
    async with running(sandbox, settings) as assistant:
        history = History(assistant.service.pool)
        assert await history.take_next() is None
        sandbox.change_repositories(ORGANISATION, "mira", added=[REPOSITORY])
        await assistant.settled()
        for _ in range(3):
            await assistant.service.chores._backfill.turn()
        index = await known(assistant.service.pool, repository_id(sandbox))
        assert_the_same(sandbox, index)
        assert_the_past(past, index, await history.links(repository_id(sandbox)))
        assert await history.take_next() is None


async def test_the_clock_s_chores_read_what_is_open(sandbox: Sandbox, settings: Settings) -> None:
    async with running(sandbox, settings) as assistant:
        history = History(assistant.service.pool)
        await history.want([repository_id(sandbox)], next(iter(sandbox.state.installations)))
        chores = asyncio.create_task(assistant.service.chores.run())
        async with asyncio.timeout(20):
            while await history.count(repository_id(sandbox)) == 0:  # noqa: ASYNC110 - a test's wait
                await asyncio.sleep(0.02)
        chores.cancel()
        await asyncio.gather(chores, return_exceptions=True)
        # What was missed comes first, for people wait for that.
        paths = [one.path for one in sandbox.requests]
        assert paths.index("/app/hook/deliveries") < paths.index(f"/repos/{REPOSITORY}/issues")


async def test_one_repository_that_cannot_be_read_keeps_no_other_back(sandbox: Sandbox, settings: Settings) -> None:
    async with running(sandbox, settings) as assistant:
        history = History(assistant.service.pool)
        installation = next(iter(sandbox.state.installations))
        await history.want([999_999], installation)
        await history.want([repository_id(sandbox)], installation)
        for _ in range(2):
            await assistant.service.chores._backfill.turn()
        assert_the_same(sandbox, await known(assistant.service.pool, repository_id(sandbox)))
        given_up = await history.take(999_999)
        assert given_up is not None
        assert given_up.finished_at is not None


async def test_a_repository_without_issues_has_no_history(sandbox: Sandbox, settings: Settings, pool: Pool) -> None:
    sandbox.state.repository(REPOSITORY).has_issues = False
    watch = Quiet()
    said = await upkeep.backfill(settings, REPOSITORY, watch)
    assert said == f"{REPOSITORY}: 0 issues and pull requests are known."
    assert watch.total is None
    assert any(one.status == 410 for one in asked(sandbox))


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


async def test_where_the_app_is_not_installed_is_said(sandbox: Sandbox, settings: Settings, pool: Pool) -> None:
    with pytest.raises(AssistantError, match=r"not installed on sample-org/nothing"):
        await upkeep.backfill(settings, "sample-org/nothing", Quiet())
    with pytest.raises(AssistantError, match="is no OWNER/REPO"):
        await upkeep.backfill(settings, "nothing", Quiet())


async def test_who_lost_a_repository_to_another_writes_nothing_more(
    sandbox: Sandbox, settings: Settings, pool: Pool
) -> None:
    history = History(pool)
    await history.want([7], 1)
    first = await history.take(7)
    assert first is not None
    assert await history.take_next() is None
    assert await history.take(7) is not None
    with pytest.raises(BackfillLostError):
        await history.keep(first, first.progress)


async def test_after_deliveries_were_missed_it_is_read_again(pool: Pool) -> None:
    history = History(pool)
    await history.want([7], 1)
    task = await history.take(7)
    assert task is not None
    await history.finish(task)
    assert await history.take_next() is None
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO assistant.gaps (begins, ends) VALUES (now(), now() + interval '1 hour')")
    assert await history.take_next() is not None
