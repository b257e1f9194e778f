from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.sample_files import DOCS_PULL_GUIDE
from tests.sandbox.client import REPO, Client, R

MANY_LINES = "".join(f"line {number}\n" for number in range(1, 61))


@pytest.fixture
def pull(sandbox: Sandbox) -> int:
    sandbox.commit(REPO, "mira", {"long.txt": MANY_LINES, "old.md": MANY_LINES, "gone.md": "x\n", "pic": b"\0a"})
    changed = MANY_LINES.replace("line 5\n", "line five\n").replace("line 50\n", "line fifty\n")
    files = {
        "docs/guide.md": DOCS_PULL_GUIDE,
        "long.txt": changed,
        "old.md": None,
        "new.md": MANY_LINES + "more",
        "gone.md": None,
        "pic": b"\0b",
    }
    return sandbox.open_pull(REPO, "stranger", "Many things", files=files).number


async def test_files_are_a_real_difference(client: Client, pull: int) -> None:
    found = {entry["filename"]: entry for entry in (await client.get(f"{R}/pulls/{pull}/files")).json}
    assert {name: entry["status"] for name, entry in found.items()} == {
        "docs/guide.md": "modified",
        "long.txt": "modified",
        "new.md": "renamed",
        "gone.md": "removed",
        "pic": "modified",
    }
    assert found["new.md"]["previous_filename"] == "old.md"
    assert found["new.md"]["patch"].endswith("+more\n\\ No newline at end of file")
    assert "patch" not in found["pic"]
    assert found["gone.md"]["patch"] == "@@ -1 +0,0 @@\n-x"
    assert found["long.txt"]["patch"].count("@@ -") == 2


def review(**comment: Any) -> dict[str, Any]:
    return {"event": "COMMENT", "body": "", "comments": [{"path": "long.txt", "body": "hm", **comment}]}


@pytest.mark.parametrize(
    "comment",
    [
        {"line": 5},
        {"line": 5, "side": "LEFT"},
        {"line": 8},
        {"line": 5, "start_line": 3, "side": "RIGHT", "start_side": "RIGHT"},
        {"position": 4},
    ],
)
async def test_lines_of_the_diff_take_comments(client: Client, pull: int, comment: dict[str, Any]) -> None:
    answer = await client.post(f"{R}/pulls/{pull}/reviews", review(**comment))
    assert answer.status == 200, answer.raw
    placed = (await client.get(f"{R}/pulls/{pull}/comments")).json[0]
    assert placed["line"] in (2, 5, 8, 4)
    assert placed["diff_hunk"].startswith("@@ -2,7 +2,7 @@")


@pytest.mark.parametrize(
    "comment",
    [
        {"line": 30},
        {"line": 1},
        {"line": 61},
        {"line": 5, "path": "README.md"},
        {"line": 1, "path": "pic"},
        {"line": 50, "start_line": 5},
        {"line": 5, "start_line": 5},
        {"line": 5, "start_line": 30},
        {},
    ],
)
async def test_a_line_outside_the_diff_refuses_the_whole_review(
    client: Client, sandbox: Sandbox, pull: int, comment: dict[str, Any]
) -> None:
    body = review(**comment)
    body["comments"].insert(0, {"path": "long.txt", "line": 5, "body": "this one would do"})
    answer = await client.post(f"{R}/pulls/{pull}/reviews", body)
    assert answer.status == 422
    assert "Pull request review thread" in answer.json["errors"][0]
    assert sandbox.thread(REPO, pull).reviews == ()


@pytest.mark.parametrize(
    "body",
    [
        {"body": "pending"},
        {"event": "COMMENT"},
        {"event": "COMMENT", "body": "x", "commit_id": "0" * 40},
        {"event": "COMMENT", "body": "x" * 65_537},
        review(line=5, side="MIDDLE"),
    ],
)
async def test_malformed_reviews_are_refused(client: Client, sandbox: Sandbox, pull: int, body: Any) -> None:
    assert (await client.post(f"{R}/pulls/{pull}/reviews", body)).status == 422
    assert sandbox.thread(REPO, pull).reviews == ()


async def test_reviews_and_their_comments_are_edited_in_place(client: Client, sandbox: Sandbox, pull: int) -> None:
    made = (await client.post(f"{R}/pulls/{pull}/reviews", {**review(line=5), "body": "First"})).json
    path = f"{R}/pulls/{pull}/reviews/{made['id']}"
    assert (await client.request("PUT", path, json={"body": "Second"})).status == 200
    comment = (await client.get(f"{path}/comments")).json[0]
    edit = await client.request("PATCH", f"{R}/pulls/comments/{comment['id']}", json={"body": "better"})
    assert edit.status == 200
    shown = sandbox.thread(REPO, pull).reviews[0]
    assert (shown.body, shown.edited, shown.comments[0].body) == ("Second", True, "better")
    theirs = sandbox.review_comment(REPO, pull, "mira", "long.txt", 5, "mine")
    refused = await client.request("PATCH", f"{R}/pulls/comments/{theirs.id}", json={"body": "x"})
    assert refused.status == 403


async def test_a_push_makes_comments_on_changed_files_outdated(client: Client, sandbox: Sandbox, pull: int) -> None:
    await client.post(f"{R}/pulls/{pull}/reviews", review(line=5))
    head = sandbox.push_to_pull(REPO, pull, "stranger", {"long.txt": MANY_LINES})
    assert (await client.get(f"{R}/pulls/{pull}")).json["head"]["sha"] == head
    assert (await client.get(f"{R}/pulls/{pull}/comments")).json[0]["line"] is None
