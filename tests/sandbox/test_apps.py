"""Two Apps on one GitHub: each has its key, its tokens, its deliveries, and what it wrote."""

from __future__ import annotations

import jwt

from bot.sandbox import Sandbox, generate
from tests.sandbox.client import REPO, Client, R


async def test_another_app_has_its_own_installations_bot_and_deliveries(client: Client, sandbox: Sandbox) -> None:
    credentials = generate()
    hooks = sandbox.add_app("second", credentials)
    made = sandbox.install_app("sample-org", "mira", app_id=hooks.app_id)
    now = int(sandbox.now().timestamp())
    token = jwt.encode(
        {"iat": now - 60, "exp": now + 500, "iss": str(hooks.app_id)}, credentials.private_key, algorithm="RS256"
    )
    assert (await client.request("GET", "/app", token=token)).json["slug"] == "second"
    listed = (await client.request("GET", "/app/installations", token=token)).json
    assert [one["id"] for one in listed] == [made.id]
    others = next(one for one in sandbox.state.installations if one != made.id)
    assert (await client.request("GET", f"/app/installations/{others}", token=token)).status == 404
    path = f"/app/installations/{made.id}/access_tokens"
    narrowed = (await client.request("POST", path, token=token)).json["token"]
    said = await client.request("POST", f"{R}/issues/1/comments", token=narrowed, json={"body": "Hello."})
    assert (said.json["user"]["login"], said.json["performed_via_github_app"]["id"]) == ("second[bot]", hooks.app_id)
    edited = await client.request(
        "PATCH", f"{R}/issues/comments/{said.json['id']}", token=client.token, json={"body": "Mine now."}
    )
    assert edited.status == 403
    await sandbox.drain_webhooks()
    assert [one.event for one in hooks.log] == ["installation", "issue_comment"]
    assert [one.event for one in sandbox.deliveries] == ["issue_comment"]
    assert hooks.log[-1].guid != sandbox.deliveries[-1].guid
    assert hooks.log[-1].installation_id == made.id
    assert sandbox.thread(REPO, 1).by_bot()


async def test_a_webhook_s_secret_is_shown_as_asterisks_where_there_is_one(client: Client, sandbox: Sandbox) -> None:
    now = int(sandbox.now().timestamp())
    claims = {"iat": now - 60, "exp": now + 500, "iss": str(sandbox.app_id)}
    token = jwt.encode(claims, sandbox.private_key, algorithm="RS256")
    shown = (await client.request("GET", "/app/hook/config", token=token)).json
    assert (shown["secret"], shown["content_type"], shown["insecure_ssl"]) == ("********", "json", "0")
    sandbox.webhook_secret = ""
    assert "secret" not in (await client.request("GET", "/app/hook/config", token=token)).json


async def test_held_deliveries_wait_for_their_release(sandbox: Sandbox) -> None:
    sandbox.hold_webhooks(True)
    sandbox.open_issue(REPO, "jonas", "Crash")
    (held,) = sandbox.deliveries
    sandbox.hold_webhooks(False)
    await sandbox.drain_webhooks()
    assert held.status == "pending"
    sandbox.release(held.id)
    assert held.status != "pending"
