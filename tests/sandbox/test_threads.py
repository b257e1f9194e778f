from __future__ import annotations

import pytest

from bot.sandbox import Sandbox
from tests.sandbox.client import REPO, Client, R


async def test_the_app_edits_and_deletes_only_its_own_comments(client: Client, sandbox: Sandbox) -> None:
    theirs = sandbox.comment(REPO, 1, "jonas", "mine").id
    own = (await client.post(f"{R}/issues/1/comments", {"body": "Hello"})).json
    assert own["user"]["type"] == "Bot"
    assert own["performed_via_github_app"]["id"] == sandbox.app_id
    path = f"{R}/issues/comments"
    assert (await client.request("PATCH", f"{path}/{theirs}", json={"body": "x"})).status == 403
    assert (await client.request("DELETE", f"{path}/{theirs}")).status == 403
    assert (await client.request("PATCH", f"{path}/{own['id']}", json={"body": "Edited"})).json["body"] == "Edited"
    assert [view.body for view in sandbox.thread(REPO, 1).by_bot()] == ["Edited"]
    assert (await client.request("DELETE", f"{path}/{own['id']}")).status == 204
    assert (await client.get(f"{path}/{own['id']}")).status == 404


async def test_an_unknown_label_is_created_and_events_name_the_app(client: Client, sandbox: Sandbox) -> None:
    await client.post(f"{R}/issues/1/labels", {"labels": ["invented", "question"]})
    assert "invented" in sandbox.state.repository(REPO).labels
    assert (await client.request("DELETE", f"{R}/issues/1/labels/question")).status == 200
    assert (await client.request("DELETE", f"{R}/issues/1/labels/question")).status == 404
    sandbox.remove_label(REPO, 1, "mira", "invented")
    events = (await client.get(f"{R}/issues/1/events?per_page=100")).json
    mine = [event for event in events if event["performed_via_github_app"]]
    assert [(event["event"], event["label"]["name"]) for event in mine] == [
        ("labeled", "invented"),
        ("labeled", "question"),
        ("unlabeled", "question"),
    ]
    assert (events[-1]["event"], events[-1]["actor"]["login"]) == ("unlabeled", "mira")


async def test_a_reaction_is_new_once(client: Client, sandbox: Sandbox) -> None:
    path = f"{R}/issues/1/reactions"
    assert [(await client.post(path, {"content": "eyes"})).status for _ in range(2)] == [201, 200]
    assert (await client.post(path, {"content": "tada"})).status == 422
    sandbox.react("jonas", "+1", repo=REPO, number=1)
    assert sandbox.thread(REPO, 1).reactions == {"eyes": 1, "+1": 1}
    assert len((await client.get(f"{path}?content=eyes")).json) == 1


async def test_a_locked_thread_takes_no_comment(client: Client, sandbox: Sandbox) -> None:
    sandbox.lock(REPO, 1, "mira", "resolved")
    answer = await client.post(f"{R}/issues/1/comments", {"body": "late"})
    assert (answer.status, answer.message) == (403, "Unable to create comment because issue is locked.")
    sandbox.unlock(REPO, 1, "mira")
    assert (await client.post(f"{R}/issues/1/comments", {"body": "in time"})).status == 201


async def test_deleted_moved_and_disabled(client: Client, sandbox: Sandbox) -> None:
    sandbox.delete_issue(REPO, 1, "mira")
    assert (await client.get(f"{R}/issues/1")).status == 410
    sandbox.create_repository("sample-org", "other", {"README.md": "x"})
    moved = sandbox.transfer(REPO, 2, "mira", "sample-org/other")
    answer = await client.get(f"{R}/issues/2")
    assert answer.status == 301
    followed = await client.get(answer.headers["Location"])
    assert followed.json["number"] == moved.number
    sandbox.state.repository(REPO).has_issues = False
    assert (await client.get(f"{R}/issues/3")).status == 410
    assert (await client.get(f"{R}/issues/99")).status == 410


async def test_a_renamed_repository_redirects(client: Client, sandbox: Sandbox) -> None:
    sandbox.rename_repository(REPO, "tidal", "mira")
    answer = await client.get(f"{R}/issues/1/comments?per_page=5")
    assert answer.status == 301
    assert "/repositories/" in answer.headers["Location"]
    assert answer.headers["Location"].endswith("/issues/1/comments?per_page=5")
    assert (await client.get(answer.headers["Location"])).status == 200
    assert (await client.post(f"{R}/issues/1/comments", {"body": "x"})).status == 307
    assert sandbox.thread("sample-org/tidal", 1).by_bot() == []


async def test_an_archived_repository_is_read_only(client: Client, sandbox: Sandbox) -> None:
    sandbox.state.repository(REPO).archived = True
    assert (await client.get(f"{R}/issues/1")).status == 200
    assert (await client.post(f"{R}/issues/1/comments", {"body": "x"})).status == 403


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [("mira", "admin", "admin"), ("tom", "read", "triage"), ("stranger", "read", "read")],
)
async def test_permissions_of_people(client: Client, login: str, permission: str, role: str) -> None:
    found = (await client.get(f"{R}/collaborators/{login}/permission")).json
    assert (found["permission"], found["role_name"]) == (permission, role)
    assert found["user"]["permissions"]["triage"] is (role in ("triage", "admin"))
    assert (await client.get(f"{R}/collaborators/nobody/permission")).status == 404


async def test_check_runs(client: Client, sandbox: Sandbox) -> None:
    pull = sandbox.open_pull(REPO, "mira", "A change", files={"a.txt": "a\n"}, from_fork=False)
    sha = pull.pull.head_sha if pull.pull else ""
    body = {"name": "configuration", "head_sha": sha, "status": "in_progress"}
    made = (await client.post(f"{R}/check-runs", body)).json
    assert [found["number"] for found in made["pull_requests"]] == [pull.number]
    path = f"{R}/check-runs/{made['id']}"
    assert (await client.request("PATCH", path, json={"status": "completed"})).status == 422
    assert (await client.request("PATCH", path, json={"conclusion": "success"})).json["status"] == "completed"
    assert (await client.post(f"{R}/check-runs", {**body, "head_sha": "0" * 40})).status == 422


async def test_runs_of_forks_name_no_pull_request(client: Client, sandbox: Sandbox) -> None:
    number = sandbox.open_pull(REPO, "stranger", "A change", files={"a.txt": "a\n"}).number
    sandbox.add_workflow_run(REPO, number, conclusion="action_required")
    found = (await client.get(f"{R}/actions/runs?event=pull_request&status=action_required")).json
    assert found["total_count"] == 1
    assert found["workflow_runs"][0]["pull_requests"] == []
