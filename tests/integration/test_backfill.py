"""The history index is read at the wire: read, killed and read on, waiting where GitHub asks for it, once only."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from bot import upkeep
from bot.domain.errors import AssistantError
from bot.domain.history import Setter, ledger
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.settings import Settings
from bot.store.backfills import BackfillLostError, Backfills
from bot.store.database import Pool
from bot.store.history import History
from tests.support.assistant import REPOSITORY, running
from tests.support.history import Quiet, asked, assert_the_past, assert_the_same, known, repository_id, setters
from tests.support.past import ITEMS, Past

ROOT: Final = Path(__file__).parents[2]
ORGANISATION: Final = "sample-org"


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
        backfills, history = Backfills(assistant.service.pool), History(assistant.service.pool)
        await backfills.want([repository_id(sandbox)], next(iter(sandbox.state.installations)))
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
        backfills, history = Backfills(assistant.service.pool), History(assistant.service.pool)
        assert await backfills.take_next() is None
        sandbox.change_repositories(ORGANISATION, "mira", added=[REPOSITORY])
        await assistant.settled()
        for _ in range(3):
            await assistant.service.chores._backfill.turn()
        index = await known(assistant.service.pool, repository_id(sandbox))
        assert_the_same(sandbox, index)
        assert_the_past(past, index, await history.links(repository_id(sandbox)))
        assert await backfills.take_next() is None


async def test_the_clock_s_chores_read_what_is_open(sandbox: Sandbox, settings: Settings) -> None:
    async with running(sandbox, settings) as assistant:
        backfills, history = Backfills(assistant.service.pool), History(assistant.service.pool)
        await backfills.want([repository_id(sandbox)], next(iter(sandbox.state.installations)))
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
        backfills = Backfills(assistant.service.pool)
        installation = next(iter(sandbox.state.installations))
        await backfills.want([999_999], installation)
        await backfills.want([repository_id(sandbox)], installation)
        for _ in range(2):
            await assistant.service.chores._backfill.turn()
        assert_the_same(sandbox, await known(assistant.service.pool, repository_id(sandbox)))
        given_up = await backfills.take(999_999)
        assert given_up is not None
        assert given_up.finished_at is not None


async def test_a_repository_without_issues_has_no_history(sandbox: Sandbox, settings: Settings, pool: Pool) -> None:
    sandbox.state.repository(REPOSITORY).has_issues = False
    watch = Quiet()
    said = await upkeep.backfill(settings, REPOSITORY, watch)
    assert said == f"{REPOSITORY}: 0 issues and pull requests are known."
    assert watch.total is None
    assert any(one.status == 410 for one in asked(sandbox))


async def test_where_the_app_is_not_installed_is_said(sandbox: Sandbox, settings: Settings, pool: Pool) -> None:
    with pytest.raises(AssistantError, match=r"not installed on sample-org/nothing"):
        await upkeep.backfill(settings, "sample-org/nothing", Quiet())
    with pytest.raises(AssistantError, match="is no OWNER/REPO"):
        await upkeep.backfill(settings, "nothing", Quiet())


async def test_who_lost_a_repository_to_another_writes_nothing_more(
    sandbox: Sandbox, settings: Settings, pool: Pool
) -> None:
    backfills = Backfills(pool)
    await backfills.want([7], 1)
    first = await backfills.take(7)
    assert first is not None
    assert await backfills.take_next() is None
    assert await backfills.take(7) is not None
    with pytest.raises(BackfillLostError):
        await backfills.keep(first, first.progress)


async def test_after_deliveries_were_missed_it_is_read_again(pool: Pool) -> None:
    backfills = Backfills(pool)
    await backfills.want([7], 1)
    task = await backfills.take(7)
    assert task is not None
    await backfills.finish(task)
    assert await backfills.take_next() is None
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO assistant.gaps (begins, ends) VALUES (now(), now() + interval '1 hour')")
    assert await backfills.take_next() is not None
