"""One request to each endpoint of the stand-in GitHub, as the App and as an installation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.sandbox import Sandbox
from bot.sandbox.sample_files import DOCS_PULL_GUIDE
from tests.sandbox.client import REPO, Client, R

_REACTION = {"content": "+1"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is to ask for."""

    issue: int
    comment: int
    pull: int
    head: str
    review: int
    remark: int
    blob: str
    delivery: int
    installation: int


async def visit(sandbox: Sandbox) -> None:
    """Ask everything once; whoever records it judges the answers."""
    ground = await _prepared(sandbox)
    async with aiohttp.ClientSession() as session:
        client = Client(sandbox, session)
        await client.narrow()
        await client.narrow({"repository_ids": [sandbox.state.repository(REPO).id], "permissions": {"issues": "read"}})
        await client.narrow()
        for path in _of_the_app(ground):
            await client.get(path, token=client.app_token())
        await client.post(f"/app/hook/deliveries/{ground.delivery}/attempts", token=client.app_token())
        for path in (*_reads(ground), *_refused(ground)):
            await client.get(path)
        for method, path, body in _writes(ground):
            await client.request(method, path, json=body)
        async for method, path, body in _checks(client, ground.head):
            await client.request(method, path, json=body)


async def _prepared(sandbox: Sandbox) -> Ground:
    """Threads in which everything has happened that is listed somewhere. Nobody takes the webhooks."""
    sandbox.webhook_url = "http://127.0.0.1:9/webhooks"
    issue = sandbox.open_issue(REPO, "jonas", "A page", "Text", ["bug"]).number
    comment = sandbox.comment(REPO, issue, "mira", "Thanks!").id
    sandbox.react("tom", "heart", comment_id=comment)
    sandbox.react("tom", "heart", repo=REPO, number=issue)
    sandbox.edit_issue(REPO, issue, "jonas", title="The page")
    sandbox.assign(REPO, issue, "mira", "tom")
    for done in (sandbox.lock, sandbox.unlock, sandbox.close, sandbox.reopen):
        done(REPO, issue, "mira")
    pull = sandbox.open_pull(REPO, "aiko", "Gaps", None, files={"docs/guide.md": DOCS_PULL_GUIDE}).number
    head = sandbox.push_to_pull(REPO, pull, "aiko", {"docs/new.md": "# New\n"})
    sandbox.add_workflow_run(REPO, pull, conclusion="action_required")
    remark = sandbox.review_comment(REPO, pull, "mira", "docs/new.md", 1, "Why?")
    sandbox.reply_to_review_comment(remark.id, "aiko", "Because.")
    sandbox.react("tom", "eyes", comment_id=remark.id)
    await sandbox.drain_webhooks()
    blob = next(sha for sha in sandbox.state.git.blobs if sandbox.state.git.blobs[sha].startswith(b"# tidepool"))
    return Ground(
        issue, comment, pull, head, remark.review_id, remark.id, blob,
        sandbox.deliveries[0].id, next(iter(sandbox.state.installations)),
    )  # fmt: skip


def _of_the_app(ground: Ground) -> tuple[str, ...]:
    return (
        "/app",
        "/app/installations",
        f"/app/installations/{ground.installation}",
        "/app/hook/config",
        "/app/hook/deliveries",
        "/app/hook/deliveries?per_page=1",
        f"/app/hook/deliveries/{ground.delivery}",
        f"{R}/installation",
    )


