"""GitHub misbehaves, and nothing is lost or doubled. Each test proves that its fault fired."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.runtime.chores import Chores
from bot.sandbox.faults import Armed, Fault, FaultKind
from bot.store.records import Records
from tests.integration.test_events import COMPLETE, INCOMPLETE, bodies, opened, seen
from tests.support.assistant import REPOSITORY, Assistant

COMMENTS = r"/issues/\d+/comments$"


def arm(assistant: Assistant, kind: FaultKind, path: str, method: str = "POST", **more: object) -> Armed:
    return assistant.sandbox.faults.add(Fault(kind, path, method, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER, FaultKind.STATUS_BEFORE, FaultKind.STATUS_AFTER]
)
async def test_a_comment_without_an_answer_is_there_once(assistant: Assistant, kind: FaultKind) -> None:
    fault = arm(assistant, kind, COMMENTS)
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled(within=30, hurried=True)
    assert fault.fired == 1
    assert len(bodies(seen(assistant, number))) == 1
    assert set(seen(assistant, number).labels) == {"bug", "needs-info"}


async def test_a_lagging_list_is_not_believed_at_once(assistant: Assistant) -> None:
    lost = arm(assistant, FaultKind.RESET_AFTER, COMMENTS)
    # The first list is the one that facts are read from, the second is the first look for the lost comment.
    stale = arm(assistant, FaultKind.STALE, COMMENTS, "GET", times=2)
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled(within=30, hurried=True)
    assert lost.fired == 1
    assert stale.fired == 2
    assert len(bodies(seen(assistant, number))) == 1


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (429, {"retry-after": "2"}, "slow down"),
        (403, {"retry-after": "2"}, "You have exceeded a secondary rate limit"),
        (403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded"),
    ],
)
async def test_no_request_leaves_inside_a_window(
    assistant: Assistant, status: int, headers: dict[str, str], message: str
) -> None:
    if "x-ratelimit-remaining" in headers:
        reset = datetime.now(UTC) + timedelta(seconds=3)
        headers = headers | {"x-ratelimit-reset": str(int(reset.timestamp())), "x-ratelimit-limit": "5000"}
    fault = arm(
        assistant, FaultKind.STATUS_BEFORE, r"/labels$", "GET", status=status, headers=headers,
        body={"message": message},
    )  # fmt: skip
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled(within=20)
    assert fault.fired == 1
    assert seen(assistant, number).labels == ("bug",)
    limited = next(one.at for one in assistant.sandbox.requests if one.fault)
    installation = [one for one in assistant.sandbox.requests if one.path.startswith("/repos/") and one.at > limited]
    # Requests that were under way together with the refused one may still come in.
    later = [one.at for one in installation if one.at > limited + timedelta(seconds=0.2)]
    assert min(later) >= limited + timedelta(seconds=2)


async def test_an_expired_token_is_renewed_once(assistant: Assistant) -> None:
    opened(assistant, "jonas", "Crash on a long row", COMPLETE)
    await assistant.settled()
    assistant.sandbox.revoke_tokens()
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    assert seen(assistant, number).labels == ("bug",)
    assert any(one.status == 401 for one in assistant.sandbox.requests)


async def test_tokens_are_narrowed_to_the_repository(assistant: Assistant) -> None:
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    identifier = assistant.sandbox.deliveries[0].repository_id
    assert {one.repository_ids for one in assistant.sandbox.tokens.values()} == {frozenset({identifier})}


async def test_a_write_is_never_sent_along_a_redirect(assistant: Assistant) -> None:
    elsewhere = "http://127.0.0.1:9/steal"
    fault = arm(assistant, FaultKind.REDIRECT, r"/issues/\d+/labels$", status=307, location=elsewhere)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    assert fault.fired == 1
    assert seen(assistant, number).labels == ()
    assert "redirected away" in next(iter((await assistant.reasons()).values()))


async def test_a_folder_that_a_lagging_server_does_not_find_is_looked_into_again(assistant: Assistant) -> None:
    assistant.sandbox.commit(REPOSITORY, "mira", {".github/CONTRIBUTING.md": "# How\n"}, "Say how")
    lag = arm(assistant, FaultKind.STATUS_BEFORE, r"/tidepool/contents/\.github$", "GET", status=404)
    welcomes = []
    for name in ("aiko", "stranger"):
        number = opened(assistant, name, "Crash on an empty row", COMPLETE)
        await assistant.settled()
        (body,) = bodies(seen(assistant, number))
        welcomes.append("/blob/main/.github/CONTRIBUTING.md" in body)
    assert lag.fired == 1
    assert welcomes == [False, True]


async def test_a_renamed_repository_is_followed(assistant: Assistant) -> None:
    webhook, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.rename_repository(REPOSITORY, "rockpool", "mira")
    assistant.sandbox.webhook_url = webhook
    assistant.sandbox.redeliver(next(one.id for one in assistant.sandbox.deliveries if one.event == "issues"))
    await assistant.settled()
    assert assistant.sandbox.thread("sample-org/rockpool", number).labels == ("bug",)


@pytest.mark.parametrize("what", ["deleted", "transferred", "locked", "uninstalled"])
async def test_what_is_gone_ends_without_a_storm(assistant: Assistant, what: str) -> None:
    webhook, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.sandbox.drain_webhooks()
    issue_delivery = assistant.sandbox.deliveries[0]
    match what:
        case "deleted":
            assistant.sandbox.delete_issue(REPOSITORY, number, "mira")
        case "transferred":
            assistant.sandbox.create_repository("sample-org", "other", {"README.md": "# Other\n"})
            assistant.sandbox.transfer(REPOSITORY, number, "mira", "sample-org/other")
        case "locked":
            assistant.sandbox.lock(REPOSITORY, number, "mira")
        case "uninstalled":
            assistant.sandbox.uninstall_app("sample-org")
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.webhook_url = webhook
    assistant.sandbox.redeliver(issue_delivery.id)
    await assistant.settled()
    assert " done: " in (await assistant.reasons())[issue_delivery.guid]
    assert [one for one in assistant.sandbox.writes if "access_tokens" not in one.path] == []
    assert len(assistant.sandbox.requests) < 30


async def test_a_missing_permission_turns_off_what_needs_it(assistant: Assistant) -> None:
    for installation in assistant.sandbox.state.installations.values():
        installation.permissions = {"metadata": "read", "contents": "read", "issues": "read", "pull_requests": "read"}
    opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    assert "missing permissions" in next(iter((await assistant.reasons()).values()))
    assert [one for one in assistant.sandbox.writes if "access_tokens" not in one.path] == []


async def test_missed_deliveries_are_fetched(assistant: Assistant) -> None:
    webhook, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    numbers = [opened(assistant, "jonas", f"Crash on row {row}", COMPLETE) for row in range(3)]
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.webhook_url = webhook
    chores: Chores = assistant.service.chores
    assert await chores.fetch_missed(datetime.now(UTC)) == 3
    await assistant.settled()
    assert [seen(assistant, number).labels for number in numbers] == [("bug",)] * 3
    assert await chores.fetch_missed(datetime.now(UTC)) == 0


async def test_what_was_missed_of_our_own_writes_is_heard_of_too(assistant: Assistant) -> None:
    """Also by a release that kept no bodies of these: without one nothing is told, and nothing fails."""
    records, since = Records(assistant.service.pool), datetime.now(UTC) - timedelta(hours=1)
    assistant.sandbox.webhook_url = None
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.sandbox.drain_webhooks()
    await assistant.service.chores.fetch_missed(datetime.now(UTC))
    await assistant.settled()
    assert await assistant.service.chores.fetch_missed(datetime.now(UTC)) > 0
    repository = assistant.sandbox.state.repository(REPOSITORY).id
    told = [json.loads(one) for one in await records.heard(repository, since)]
    assert [one["comment"]["body"] for one in told] == list(bodies(seen(assistant, number)))
    async with assistant.service.pool.connection() as connection:
        await connection.execute("UPDATE assistant.deliveries SET body = '' WHERE state = 'ignored'")
    assert await records.heard(repository, since) == []


async def test_the_write_rate_of_an_installation_is_kept(assistant: Assistant) -> None:
    """Forty at once, then one per second."""
    limits = assistant.service.limits
    waits = [await limits.take_write(77) for _ in range(42)]
    assert waits[:40] == [0.0] * 40
    assert all(0.5 < wait <= 1.0 for wait in waits[40:])
    await asyncio.sleep(waits[-1] + 0.05)
    assert await limits.take_write(77) == 0.0


async def test_refused_credentials_are_tried_again(assistant: Assistant) -> None:
    fault = arm(assistant, FaultKind.BAD_TOKEN, r"^/app$", "GET", times=2)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    assert fault.fired == 2
    assert seen(assistant, number).labels == ("bug",)


@pytest.mark.parametrize("path", [r"^/app$", r"^/app/installations/\d+$"])
async def test_a_server_that_does_not_tell_about_the_app_will_do(assistant: Assistant, path: str) -> None:
    fault = arm(assistant, FaultKind.STATUS_BEFORE, path, "GET", status=404, times=None)
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    assistant.sandbox.edit_issue(REPOSITORY, number, "jonas", body=COMPLETE)
    await assistant.settled()
    assert fault.fired >= 1
    assert len(bodies(seen(assistant, number))) == 1
    assert seen(assistant, number).labels == ("bug",)


@pytest.mark.parametrize("status", [409, 422])
async def test_an_empty_repository_has_defaults(assistant: Assistant, status: int) -> None:
    fault = arm(assistant, FaultKind.STATUS_BEFORE, r"/commits/main$", "GET", status=status, times=None)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    assert fault.fired >= 1
    assert seen(assistant, number).labels == ("bug",)


async def test_a_moved_owner_repository_is_no_moved_item(assistant: Assistant) -> None:
    location = f"{assistant.sandbox.url}/repositories/9/contents/x"
    fault = arm(assistant, FaultKind.REDIRECT, r"/\.github/contents", "GET", status=301, location=location, times=None)
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    assert fault.fired >= 1
    assert seen(assistant, number).labels == ("bug",)


async def test_a_refused_write_keeps_nothing_else_back(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    fault = arm(assistant, FaultKind.STATUS_BEFORE, r"/issues/\d+/labels$", status=403)
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/label question\n/help")
    await assistant.settled()
    assert fault.fired == 1
    thread = seen(assistant, number)
    assert "/why" in bodies(thread)[0]
    assert thread.comments[0].reactions == {"confused": 1}


async def test_workflow_runs_that_cannot_be_read_keep_nothing_back(assistant: Assistant) -> None:
    fault = arm(assistant, FaultKind.STATUS_BEFORE, r"/actions/runs$", "GET", status=503)
    files = {"docs/logs.md": "# Logs\n\nYou can recieve a log.\n"}
    pull = assistant.sandbox.open_pull(REPOSITORY, "stranger", "Explain logs", files=files)
    await assistant.settled()
    assert fault.fired == 1
    thread = seen(assistant, pull.number)
    assert len(thread.reviews) == 1
    assert len(bodies(thread)) == 1


async def test_an_installation_that_comes_back_finds_its_comment(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    assistant.sandbox.uninstall_app("sample-org")
    await assistant.settled()
    assistant.sandbox.install_app("sample-org")
    assistant.sandbox.edit_issue(REPOSITORY, number, "jonas", body=INCOMPLETE.replace("Linux", "_No response_"))
    await assistant.settled()
    (body,) = bodies(seen(assistant, number))
    assert "Operating system" in body


async def test_missed_deliveries_in_an_odd_list_end_nothing(assistant: Assistant) -> None:
    fault = arm(assistant, FaultKind.STATUS_BEFORE, "/app/hook/deliveries", "GET", status=200, body={"ok": True})
    chores = asyncio.create_task(assistant.service.chores.run())
    await asyncio.sleep(0.5)
    assert fault.fired == 1
    assert not chores.done()
    chores.cancel()
    await asyncio.gather(chores, return_exceptions=True)


async def test_a_label_with_the_name_of_a_folder_removes_no_others(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    repository = next(one for one in assistant.sandbox.state.repositories.values() if one.full_name == REPOSITORY)
    assistant.sandbox.state.make_label(repository, ".", "ededed", "")
    await assistant.settled()
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/label .")
    await assistant.settled()
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/unlabel .")
    await assistant.settled()
    assert set(seen(assistant, number).labels) == {"bug", "."}


async def test_a_delivery_that_was_given_up_runs_when_it_is_sent_again(assistant: Assistant) -> None:
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    async with assistant.service.pool.connection() as connection:
        await connection.execute("UPDATE assistant.deliveries SET state = 'failed'")
        await connection.execute("TRUNCATE assistant.decisions, assistant.effects")
    again = assistant.sandbox.redeliver(assistant.sandbox.deliveries[0].id)
    await assistant.settled()
    assert again.response_body == "queued: issues.opened\n"
    assert " done: " in (await assistant.reasons())[again.guid]


async def test_an_answer_counts_though_the_list_does_not_show_it_yet(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    lag = arm(assistant, FaultKind.LAG, COMMENTS, "GET", times=None, seconds=3600)
    assistant.sandbox.comment(REPOSITORY, number, "jonas", "Sorry, it is version 1.4.2.")
    await assistant.settled()
    assert lag.fired >= 1
    assert seen(assistant, number).labels == ("bug",)
