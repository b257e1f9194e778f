"""Paths in a repository and the relative links that point to them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

MAX_TARGET: Final = 1_000

_MARKDOWN: Final = frozenset({".md", ".markdown"})
_TEXT_FOLDERS: Final = frozenset({"doc", "docs"})
_NOT_TEXT: Final = re.compile(r"(?:requirements|constraints|cmakelists|robots|.*wordlist).*", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_MAIL: Final = re.compile(r"[^\s/@]+@[^\s/@]+\.\w+")
_UNUSABLE: Final = re.compile(r"[\x00-\x1f\x7f\\{}<>|*$`\ufffd]")


class Kind(StrEnum):
    """The formats that are understood; `text` is plain text below a docs folder."""

    MARKDOWN = "markdown"
    RST = "rst"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a relative link points: a path ("" is the repository's root) and what follows `#`, decoded."""

    path: str
    anchor: str


def kind_of(path: str) -> Kind:
    """The format of a file, by its name."""
    pure = PurePosixPath(path)
    suffix = pure.suffix.lower()
    if suffix in _MARKDOWN:
        return Kind.MARKDOWN
    if suffix == ".rst":
        return Kind.RST
    folders = {part.lower() for part in pure.parts[:-1]}
    if suffix == ".txt" and folders & _TEXT_FOLDERS and not _NOT_TEXT.fullmatch(pure.stem):
        return Kind.TEXT
    return Kind.OTHER


def is_documentation(path: str) -> bool:
    """Markdown and reStructuredText anywhere, plain text below a folder `doc` or `docs`."""
    return kind_of(path) is not Kind.OTHER


def resolve(path: str, target: str) -> Target | None:
    """Where the document at `path` points with `target`, as GitHub resolves it; `/x` starts at the root.

    None for everything that is not a relative link inside the repository, or is a template's placeholder.
    """
    target = target.strip()
    # guard: relative-links (23): each
    if len(target) > MAX_TARGET or target.startswith("//") or _SCHEME.match(target) or _MAIL.fullmatch(target):
        return None
    rest, _, fragment = target.partition("#")
    rest, query, _ = rest.partition("?")
    name, anchor = unquote(rest), unquote(fragment)
    # guard: usable-paths (23)
    if _UNUSABLE.search(name) or _UNUSABLE.search(anchor) or not (name or anchor) or (query and not name):
        return None
    if not name:
        return Target(path, anchor)
    base = [] if name.startswith("/") else list(PurePosixPath(path).parts[:-1])
    parts = _walk(base, name)
    return None if parts is None else Target("/".join(parts), anchor)


def _walk(base: list[str], name: str) -> list[str] | None:
    parts = list(base)
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return parts