def _reads(ground: Ground) -> tuple[str, ...]:
    issue, pull = f"{R}/issues/{ground.issue}", f"{R}/pulls/{ground.pull}"
    comment, remark = f"{R}/issues/comments/{ground.comment}", f"{R}/pulls/comments/{ground.remark}"
    review = f"{pull}/reviews/{ground.review}"
    return (
        "/rate_limit", "/users/mira", "/users/sample-org", "/installation/repositories", R,
        f"{R}/commits/main", f"{R}/commits/{ground.head}", f"{R}/commits/main/check-runs",
        f"{R}/contents/", f"{R}/contents/docs", f"{R}/contents/README.md",
        f"{R}/git/trees/main", f"{R}/git/trees/main?recursive=1", f"{R}/git/blobs/{ground.blob}",
        f"{R}/labels", f"{R}/labels/bug", f"{R}/collaborators/mira/permission",
        f"{R}/collaborators/stranger/permission", f"{R}/actions/runs",
        f"{R}/issues", f"{R}/issues?state=all", f"{R}/issues/{ground.pull}",
        issue, f"{issue}/labels", f"{issue}/events", f"{issue}/timeline", f"{issue}/reactions", f"{issue}/comments",
        f"{R}/issues/events", f"{R}/issues/comments", comment, f"{comment}/reactions",
        f"{R}/pulls", f"{R}/pulls?state=all", pull, f"{pull}/files", f"{pull}/commits", f"{pull}/reviews", review,
        f"{review}/comments", f"{pull}/comments", remark, f"{remark}/reactions",
    )  # fmt: skip


def _refused(ground: Ground) -> tuple[str, ...]:
    """What is not there, or not for us."""
    return (
        f"{R}/contents/nothing", f"{R}/issues/999", f"{R}/pulls/{ground.issue}", f"{R}/issues?state=any",
        f"{R}/commits/nothing", "/repos/sample-org/nothing", "/app", f"{R}/collaborators/nobody/permission",
    )  # fmt: skip


def _writes(ground: Ground) -> tuple[tuple[str, str, Any], ...]:
    issue, pull = f"{R}/issues/{ground.issue}", f"{R}/pulls/{ground.pull}"
    remark = {"path": "docs/new.md", "line": 1, "side": "RIGHT", "body": "A remark"}
    review = {"event": "COMMENT", "body": "Ours", "commit_id": ground.head, "comments": [remark]}
    return (
        ("POST", f"{issue}/labels", {"labels": ["question"]}),
        ("DELETE", f"{issue}/labels/question", None),
        ("DELETE", f"{issue}/labels/question", None),
        ("POST", f"{issue}/assignees", {"assignees": ["mira"]}),
        ("POST", f"{issue}/reactions", _REACTION),
        ("POST", f"{issue}/reactions", _REACTION),
        ("POST", f"{R}/issues/comments/{ground.comment}/reactions", _REACTION),
        ("POST", f"{R}/pulls/comments/{ground.remark}/reactions", _REACTION),
        ("POST", f"{issue}/comments", {"body": " "}),
        ("POST", f"{issue}/comments", {"body": "Ours"}),
        ("POST", f"{pull}/reviews", review),
        ("POST", f"{pull}/reviews", {"event": "COMMENT", "comments": [{**remark, "line": 99}]}),
        ("PATCH", issue, {"state": "closed", "state_reason": "not_planned"}),
    )  # fmt: skip


async def _checks(client: Client, head: str) -> AsyncIterator[tuple[str, str, Any]]:
    """Changes of what the App made itself."""
    mine = (await client.get(f"{R}/issues/comments?sort=created&direction=desc")).json[0]["id"]
    yield "PATCH", f"{R}/issues/comments/{mine}", {"body": "Ours, edited"}
    yield "DELETE", f"{R}/issues/comments/{mine}", None
    pull = next(one["number"] for one in (await client.get(f"{R}/pulls")).json if one["head"]["sha"] == head)
    review = (await client.get(f"{R}/pulls/{pull}/reviews")).json[-1]["id"]
    yield "PUT", f"{R}/pulls/{pull}/reviews/{review}", {"body": "Ours, edited"}
    remark = (await client.get(f"{R}/pulls/{pull}/comments")).json[-1]["id"]
    yield "PATCH", f"{R}/pulls/comments/{remark}", {"body": "Edited"}
    made = await client.post(f"{R}/check-runs", {"name": "docs", "head_sha": head, "status": "in_progress"})
    output = {"title": "Fine", "summary": "Nothing found"}
    yield "PATCH", f"{R}/check-runs/{made.json['id']}", {"conclusion": "success", "output": output}
    yield "GET", f"{R}/check-runs/{made.json['id']}", None
    yield "GET", f"{R}/commits/{head}/check-runs", None
