from __future__ import annotations

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.api import history
from tests.sandbox.client import REPO, Client, R


async def test_a_repository_s_events_are_listed_newest_first_with_their_items(client: Client, sandbox: Sandbox) -> None:
    number = sandbox.open_issue(REPO, "jonas", "A page", "", ["bug"]).number
    sandbox.mark_duplicate(REPO, number, "mira", 1)
    sandbox.unmark_duplicate(REPO, number, "mira")
    listed = (await client.get(f"{R}/issues/events?per_page=3")).json
    assert [one["event"] for one in listed] == ["unmarked_as_duplicate", "marked_as_duplicate", "labeled"]
    assert {one["issue"]["number"] for one in listed} == {number}
    assert sandbox.thread(REPO, number).comments[-1].body == "Duplicate of #1"


async def test_the_list_is_cut_and_further_pages_are_refused(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_LISTED", 4)
    first = await client.get(f"{R}/issues/events?per_page=2&page=2")
    assert len(first.json) == 2
    assert 'rel="next"' not in first.headers.get("Link", "")
    assert (await client.get(f"{R}/issues/events?per_page=2&page=3")).status == 422
    assert sandbox.unknown_requests == []


async def test_the_list_knows_no_other_parameter(client: Client) -> None:
    assert (await client.get(f"{R}/issues/events?since=2026-01-01T00:00:00Z")).status == 422
