"""A small content-addressed store with git's own hashes for blobs, trees and commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

FILE = "100644"
SYMLINK = "120000"
SUBMODULE = "160000"
DIRECTORY = "40000"


@dataclass(frozen=True, slots=True)
class Symlink:
    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    commit: str


Content = str | bytes | Symlink | Submodule


@dataclass(frozen=True, slots=True)
class Entry:
    mode: str
    sha: str


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    email: str
    message: str
    when: datetime
    files: Mapping[str, Entry]
    """Path -> entry, flat."""


def git_hash(kind: str, data: bytes) -> str:
    """Return git's object name: SHA-1 over `<kind> <size>\\0<data>`."""
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class GitStore:
    """All objects of all repositories: forks share objects with their origin, as on GitHub."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, dict[str, Entry]] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    def put_blob(self, data: bytes) -> str:
        sha = git_hash("blob", data)
        self.blobs[sha] = data
        return sha

    def put_tree(self, files: Mapping[str, Entry]) -> str:
        """Store the tree of flat `files` with its sub-trees and return its object name."""
        entries: dict[str, Entry] = {}
        folders: dict[str, dict[str, Entry]] = {}
        for path, entry in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = entry
            else:
                entries[head] = entry
        for name, inner in folders.items():
            entries[name] = Entry(DIRECTORY, self.put_tree(inner))
        sha = git_hash("tree", _tree_bytes(entries))
        self.trees[sha] = dict(sorted(entries.items(), key=_tree_order))
        return sha

    def commit(
        self,
        changes: Mapping[str, Content | None],
        *,
        parents: tuple[str, ...],
        author: str,
        email: str,
        message: str,
        when: datetime,
    ) -> Commit:
        """Commit `changes` (None removes a path) on top of the first parent."""
        files = dict(self.commits[parents[0]].files) if parents else {}
        for path, content in changes.items():
            if content is None:
                files.pop(path, None)
            else:
                files[path] = self._entry(content)
        tree = self.put_tree(files)
        stamp = f"{author} <{email}> {int(when.timestamp())} +0000"
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        text = "\n".join([*lines, f"author {stamp}", f"committer {stamp}", "", message, ""])
        sha = git_hash("commit", text.encode("utf-8", "surrogatepass"))
        made = Commit(sha, tree, parents, author, email, message, when, files)
        self.commits[sha] = made
        return made

    def ancestors(self, sha: str) -> list[str]:
        """Return `sha` and everything before it, nearest first."""
        seen: dict[str, None] = {}
        waiting = [sha]
        while waiting:
            current = waiting.pop(0)
            if current not in seen:
                seen[current] = None
                waiting.extend(self.commits[current].parents)
        return list(seen)

    def merge_base(self, base: str, head: str) -> str | None:
        """Return the nearest common ancestor, or None for unrelated histories."""
        known = set(self.ancestors(base))
        return next((sha for sha in self.ancestors(head) if sha in known), None)

    def _entry(self, content: Content) -> Entry:
        if isinstance(content, Symlink):
            return Entry(SYMLINK, self.put_blob(content.target.encode()))
        if isinstance(content, Submodule):
            return Entry(SUBMODULE, content.commit)
        data = content.encode() if isinstance(content, str) else content
        return Entry(FILE, self.put_blob(data))


def _tree_order(item: tuple[str, Entry]) -> bytes:
    # git sorts folders as if their names ended in a slash
    name, entry = item
    return (name + ("/" if entry.mode == DIRECTORY else "")).encode()


def _tree_bytes(entries: Mapping[str, Entry]) -> bytes:
    return b"".join(
        f"{entry.mode} {name}\0".encode() + bytes.fromhex(entry.sha)
        for name, entry in sorted(entries.items(), key=_tree_order)
    )
