"""Differences between two trees, as `GET /pulls/{n}/files` reports them, and the lines a review may name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.sandbox.gitstore import Entry, GitStore

MAX_PATCH_LINES = 20_000
MAX_PATCH_BYTES = 1_000_000
RENAME_SIMILARITY = 0.5
_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class FileChange:
    path: str
    sha: str
    status: str
    """added, modified, removed or renamed"""
    additions: int
    deletions: int
    patch: str | None
    """None: binary, without changed lines, or too large."""
    previous_path: str | None = None


@dataclass(frozen=True, slots=True)
class DiffLine:
    hunk: int
    position: int
    """Lines below the first `@@`, counted from 1: the legacy address of a review comment."""
    left: int | None
    right: int | None
    text: str


def changes(store: GitStore, base: Mapping[str, Entry], head: Mapping[str, Entry]) -> list[FileChange]:
    """Compare two flat trees, renames detected like git's default (50 % similar)."""
    removed = {path: base[path] for path in base if path not in head}
    added = {path: head[path] for path in head if path not in base}
    found: list[FileChange] = []
    for path, entry in sorted(added.items()):
        origin = _rename_origin(store, entry, removed)
        if origin is None:
            found.append(_change(store, path, None, entry, "added"))
        else:
            found.append(_change(store, path, removed.pop(origin), entry, "renamed", origin))
    found += [_change(store, path, entry, None, "removed") for path, entry in removed.items()]
    found += [
        _change(store, path, base[path], head[path], "modified")
        for path in base
        if path in head and base[path] != head[path]
    ]
    return sorted(found, key=lambda change: change.path)


def diff_lines(patch: str) -> Iterator[DiffLine]:
    """Yield each line of a patch with its number on both sides."""
    left = right = position = 0
    hunk = -1
    for text in patch.split("\n"):
        header = _HUNK.match(text)
        if header:
            hunk += 1
            left, right = int(header[1]), int(header[2])
            position += hunk > 0
            continue
        if text.startswith("\\"):
            continue
        position += 1
        is_left, is_right = not text.startswith("+"), not text.startswith("-")
        yield DiffLine(hunk, position, left if is_left else None, right if is_right else None, text)
        left += is_left
        right += is_right


def find_line(patch: str, line: int, side: str) -> DiffLine | None:
    """Return the diff line that a comment on `line` of `side` (LEFT or RIGHT) would sit on."""
    wanted = (item for item in diff_lines(patch) if (item.left if side == "LEFT" else item.right) == line)
    return next(wanted, None)


def hunk_up_to(patch: str, line: DiffLine) -> str:
    """Return the hunk's header and its lines down to `line`: a review comment's `diff_hunk`."""
    headers = [text for text in patch.split("\n") if _HUNK.match(text)]
    body = [item.text for item in diff_lines(patch) if item.hunk == line.hunk and item.position <= line.position]
    return "\n".join([headers[line.hunk], *body])


def _change(
    store: GitStore, path: str, old: Entry | None, new: Entry | None, status: str, previous: str | None = None
) -> FileChange:
    before, after = _data(store, old), _data(store, new)
    entry = new or old
    sha = entry.sha if entry else ""
    if _is_binary(before) or _is_binary(after):
        return FileChange(path, sha, status, 0, 0, None, previous)
    patch = unified(before, after)
    lines = patch.split("\n") if patch else []
    additions = sum(line.startswith("+") for line in lines)
    deletions = sum(line.startswith("-") for line in lines)
    too_large = len(lines) > MAX_PATCH_LINES or len(patch) > MAX_PATCH_BYTES
    return FileChange(path, sha, status, additions, deletions, None if too_large or not patch else patch, previous)


def unified(before: bytes, after: bytes) -> str:
    """Return the hunks of a unified diff without file headers and without a final newline."""
    old, new = _lines(before), _lines(after)
    body = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    out: list[str] = []
    for line in body:
        text, newline, _ = line.partition("\n")
        out.append(text)
        if not newline and not _HUNK.match(line):
            out.append("\\ No newline at end of file")
    return "\n".join(out)


def _lines(data: bytes) -> list[str]:
    # git ends lines at \n only; str.splitlines also at form feeds and Unicode separators
    parts = data.decode("utf-8", "replace").split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _data(store: GitStore, entry: Entry | None) -> bytes:
    return b"" if entry is None else store.blobs.get(entry.sha, f"Subproject commit {entry.sha}\n".encode())


def _is_binary(data: bytes) -> bool:
    return b"\0" in data[:8000]


def _rename_origin(store: GitStore, entry: Entry, removed: Mapping[str, Entry]) -> str | None:
    exact = next((path for path, old in removed.items() if old == entry), None)
    if exact is not None:
        return exact
    new = _lines(_data(store, entry))
    best, score = None, RENAME_SIMILARITY
    for path, old in removed.items():
        ratio = difflib.SequenceMatcher(None, _lines(_data(store, old)), new, autojunk=False).ratio()
        if ratio >= score:
            best, score = path, ratio
    return best
