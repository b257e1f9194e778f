from __future__ import annotations

from bot.sandbox import Sandbox
from tests.sandbox.client import REPO, Client, R


async def test_pages_are_linked_from_first_to_last(client: Client) -> None:
    names: list[str] = []
    url = f"{R}/labels?per_page=4"
    pages = 0
    while url:
        answer = await client.get(url)
        names += [label["name"] for label in answer.json]
        links = {
            part.split('rel="')[1].rstrip('"'): part.split(";")[0].strip(" <>")
            for part in answer.headers.get("Link", "").split(", ")
            if part
        }
        url = links.get("next", "")
        pages += 1
    assert pages == 3
    assert len(set(names)) == 9
    assert set(links) == {"prev", "first"}


async def test_a_page_has_thirty_entries_and_at_most_a_hundred(client: Client, sandbox: Sandbox) -> None:
    for number in range(120):
        sandbox.comment(REPO, 1, "jonas", f"comment {number}")
    assert len((await client.get(f"{R}/issues/1/comments")).json) == 30
    assert len((await client.get(f"{R}/issues/1/comments?per_page=500")).json) == 100
    assert len((await client.get(f"{R}/issues/1/comments?per_page=100&page=2")).json) == 21
    assert (await client.get(f"{R}/issues/1/comments?page=99")).json == []


async def test_an_unchanged_answer_is_304_and_free(client: Client, sandbox: Sandbox) -> None:
    first = await client.get(f"{R}/issues/1")
    again = await client.get(f"{R}/issues/1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.raw) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    sandbox.comment(REPO, 1, "jonas", "news")
    changed = await client.get(f"{R}/issues/1", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_the_limit_is_counted_and_enforced(client: Client, sandbox: Sandbox) -> None:
    sandbox.limits.limit = 3
    statuses = [(await client.get(R)).status for _ in range(4)]
    assert statuses == [200, 200, 200, 403]
    blocked = await client.get(R)
    assert blocked.headers["x-ratelimit-remaining"] == "0"
    assert (await client.get("/rate_limit")).json["rate"]["remaining"] == 0


async def test_issues_are_filtered_and_sorted(client: Client, sandbox: Sandbox) -> None:
    pull = sandbox.open_pull(REPO, "aiko", "A change", files={"a.txt": "a\n"}).number

    async def numbers(query: str) -> list[int]:
        return [item["number"] for item in (await client.get(f"{R}/issues?{query}")).json]

    assert await numbers("state=all&creator=Jonas") == [4, 3, 2, 1]
    assert await numbers("state=closed&labels=bug,area:%20parser") == [1]
    assert await numbers("state=all&sort=created&direction=asc&per_page=2") == [1, 2]
    assert await numbers("creator=aiko") == [pull]
    sandbox.comment(REPO, 2, "jonas", "again")
    since = sandbox.state.issue(REPO, 2).updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert set(await numbers(f"state=all&since={since}")) >= {2}
    found = (await client.get(f"{R}/issues/{pull}")).json
    assert found["pull_request"]["url"].endswith(f"/pulls/{pull}")


async def test_files_and_references(client: Client, sandbox: Sandbox) -> None:
    sandbox.commit(REPO, "mira", {"docs/big.bin": b"x" * 1_000_001, "feature": "file"})
    sandbox.state.repository(REPO).branches["feature/x"] = sandbox.state.repository(REPO).branches["main"]
    for ref in ("main", "feature/x", "feature%2Fx", "refs%2Fheads%2Fmain"):
        assert (await client.get(f"{R}/commits/{ref}")).status == 200, ref
    assert (await client.get(f"{R}/commits/nothing")).status == 422
    sha = await client.get(f"{R}/commits/main", headers={"Accept": "application/vnd.github.sha"})
    assert sha.raw.decode() == sandbox.state.repository(REPO).branches["main"]
    raw = await client.get(f"{R}/contents/README.md", headers={"Accept": "application/vnd.github.raw+json"})
    assert raw.raw.startswith(b"# tidepool")
    large = (await client.get(f"{R}/contents/docs/big.bin")).json
    assert (large["encoding"], large["content"], large["size"]) == ("none", "", 1_000_001)
    listed = (await client.get(f"{R}/contents/docs?ref=main")).json
    assert [entry["name"] for entry in listed] == ["api.rst", "big.bin", "guide.md", "install.md"]
    assert (await client.get(f"{R}/contents/docs/nothing.md")).status == 404
    tree = (await client.get(f"{R}/git/trees/main?recursive=1")).json["tree"]
    assert ".github/ISSUE_TEMPLATE/bug_report.yml" in {entry["path"] for entry in tree}


async def test_a_commit_of_another_repository_is_not_shown(client: Client, sandbox: Sandbox) -> None:
    other = sandbox.create_repository("sample-org", "secret", {"README.md": "private"}, private=True)
    foreign = other.branches["main"]
    assert (await client.get(f"{R}/contents/README.md?ref={foreign}")).status == 404
    commit = sandbox.state.git.commits[foreign]
    assert (await client.get(f"{R}/git/blobs/{commit.files['README.md'].sha}")).status == 404
    assert (await client.get(f"{R}/git/trees/{commit.tree}")).status == 404
    pull = sandbox.open_pull(REPO, "aiko", "A change", files={"a.txt": "a\n"}).pull
    assert pull is not None
    assert (await client.get(f"{R}/contents/a.txt?ref={pull.head_sha}")).status == 200
