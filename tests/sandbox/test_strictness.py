from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import Sandbox
from tests.sandbox.client import Client, R


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing/here", None, 404),
        ("PUT", f"{R}/issues/1/labels", {"labels": ["bug"]}, 404),
        ("PUT", f"{R}/issues/1/lock", {}, 404),
        ("DELETE", R, None, 404),
        ("GET", f"{R}/issues?colour=red", None, 422),
        ("POST", f"{R}/issues/1/comments", {"body": "x", "colour": "red"}, 422),
        ("PATCH", f"{R}/issues/1", {"title": "mine now"}, 422),
        ("POST", f"{R}/pulls/1/reviews", {"event": "COMMENT", "comments": [{"colour": 1}]}, 422),
    ],
)
async def test_what_is_not_known_is_refused_and_listed(
    client: Client, sandbox: Sandbox, method: str, path: str, body: Any, status: int
) -> None:
    answer = await client.request(method, path, json=body)
    assert answer.status == status
    assert [entry.path for entry in sandbox.unknown_requests] == [path.partition("?")[0]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"body": 1}, 422),
        ({"body": None}, 422),
        ({"body": " \n"}, 422),
        ({"body": "x" * 65_537}, 422),
        (["body"], 400),
        ({"body": "x" * 65_536}, 201),
    ],
)
async def test_a_comment_needs_a_body_of_allowed_length(client: Client, body: Any, status: int) -> None:
    assert (await client.post(f"{R}/issues/1/comments", body)).status == status


async def test_what_is_no_json_is_refused(client: Client) -> None:
    async with client.session.post(
        f"{client.sandbox.url}{R}/issues/1/comments",
        data=b"{nonsense",
        headers={"Authorization": f"Bearer {client.token}"},
    ) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-GitHub-Api-Version": "1999-01-01"}, 400),
        ({"Accept": "text/html"}, 415),
        ({"User-Agent": ""}, 403),
        ({"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}, 200),
    ],
)
async def test_headers_are_checked(client: Client, headers: dict[str, str], status: int) -> None:
    assert (await client.get(R, headers=headers)).status == status


async def test_every_request_is_logged(client: Client, sandbox: Sandbox) -> None:
    await client.post(f"{R}/issues/1/comments", {"body": "Hello"})
    await client.get(f"/api/v3{R}/issues?state=all")
    write, read = sandbox.requests[-2:]
    assert (write.method, write.path, write.body, write.status) == (
        "POST",
        f"{R}/issues/1/comments",
        {"body": "Hello"},
        201,
    )
    assert (read.prefix, read.path, read.query) == ("/api/v3", f"{R}/issues", {"state": "all"})
    assert sandbox.writes == [write]
    assert write.headers["Authorization"] == "(hidden)"


async def test_urls_carry_the_prefix_the_request_came_by(client: Client, sandbox: Sandbox) -> None:
    for prefix in ("", "/api/v3"):
        answer = await client.get(f"{prefix}{R}/issues?state=all&per_page=1")
        assert answer.json[0]["url"].startswith(f"{sandbox.url}{prefix}/repos/")
        assert f"<{sandbox.url}{prefix}/repos/" in answer.headers["Link"]
        assert answer.json[0]["html_url"] == f"{sandbox.url}/sample-org/tidepool/issues/4"
