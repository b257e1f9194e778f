"""What the instant GitHub answers, as bytes made beforehand in the sandbox's shapes."""

import json
import zlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from benchmarks.town import MAINTAINER, Town
from bot.sandbox.gitstore import DIRECTORY
from bot.sandbox.model import Issue, Repository
from bot.sandbox.shapes import code, issues, people, pulls
from bot.sandbox.shapes.repos import label

_HEAD: Final = (
    "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nX-RateLimit-Limit: 15000\r\n"
    "X-RateLimit-Remaining: 14000\r\nX-RateLimit-Reset: 4102444800\r\nX-GitHub-Api-Version-Selected: 2022-11-28\r\n"
    "{more}Content-Length: {length}\r\n\r\n"
)


def answer(status: str, body: Any, *, etag: str = "") -> bytes:
    """A whole HTTP answer; `body` is JSON."""
    data = json.dumps(body, separators=(",", ":")).encode()
    more = f"ETag: {etag}\r\n" if etag else ""
    return _HEAD.format(status=status, more=more, length=len(data)).encode() + data


def cacheable(body: Any) -> tuple[bytes, bytes]:
    """(entity tag, whole answer) of something that is asked for with conditional requests."""
    etag = f'"{zlib.crc32(json.dumps(body).encode()):08x}"'
    return etag.encode(), answer("200 OK", body, etag=etag)


class Canned:
    """Path (without query, except where it chooses the answer) to the answer of a GET."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._links, self._state = town.links, town.state
        self.gets: dict[bytes, tuple[bytes, bytes]] = dict(self._all())

    def _all(self) -> Iterator[tuple[bytes, tuple[bytes, bytes]]]:
        yield b"/app", cacheable(people.app(self._links, self._state.app))
        for installation in self._state.installations.values():
            shown = people.installation(self._links, installation)
            yield f"/app/installations/{installation.id}".encode(), cacheable(shown)
        for repository in self._town.repositories:
            base = f"/repos/{repository.full_name}"
            for path, body in self._of_repository(repository):
                yield (base + path).encode(), cacheable(body)
            for item in repository.issues.values():
                for path, body in self._of_item(repository, item):
                    yield (base + path).encode(), cacheable(body)

    def _of_repository(self, repository: Repository) -> Iterator[tuple[str, Any]]:
        links, state = self._links, self._state
        sha = repository.branches[repository.default_branch]
        yield (
            f"/commits/{repository.default_branch}",
            code.commit(links, state, repository, state.git.commits[sha]),
        )
        yield "/labels", [label(links, repository, one) for one in repository.labels.values()]
        yield from self._of_commit(repository, sha, state.git.commits[sha].tree, "")
        yield f"/collaborators/{MAINTAINER}/permission", {
            "permission": "write", "role_name": "maintain", "user": people.user(links, self._town.maintainer.account)
        }  # fmt: skip
        authors = {item.author.login for item in repository.issues.values()}
        for author in sorted(authors):
            yield (
                f"/issues?creator={author}",
                [
                    issues.issue(links, state, repository, one)
                    for one in repository.issues.values()
                    if one.author.login == author
                ],
            )
            if author != MAINTAINER:
                yield f"/collaborators/{author}/permission", {"permission": "read", "role_name": "read"}

    def _of_commit(self, repository: Repository, sha: str, tree: str, folder: str) -> Iterator[tuple[str, Any]]:
        """Contents of every folder and file of a commit, and its tree."""
        links, state = self._links, self._state
        entries = state.git.trees[tree]
        prefix = f"{folder}/" if folder else ""
        yield (
            f"/contents/{quote(folder)}",
            [code.content(links, state, repository, sha, prefix + name, entry) for name, entry in entries.items()],
        )
        for name, entry in entries.items():
            path = prefix + name
            if entry.mode == DIRECTORY:
                yield from self._of_commit(repository, sha, entry.sha, path)
            else:
                yield (
                    f"/contents/{quote(path)}",
                    code.file_content(links, state, repository, sha, path, entry),
                )

    def _of_item(self, repository: Repository, item: Issue) -> Iterator[tuple[str, Any]]:
        links, state = self._links, self._state
        here = f"/issues/{item.number}"
        yield here, issues.single_issue(links, state, repository, item)
        yield f"{here}/comments", [issues.comment(links, state, repository, item, one) for one in item.comments]
        yield f"{here}/events", [issues.event(links, repository, one) for one in item.events]
        yield (
            f"{here}/labels",
            [label(links, repository, repository.labels[one.lower()]) for one in item.labels],
        )
        if item.pull is not None:
            yield from self._of_pull(repository, item, item.pull.head_sha)

    def _of_pull(self, repository: Repository, item: Issue, head: str) -> Iterator[tuple[str, Any]]:
        links, state = self._links, self._state
        here = f"/pulls/{item.number}"
        changes = pulls.pull_changes(state, pulls.pull_of(item))
        yield here, pulls.full_pull(links, state, repository, item)
        yield f"{here}/files", [pulls.file_change(links, repository, head, one) for one in changes]
        yield f"{here}/reviews", []
        tree = state.git.commits[head].tree
        yield f"/git/trees/{head}", code.tree(links, state, repository, tree, recursive=True)
        yield f"/actions/runs?head_sha={head}", {"total_count": 0, "workflow_runs": []}
        for path, body in self._of_commit(repository, head, tree, ""):
            # Only what differs at the head is asked for under its commit.
            if any(path == f"/contents/{quote(one.path)}" for one in changes):
                yield f"{path}?ref={head}", body
