"""Paths and globs, compared part by part."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def matches(path: str, glob: str) -> bool:
    """Whether a path fits a glob from the repository's root.

    "*" stays within one part, "**" spans any number of parts, "docs/" means everything below docs.
    """
    pattern = f"{glob}**" if glob.endswith("/") else glob
    return _match(path.split("/"), pattern.lstrip("/").split("/"))


def any_matches(paths: Iterable[str], globs: Sequence[str]) -> bool:
    """Whether one of the paths fits one of the globs."""
    return any(matches(path, glob) for path in paths for glob in globs)


def _match(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    reached = {0}  # how many parts are used up so far, for every way to get here
    for one in pattern:
        if one == "**":
            reached = set(range(min(reached, default=len(parts) + 1), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], one)}
    return len(parts) in reached
