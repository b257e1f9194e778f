from __future__ import annotations

import json

from bot.sandbox import Sandbox
from tests.sandbox.client import REPO, Client, R
from tests.sandbox.conftest import Receiver


async def test_deliveries_are_signed_and_named(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.open_issue(REPO, "aiko", "Crash", "It crashes – immer\u0000", ["bug"])
    await sandbox.drain_webhooks()
    assert len(receiver.seen) == 2
    for index in range(2):
        assert receiver.signature_holds(index)
    headers = receiver.seen[0][0].headers
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(sandbox.app_id)
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert headers["X-Hub-Signature"].startswith("sha1=")
    found = {json.loads(body)["action"]: json.loads(body) for _, body in receiver.seen}
    assert set(found) == {"opened", "labeled"}
    assert found["labeled"]["label"]["name"] == "bug"
    assert found["opened"]["sender"]["login"] == "aiko"
    assert found["opened"]["installation"]["id"] in sandbox.state.installations
    assert found["opened"]["organization"]["login"] == "sample-org"
    assert [delivery.status for delivery in sandbox.deliveries] == ["OK", "OK"]


async def test_what_the_app_does_comes_back_from_a_bot(client: Client, receiver: Receiver) -> None:
    await client.post(f"{R}/issues/1/comments", {"body": "Hello"})
    await client.sandbox.drain_webhooks()
    payload = json.loads(receiver.seen[0][1])
    assert payload["sender"]["type"] == "Bot"
    assert payload["comment"]["performed_via_github_app"]["id"] == client.sandbox.app_id


async def test_only_subscribed_events_and_awake_installations(sandbox: Sandbox) -> None:
    sandbox.commit(REPO, "mira", {"a.txt": "a"})
    assert sandbox.deliveries == []
    sandbox.suspend_app("sample-org", "mira")
    sandbox.open_issue(REPO, "aiko", "Unheard")
    assert [(item.event, item.action) for item in sandbox.deliveries] == [("installation", "suspend")]
    sandbox.uninstall_app("sample-org", "mira")
    sandbox.open_issue(REPO, "aiko", "Unheard")
    assert sandbox.deliveries[-1].action == "deleted"


async def test_each_act_of_people_is_told(sandbox: Sandbox) -> None:
    number = sandbox.open_issue(REPO, "aiko", "Crash").number
    sandbox.edit_issue(REPO, number, "aiko", title="Crash on start")
    comment = sandbox.comment(REPO, number, "tom", "Which version?").id
    sandbox.edit_comment(comment, "tom", "Which version is it?")
    sandbox.delete_comment(comment, "tom")
    sandbox.close(REPO, number, "mira")
    sandbox.reopen(REPO, number, "aiko")
    sandbox.lock(REPO, number, "mira")
    pull = sandbox.open_pull(REPO, "stranger", "Fix", files={"docs/guide.md": "# Guide\nnew\n"}).number
    sandbox.push_to_pull(REPO, pull, "stranger", {"docs/guide.md": "# Guide\nnewer\n"})
    sandbox.review_comment(REPO, pull, "mira", "docs/guide.md", 2, "Why?")
    sandbox.merge_pull(REPO, pull, "mira")
    assert [f"{item.event}.{item.action}" for item in sandbox.deliveries] == [
        "issues.opened",
        "issues.edited",
        "issue_comment.created",
        "issue_comment.edited",
        "issue_comment.deleted",
        "issues.closed",
        "issues.reopened",
        "issues.locked",
        "pull_request.opened",
        "pull_request.synchronize",
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "pull_request.closed",
    ]
    assert sandbox.deliveries[1].payload["changes"] == {"title": {"from": "Crash"}}
    assert sandbox.deliveries[-1].payload["pull_request"]["merged"] is True


async def test_failed_deliveries_are_listed_and_redelivered_with_their_guid(client: Client, receiver: Receiver) -> None:
    sandbox = client.sandbox
    receiver.status = 500
    sandbox.open_issue(REPO, "aiko", "One")
    sandbox.open_issue(REPO, "aiko", "Two")
    await sandbox.drain_webhooks()
    app = client.app_token()
    first = await client.get("/app/hook/deliveries?per_page=1", token=app)
    assert first.json[0]["status_code"] == 500
    following = first.headers["Link"].split(";")[0].strip("<>")
    second = (await client.get(following, token=app)).json[0]
    assert second["id"] < first.json[0]["id"]
    full = (await client.get(f"/app/hook/deliveries/{second['id']}", token=app)).json
    assert full["request"]["payload"]["issue"]["title"] == "One"
    assert full["request"]["headers"]["X-GitHub-Delivery"] == second["guid"]
    assert full["response"]["payload"] == "stored"
    receiver.status = 200
    answer = await client.post(f"/app/hook/deliveries/{second['id']}/attempts", token=app)
    assert answer.status == 202
    await sandbox.drain_webhooks()
    again = sandbox.deliveries[-1]
    assert (again.guid, again.redelivery, again.status) == (second["guid"], True, "OK")
    assert again.id != second["id"]


async def test_an_unreachable_receiver_is_a_failed_delivery(sandbox: Sandbox) -> None:
    sandbox.webhook_url = "http://127.0.0.1:9/hook"
    sandbox.open_issue(REPO, "aiko", "Crash")
    await sandbox.drain_webhooks()
    assert (sandbox.deliveries[0].status, sandbox.deliveries[0].ok) == ("failed to connect to host", False)


async def test_any_payload_can_be_sent(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.deliver_raw("issues", b"{not json", guid="11111111-1111-4111-8111-111111111111")
    sandbox.deliver_raw("ping", {"zen": "\ud800"})
    await sandbox.drain_webhooks()
    bodies = {body for _, body in receiver.seen}
    assert bodies == {b"{not json", b'{"zen":"\\ud800"}'}
    assert all(receiver.signature_holds(index) for index in range(2))
    assert sandbox.deliveries[0].guid == "11111111-1111-4111-8111-111111111111"
