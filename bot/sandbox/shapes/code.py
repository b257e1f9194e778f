"""Commits, trees, blobs and contents."""

from __future__ import annotations

import base64
from urllib.parse import quote

from bot.sandbox.gitstore import DIRECTORY, SUBMODULE, SYMLINK, Commit, Entry
from bot.sandbox.model import Json, Repository
from bot.sandbox.shapes.links import Links, node_id, stamp
from bot.sandbox.shapes.people import user_or_none
from bot.sandbox.shapes.repos import repo_url
from bot.sandbox.state import State

RAW_ONLY_BYTES = 1_000_000
"""Above this `GET …/contents` gives no content in JSON, only with the raw media type."""


def commit(links: Links, state: State, repo: Repository, made: Commit) -> Json:
    """A commit without its files, https://docs.github.com/en/rest/commits/commits#get-a-commit."""
    url = repo_url(links, repo)
    author = user_or_none(links, state.accounts.get(made.author.lower()))
    signed = {"name": made.author, "email": made.email, "date": stamp(made.when)}
    return {
        "sha": made.sha,
        "node_id": node_id("Commit", repo.id) + made.sha[:8],
        "commit": {
            "author": signed,
            "committer": signed,
            "message": made.message,
            "tree": {"sha": made.tree, "url": f"{url}/git/trees/{made.tree}"},
            "url": f"{url}/git/commits/{made.sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": f"{url}/commits/{made.sha}",
        "html_url": f"{links.html}/{repo.full_name}/commit/{made.sha}",
        "comments_url": f"{url}/commits/{made.sha}/comments",
        "author": author,
        "committer": author,
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/commits/{parent}",
                "html_url": f"{links.html}/{repo.full_name}/commit/{parent}",
            }
            for parent in made.parents
        ],
    }


def tree(links: Links, state: State, repo: Repository, sha: str, *, recursive: bool) -> Json:
    """A tree, https://docs.github.com/en/rest/git/trees#get-a-tree."""
    url = f"{repo_url(links, repo)}/git"
    return {
        "sha": sha,
        "url": f"{url}/trees/{sha}",
        "tree": _tree_entries(state, url, sha, "", recursive=recursive),
        "truncated": False,
    }


def blob(links: Links, state: State, repo: Repository, sha: str) -> Json:
    data = state.git.blobs[sha]
    return {
        "sha": sha,
        "node_id": node_id("Blob", repo.id) + sha[:8],
        "size": len(data),
        "url": f"{repo_url(links, repo)}/git/blobs/{sha}",
        "content": _wrapped(data),
        "encoding": "base64",
    }


def content(links: Links, state: State, repo: Repository, ref: str, path: str, entry: Entry) -> Json:
    """One entry of a directory listing; `file_content` adds what a single file has besides."""
    url = f"{repo_url(links, repo)}/contents/{quote(path)}?ref={quote(ref, safe='')}"
    kind = {DIRECTORY: "dir", SYMLINK: "symlink"}.get(entry.mode, "file")
    is_tree = entry.mode == DIRECTORY
    git_url = f"{repo_url(links, repo)}/git/{'trees' if is_tree else 'blobs'}/{entry.sha}"
    page = f"{links.html}/{repo.full_name}/{'tree' if is_tree else 'blob'}/{ref}/{quote(path)}"
    raw = None if is_tree else f"{links.html}/{repo.full_name}/raw/{ref}/{quote(path)}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "size": len(state.git.blobs.get(entry.sha, b"")),
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": raw,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": page},
    }


def file_content(links: Links, state: State, repo: Repository, ref: str, path: str, entry: Entry) -> Json:
    """A single file, symbolic link or submodule.

    https://docs.github.com/en/rest/repos/contents#get-repository-content
    """
    made = content(links, state, repo, ref, path, entry)
    data = state.git.blobs.get(entry.sha, b"")
    if entry.mode == SUBMODULE:
        return {**made, "type": "submodule", "submodule_git_url": f"{links.html}/elsewhere.git", "download_url": None}
    if entry.mode == SYMLINK:
        return {**made, "target": data.decode("utf-8", "replace")}
    if len(data) > RAW_ONLY_BYTES:
        return {**made, "content": "", "encoding": "none"}
    return {**made, "content": _wrapped(data), "encoding": "base64"}


def _wrapped(data: bytes) -> str:
    # GitHub breaks base64 into lines of 60 characters
    text = base64.b64encode(data).decode()
    return "".join(text[at : at + 60] + "\n" for at in range(0, len(text), 60))


def _tree_entries(state: State, url: str, sha: str, prefix: str, *, recursive: bool) -> list[Json]:
    found: list[Json] = []
    for name, entry in state.git.trees[sha].items():
        kind = {DIRECTORY: "tree", SUBMODULE: "commit"}.get(entry.mode, "blob")
        item: Json = {"path": prefix + name, "mode": entry.mode.zfill(6), "type": kind, "sha": entry.sha}
        if kind == "blob":
            item |= {"size": len(state.git.blobs[entry.sha]), "url": f"{url}/blobs/{entry.sha}"}
        elif kind == "tree":
            item["url"] = f"{url}/trees/{entry.sha}"
        found.append(item)
        if kind == "tree" and recursive:
            found += _tree_entries(state, url, entry.sha, f"{prefix}{name}/", recursive=True)
    return found
