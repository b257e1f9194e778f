from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import jwt
import pytest

from bot.sandbox import Sandbox, generate
from tests.sandbox.client import REPO, Client, R


async def test_the_app_token_may_name_the_app_as_text_or_as_a_number(client: Client) -> None:
    now = int(client.sandbox.now().timestamp())
    as_number = jwt.api_jws.PyJWS().encode(
        f'{{"iat":{now},"exp":{now + 60},"iss":{client.sandbox.app_id}}}'.encode(),
        client.sandbox.private_key,
        algorithm="RS256",
    )
    for token in (client.app_token(), as_number):
        assert (await client.get("/app", token=token)).status == 200


@pytest.mark.parametrize(
    ("claims", "status", "message"),
    [
        ({"exp": 1}, 401, "'Expiration time' claim"),
        ({"exp": None}, 401, "'Expiration time' claim"),
        ({"exp": 4_000_000_000}, 401, "too far in the future"),
        ({"iat": 4_000_000_000}, 401, "'Issued at' claim"),
        ({"iat": None}, 401, "'Issued at' claim"),
        ({"iss": "77"}, 404, "Integration not found"),
    ],
)
async def test_app_tokens_with_wrong_claims_are_refused(
    client: Client, claims: dict[str, Any], status: int, message: str
) -> None:
    answer = await client.get("/app", token=client.app_token(**claims))
    assert answer.status == status
    assert message in answer.message


async def test_small_clock_drift_is_forgiven_and_large_is_not(client: Client) -> None:
    now = int(client.sandbox.now().timestamp())
    assert (await client.get("/app", token=client.app_token(iat=now + 30))).status == 200
    assert (await client.get("/app", token=client.app_token(iat=now + 90))).status == 401


async def test_another_key_is_refused(client: Client) -> None:
    now = int(client.sandbox.now().timestamp())
    token = jwt.encode({"iat": now, "exp": now + 60, "iss": "1"}, generate().private_key, algorithm="RS256")
    assert (await client.get("/app", token=token)).status == 401


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer ", "Bearer ghs_nothing", "Bearer eyJ.x.y"])
async def test_no_or_bad_credentials(client: Client, header: str) -> None:
    answer = await client.get(R, token="", headers={"Authorization": header} if header else {})
    assert answer.status == 401


async def test_a_token_is_long_and_lives_one_hour(client: Client, sandbox: Sandbox) -> None:
    made = (await client.issue_token()).json
    assert re.fullmatch(r"ghs_[A-Za-z0-9._-]{500,540}", made["token"])
    client.token = made["token"]
    assert (await client.get(R)).status == 200
    sandbox.clock_offset = timedelta(minutes=61)
    answer = await client.get(R)
    assert (answer.status, answer.message) == (401, "Bad credentials")


async def test_the_date_header_follows_the_clock(client: Client, sandbox: Sandbox) -> None:
    sandbox.clock_offset = timedelta(days=365 * 40)
    assert str(sandbox.now().year) in (await client.get(R)).headers["Date"]


async def test_permissions_are_narrowed(client: Client) -> None:
    await client.narrow({"permissions": {"issues": "read"}})
    assert (await client.get(f"{R}/issues/1")).status == 200
    answer = await client.post(f"{R}/issues/1/comments", {"body": "no"})
    assert (answer.status, answer.message) == (403, "Resource not accessible by integration")
    assert answer.headers["x-accepted-github-permissions"] == "issues=write; pull_requests=write"
    assert (await client.get(f"{R}/contents/README.md")).status == 403


async def test_the_pull_request_permission_does_not_reach_issues(client: Client, sandbox: Sandbox) -> None:
    pull = sandbox.open_pull(REPO, "aiko", "A change", files={"a.txt": "a\n"}).number
    await client.narrow({"permissions": {"pull_requests": "write"}})
    assert (await client.post(f"{R}/issues/{pull}/comments", {"body": "yes"})).status == 201
    assert (await client.post(f"{R}/issues/1/comments", {"body": "no"})).status == 403


@pytest.mark.parametrize(
    "body",
    [
        {"permissions": {"issues": "admin"}},
        {"permissions": {"administration": "read"}},
        {"repositories": ["nowhere"]},
        {"repository_ids": [1]},
        {"repositories": []},
    ],
)
async def test_more_than_the_installation_has_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert (await client.issue_token(body)).status == 422


async def test_a_repository_outside_the_token_is_not_found(client: Client, sandbox: Sandbox) -> None:
    sandbox.create_repository("sample-org", "other", {"README.md": "x"}, private=True)
    assert (await client.get("/repos/sample-org/other")).status == 200
    await client.narrow({"repositories": ["tidepool"]})
    assert (await client.get("/repos/sample-org/other")).status == 404
    listed = (await client.get("/installation/repositories")).json
    assert [repo["full_name"] for repo in listed["repositories"]] == [REPO]


async def test_suspended_and_uninstalled(client: Client, sandbox: Sandbox) -> None:
    sandbox.suspend_app("sample-org", "mira")
    assert (await client.get(R)).status == 403
    assert (await client.issue_token()).status == 403
    sandbox.unsuspend_app("sample-org", "mira")
    assert (await client.get(R)).status == 200
    sandbox.uninstall_app("sample-org", "mira")
    assert (await client.get(R)).status == 401


async def test_the_log_knows_the_token_but_not_its_text(client: Client, sandbox: Sandbox) -> None:
    await client.narrow({"repositories": ["tidepool"], "permissions": {"contents": "read"}})
    await client.get(f"{R}/contents/README.md")
    entry = sandbox.requests[-1]
    assert client.token not in repr(sandbox.requests)
    used = sandbox.tokens[entry.token_id or ""]
    assert used.permissions == {"contents": "read", "metadata": "read"}
    assert used.repository_ids == frozenset({sandbox.state.repository(REPO).id})
