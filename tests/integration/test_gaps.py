"""What an outage leaves behind: recorded gaps, the list of deliveries, and the scan of what it lists no more."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import pytest

from bot.bootstrap import service
from bot.domain.errors import AssistantError
from bot.runtime import liveness
from bot.runtime.missed import SCOPE, NotYetError
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.settings import Settings
from bot.store.database import Pool, migrate, open_pool
from bot.store.gaps import Gap, Gaps
from bot.store.threads import Threads
from tests.integration.test_events import COMPLETE, bodies, opened, seen
from tests.support.assistant import REPOSITORY, Assistant

HOUR: Final = timedelta(hours=1)
ORGANISATION: Final = "sample-org"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=4) as made:
        yield made


async def alive(pool: Pool, ago: timedelta) -> None:
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM assistant.liveness")
        await connection.execute("INSERT INTO assistant.liveness (alive_until) VALUES (now() - %s::interval)", (ago,))


async def test_a_silence_is_recorded_once_from_the_last_life_sign_to_the_next(pool: Pool) -> None:
    gaps = Gaps(pool)
    assert await gaps.beat() is None
    await alive(pool, 2 * HOUR)
    found = [one for one in await asyncio.gather(*(gaps.beat() for _ in range(3))) if one]
    assert len(found) == 1
    ((begins, ends),) = found
    assert timedelta(hours=2) <= ends - begins < timedelta(hours=2, seconds=30)
    assert abs(datetime.now(UTC) - ends) < timedelta(seconds=30)
    (gap,) = await gaps.open()
    assert gap == Gap(gap.id, begins, ends)
    await gaps.mark_scanned(gap.id, 7)
    assert await gaps.scanned(gap.id) == {7}
    await gaps.settle(gap.id)
    assert (await gaps.open(), await gaps.scanned(gap.id)) == ([], set())


async def test_a_short_silence_is_none(pool: Pool) -> None:
    await alive(pool, timedelta(seconds=50))
    assert await Gaps(pool).beat() is None


async def test_an_older_release_left_the_time_of_its_last_look(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO assistant.progress VALUES "
            "('missed deliveries', jsonb_build_object('until', now() - interval '3 hours'))"
        )
    found = await Gaps(pool).beat()
    assert found is not None
    assert timedelta(hours=3) <= found[1] - found[0] < timedelta(hours=3, seconds=30)
    assert await Gaps(pool).beat() is None


async def test_since_when_a_repository_has_been_ours(pool: Pool) -> None:
    gaps, early, late = Gaps(pool), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    await gaps.note_installed(1, [10, 11, 10], late)
    await gaps.note_installed(1, [10], early)
    await gaps.note_installed(1, [11], late + HOUR)
    assert await gaps.installed(1) == {10: early, 11: late}
    await gaps.note_installed(2, [10], late)
    assert (await gaps.installed(1), await gaps.installed(2)) == ({11: late}, {10: late})


async def test_the_life_sign_goes_on_though_the_database_was_away(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "_EVERY", 0.01)
    gaps, beats = Gaps(pool), []
    beat = gaps.beat

    async def unsteady() -> tuple[datetime, datetime] | None:
        beats.append(datetime.now(UTC))
        if len(beats) == 1:
            raise psycopg.OperationalError("gone")
        return await beat()

    monkeypatch.setattr(gaps, "beat", unsteady)
    running = asyncio.create_task(liveness.Liveness(gaps).run())
    while len(beats) < 4:  # noqa: ASYNC110 - a test's wait
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT clock_timestamp() - alive_until FROM assistant.liveness")
        row = await cursor.fetchone()
    assert row is not None
    assert row[0] < timedelta(seconds=10)


async def test_what_was_known_before_the_table_is_kept_and_forgotten_with_its_installation(database_url: str) -> None:
    async with open_pool(database_url, size=2) as pool:
        await migrate(database_url)
        async with pool.connection() as connection:
            await connection.execute(
                "DROP TABLE assistant.liveness, assistant.scans, assistant.gaps, assistant.installed"
            )
            await connection.execute("DELETE FROM assistant_migrations WHERE name = '0002_gaps.sql'")
            await connection.execute(
                "INSERT INTO assistant.deliveries (guid, event, installation_id, repository_id, body, state, "
                "received_at) VALUES ('a', 'issues', 5, 9, '', 'done', '2026-02-02Z'), "
                "('b', 'issues', 5, 9, '', 'done', '2026-01-01Z')"
            )
        assert await migrate(database_url) == ["0002_gaps.sql"]
        assert await Gaps(pool).installed(5) == {9: datetime(2026, 1, 1, tzinfo=UTC)}
        await Gaps(pool).note_installed(5, [10], datetime(2026, 1, 1, tzinfo=UTC))
        assert sorted(await Threads(pool).forget_installation(5)) == [9, 10]
        assert await Gaps(pool).installed(5) == {}


async def outage(assistant: Assistant, *, listed: bool, hours: int = 5) -> None:
    """The service was away for so long; GitHub lists what it could not deliver then, or lists it no more."""
    sandbox, running = assistant.sandbox, assistant.service
    await sandbox.drain_webhooks()
    if not listed:
        sandbox.deliveries_kept = timedelta(0)
    for item in sandbox.state.installations.values():
        item.created_at = min(item.created_at, datetime.now(UTC) - timedelta(days=1))
    await alive(running.pool, hours * HOUR)
    await running.liveness.note()


def away(assistant: Assistant) -> None:
    assistant.sandbox.webhook_url = None


async def caught_up(assistant: Assistant) -> int:
    stored = await assistant.service.chores.fetch_missed(datetime.now(UTC))
    await assistant.settled()
    assert assistant.sandbox.unknown_requests == []
    return stored


async def test_what_is_listed_no_more_is_found_by_looking(assistant: Assistant) -> None:
    sandbox = assistant.sandbox
    known = opened(assistant, "jonas", "Crash on a long row", COMPLETE)
    await assistant.settled()
    away(assistant)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    pull = sandbox.open_pull(
        REPOSITORY, "stranger", "Explain logs", files={"docs/a.md": "# A\n\nYou recieve.\n"}
    ).number
    sandbox.comment(REPOSITORY, known, "mira", "/label question")
    await outage(assistant, listed=False)
    assert await caught_up(assistant) == 3
    assert seen(assistant, number).labels == ("bug",)
    assert len(seen(assistant, pull).reviews) == 1
    assert set(seen(assistant, known).labels) == {"bug", "question"}
    assert await assistant.service.chores.fetch_missed(datetime.now(UTC)) == 0
    listed = [one for one in sandbox.requests if one.path == "/installation/repositories"]
    assert len(listed) == 1
    token = sandbox.tokens[str(listed[0].token_id)]
    assert token.permissions == {"metadata": "read"}


async def test_what_is_listed_is_not_looked_for(assistant: Assistant) -> None:
    await assistant.service.chores.fetch_missed(datetime.now(UTC))
    opened(assistant, "jonas", "Crash on a long row", COMPLETE)
    await assistant.settled()
    away(assistant)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await outage(assistant, listed=True)
    async with assistant.service.pool.connection() as connection:
        await connection.execute(
            "UPDATE assistant.progress SET value = jsonb_build_object('until', now() - interval '5 hours', "
            "'from', now() - interval '6 hours') WHERE name = 'missed deliveries'"
        )
    # An older row shows that the list reaches back behind the last look.
    assistant.sandbox.deliveries[0].delivered_at -= 6 * HOUR
    assert await caught_up(assistant) == 1
    assert seen(assistant, number).labels == ("bug",)
    assert [one for one in assistant.sandbox.requests if one.path == "/app/installations"] == []
    assert await Gaps(assistant.service.pool).open() == []


async def test_a_list_that_makes_no_sense_keeps_nothing_else_back(assistant: Assistant) -> None:
    sandbox = assistant.sandbox
    away(assistant)
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await outage(assistant, listed=False)
    payload = {"action": "created", "issue": {"number": 1}, "sender": {"type": "User"}, "comment": None}
    where = {"repository": {"id": next(iter(sandbox.state.repositories))}, "installation": {"id": 1}}
    assistant.sandbox.webhook_url = f"{assistant.url}/webhooks/github"
    sandbox.deliver_raw("issue_comment", {**payload, **where})
    await assistant.settled()
    fault = sandbox.faults.add(
        Fault(FaultKind.STATUS_BEFORE, rf"^/repos/{REPOSITORY}/issues$", "GET", status=200, body=[{"number": 2}])
    )
    assert await caught_up(assistant) == 0
    assert fault.fired == 1
    assert await Gaps(assistant.service.pool).open() == []


async def test_a_delivery_without_a_body_keeps_nothing_else_back(assistant: Assistant) -> None:
    sandbox = assistant.sandbox
    away(assistant)
    numbers = [opened(assistant, "jonas", f"Crash on row {row}", COMPLETE) for row in range(2)]
    body = {"id": 1, "event": "issues", "request": {"headers": {}, "payload": None}}
    fault = sandbox.faults.add(
        Fault(FaultKind.STATUS_BEFORE, rf"/deliveries/{sandbox.deliveries[0].id}$", "GET", status=200, body=body)
    )
    assert await caught_up(assistant) == 1
    assert fault.fired == 1
    assert [seen(assistant, number).labels for number in numbers] == [(), ("bug",)]


async def test_without_a_gap_nothing_is_looked_for(assistant: Assistant) -> None:
    away(assistant)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    assistant.sandbox.deliveries_kept = timedelta(0)
    await assistant.service.liveness.note()
    assert await caught_up(assistant) == 0
    assert seen(assistant, number).labels == ()


async def test_an_archived_repository_is_not_looked_at(assistant: Assistant) -> None:
    away(assistant)
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    (repository,) = (one for one in assistant.sandbox.state.repositories.values() if one.full_name == REPOSITORY)
    repository.archived = True
    await outage(assistant, listed=False)
    assert await caught_up(assistant) == 0
    assert [one for one in assistant.sandbox.requests if one.path == f"/repos/{REPOSITORY}/issues"] == []


@pytest.mark.parametrize("when", ["before the gap", "before the installation", "longer ago than anybody waits for"])
async def test_what_is_older_is_left_alone(assistant: Assistant, when: str) -> None:
    sandbox = assistant.sandbox
    away(assistant)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    item = sandbox.state.issue(REPOSITORY, number)
    (installation,) = sandbox.state.installations.values()
    match when:
        case "before the gap":
            item.created_at -= 6 * HOUR
            await outage(assistant, listed=False)
        case "before the installation":
            item.created_at -= HOUR
            await outage(assistant, listed=False)
            installation.created_at = item.created_at + timedelta(minutes=1)
        case _:
            item.created_at -= timedelta(days=15)
            await outage(assistant, listed=False, hours=24 * 20)
            installation.created_at = item.created_at - HOUR
    assert await caught_up(assistant) == 0
    assert seen(assistant, number).labels == ()


@pytest.mark.parametrize("told", [True, False])
async def test_a_repository_that_was_added_is_looked_at_from_then_on(assistant: Assistant, told: bool) -> None:
    sandbox = assistant.sandbox
    (installation,) = sandbox.state.installations.values()
    installation.repository_ids = set()
    if told:
        sandbox.change_repositories(ORGANISATION, "mira", added=[REPOSITORY])
    else:
        installation.repository_ids = {one.id for one in sandbox.state.repositories.values()}
    await assistant.settled()
    added = datetime.now(UTC)
    away(assistant)
    numbers = [opened(assistant, "jonas", f"Crash on row {row}", COMPLETE) for row in range(2)]
    sandbox.state.issue(REPOSITORY, numbers[0]).created_at = added - HOUR
    await outage(assistant, listed=False)
    await caught_up(assistant)
    assert [seen(assistant, number).labels for number in numbers] == [(), ("bug",) if told else ()]


async def test_a_repository_that_was_taken_away_is_forgotten_though_that_was_missed(assistant: Assistant) -> None:
    sandbox = assistant.sandbox
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    away(assistant)
    sandbox.change_repositories(ORGANISATION, "mira", removed=[REPOSITORY])
    await outage(assistant, listed=True)
    assert await caught_up(assistant) == 1
    assert set((await assistant.reasons()).values()) == {
        "installation_repositories.removed done: installation_repositories.removed: 1 repositories forgotten"
    }


async def test_one_installation_that_has_to_wait_does_not_hold_up_the_others(assistant: Assistant) -> None:
    sandbox, running = assistant.sandbox, assistant.service
    sandbox.state.add_account("other-org", "Organization", when=datetime.now(UTC))
    sandbox.create_repository("other-org", "rockpool", {"README.md": "# Rockpool\n"})
    sandbox.state.make_label(sandbox.state.repository("other-org/rockpool"), "bug")
    away(assistant)
    sandbox.install_app("other-org")
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    other = sandbox.open_issue("other-org/rockpool", "jonas", "Crash on an empty row", COMPLETE).number
    await outage(assistant, listed=False)
    fault = sandbox.faults.add(
        Fault(FaultKind.STATUS_BEFORE, rf"^/repos/{REPOSITORY}/issues$", "GET", status=503)
    )  # fmt: skip
    with pytest.raises(NotYetError):
        await running.chores.fetch_missed(datetime.now(UTC))
    await assistant.settled()
    assert fault.fired == 1
    assert sandbox.thread("other-org/rockpool", other).labels == ("bug",)
    assert seen(assistant, number).labels == ()
    with pytest.raises(NotYetError):
        await running.chores.fetch_missed(datetime.now(UTC))
    await reopened(running.pool)
    asked = len(sandbox.requests)
    assert await caught_up(assistant) == 1
    assert seen(assistant, number).labels == ("bug",)
    again = [one for one in sandbox.requests[asked:] if one.path == "/repos/other-org/rockpool/issues"]
    assert [one for one in again if "since" in one.query] == []


async def reopened(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM assistant.backoffs WHERE scope = %s", (SCOPE,))


async def test_an_item_s_deliveries_are_fetched_in_their_order(sandbox: Sandbox, settings: Settings) -> None:
    number = sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", COMPLETE).number
    for turn in range(60):
        sandbox.edit_issue(REPOSITORY, number, "jonas", title=f"Crash on row {turn}")
    async with service(settings) as made:
        assert await made.chores.fetch_missed(datetime.now(UTC)) == 61
        async with made.pool.connection() as connection:
            cursor = await connection.execute("SELECT guid FROM assistant.deliveries ORDER BY position")
            assert [row[0] for row in await cursor.fetchall()] == [one.guid for one in sandbox.deliveries]


async def test_what_was_fetched_stays_and_the_rest_comes_later(assistant: Assistant) -> None:
    """One delivery that GitHub cannot give now keeps back nothing but the mark that all was fetched."""
    sandbox, running = assistant.sandbox, assistant.service
    away(assistant)
    numbers = [opened(assistant, "jonas", f"Crash on row {row}", COMPLETE) for row in range(3)]
    await sandbox.drain_webhooks()
    fault = sandbox.faults.add(
        Fault(FaultKind.STATUS_BEFORE, rf"^/app/hook/deliveries/{sandbox.deliveries[1].id}$", status=502)
    )
    with pytest.raises(NotYetError):
        await running.chores.fetch_missed(datetime.now(UTC))
    await assistant.settled()
    assert fault.fired == 1
    assert [seen(assistant, number).labels for number in numbers] == [("bug",), (), ("bug",)]
    assert await running.deliveries.load_progress("missed deliveries") == {}
    await reopened(running.pool)
    asked = len(sandbox.requests)
    assert await caught_up(assistant) == 1
    assert sum("/app/hook/deliveries/" in one.path for one in sandbox.requests[asked:]) == 1


async def test_what_arrived_is_not_fetched(assistant: Assistant) -> None:
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    async with assistant.service.pool.connection() as connection:
        await connection.execute("DELETE FROM assistant.deliveries")
    assert await caught_up(assistant) == 0


async def test_of_a_list_that_cannot_be_read_three_are_tried(assistant: Assistant) -> None:
    sandbox = assistant.sandbox
    away(assistant)
    for row in range(5):
        opened(assistant, "jonas", f"Crash on row {row}", COMPLETE)
    await sandbox.drain_webhooks()
    fault = sandbox.faults.add(
        Fault(FaultKind.STATUS_BEFORE, r"^/app/hook/deliveries/\d+$", "GET", status=502, times=None)
    )
    with pytest.raises(AssistantError):
        await assistant.service.chores.fetch_missed(datetime.now(UTC))
    assert fault.fired >= 3
    assert len({one.path for one in sandbox.requests if one.path.startswith("/app/hook/deliveries/")}) == 3


async def test_a_list_that_does_not_reach_back_to_the_last_look_covers_only_itself(assistant: Assistant) -> None:
    running, now = assistant.service, datetime.now(UTC)
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    looked = {"until": (now - 5 * HOUR).isoformat(), "from": (now - 10 * HOUR).isoformat()}
    await running.deliveries.save_progress("missed deliveries", looked)
    assert await caught_up(assistant) == 0
    progress = await running.deliveries.load_progress("missed deliveries")
    assert datetime.fromisoformat(progress["from"]) >= now - timedelta(minutes=1)


async def test_the_app_keeps_requests_for_its_tokens(assistant: Assistant) -> None:
    sandbox, running = assistant.sandbox, assistant.service
    away(assistant)
    for row in range(8):
        opened(assistant, "jonas", f"Crash on row {row}", COMPLETE)
    await sandbox.drain_webhooks()
    sandbox.limits.limit = 25
    sandbox.limits.window(f"app ID {sandbox.app_id}", sandbox.now()).used = 15
    with pytest.raises(NotYetError):
        await running.chores.fetch_missed(datetime.now(UTC))
    assert (await running.deliveries.counts()) != {}
    assert sandbox.limits.window(f"app ID {sandbox.app_id}", sandbox.now()).used <= 25
    until = await running.limits.window(SCOPE)
    assert until is not None
    assert timedelta(minutes=55) < until - datetime.now(UTC) <= timedelta(hours=1)
    fetched = [one for one in sandbox.requests if one.path.startswith("/app/hook/deliveries/")]
    assert 0 < len(fetched) < 8


async def test_a_command_that_was_fetched_is_not_run_again_by_looking(assistant: Assistant) -> None:
    sandbox = assistant.sandbox
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    away(assistant)
    sandbox.comment(REPOSITORY, number, "mira", "/help")
    await outage(assistant, listed=True)
    assert await caught_up(assistant) == 1
    assert len(bodies(seen(assistant, number))) == 1
