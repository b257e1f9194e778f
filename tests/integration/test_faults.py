"""GitHub misbehaves, and nothing is lost or doubled. Each test proves that its fault fired."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.runtime.chores import Chores
from bot.sandbox.faults import Armed, Fault, FaultKind
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
    await assistant.settled(within=30)
    assert fault.fired == 1
    assert len(bodies(seen(assistant, number))) == 1
    assert set(seen(assistant, number).labels) == {"bug", "needs-info"}


async def test_a_lagging_list_is_not_believed_at_once(assistant: Assistant) -> None:
    lost = arm(assistant, FaultKind.RESET_AFTER, COMMENTS)
    # The first list is the one that facts are read from, the second is the first look for the lost comment.
    stale = arm(assistant, FaultKind.STALE, COMMENTS, "GET", times=2)
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled(within=30)
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


async def test_the_write_rate_of_an_installation_is_kept(assistant: Assistant) -> None:
    """Forty at once, then one per second."""
    limits = assistant.service.limits
    waits = [await limits.take_write(77) for _ in range(42)]
    assert waits[:40] == [0.0] * 40
    assert all(0.5 < wait <= 1.0 for wait in waits[40:])
    await asyncio.sleep(waits[-1] + 0.05)
    assert await limits.take_write(77) == 0.0
