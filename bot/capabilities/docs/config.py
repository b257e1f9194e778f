"""What a repository can set for `docs`, and which files that means."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Final

from pydantic import Field

from bot.domain.capability import Options

MAX_COMMENTS: Final = 40

Pattern = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[str, Field(min_length=1, max_length=60)]

_PATHS: Final = ("**/*.md", "**/*.markdown", "**/*.rst", "docs/**/*.txt")
_IGNORE: Final = (
    "CHANGELOG*",
    "CHANGES*",
    "HISTORY*",
    "LICENSE*",
    "LICENCE*",
    "NOTICE*",
    "**/vendor/**",
    "**/third_party/**",
    "**/node_modules/**",
    "**/_generated/**",
    "**/requirements*.txt",
)


class DocsOptions(Options):
    """Globs know `*` (within a name), `**` (any folders) and `?`; without `/` they mean a name anywhere."""

    paths: tuple[Pattern, ...] = Field(default=_PATHS, max_length=50, description="Files that are checked.")
    ignore: tuple[Pattern, ...] = Field(default=_IGNORE, max_length=50, description="Files that are left alone.")
    words: tuple[Word, ...] = Field(default=(), max_length=1_000, description="Words that are spelled right here.")
    spelling: bool = Field(default=True, description="Whether to check spelling.")
    links: bool = Field(default=True, description="Whether to check relative links and anchors.")
    max_comments: int = Field(
        default=20, ge=1, le=MAX_COMMENTS, description="Lines that one review comments on at most."
    )


def selected(path: str, options: DocsOptions) -> bool:
    """Whether the file at `path` is to be checked. A path that is not plain and normalised never is."""
    parts = path.split("/")
    if not path.isprintable() or any(part in ("", ".", "..") for part in parts):
        return False
    return _any(parts, options.paths) and not _any(parts, options.ignore)


def _any(parts: Sequence[str], patterns: Iterable[str]) -> bool:
    return any(_matches(parts, pattern) for pattern in patterns)


def _matches(parts: Sequence[str], pattern: str) -> bool:
    if "/" not in pattern:
        return fnmatchcase(parts[-1], pattern)
    # Which prefixes of the path the pattern has eaten so far: no backtracking, whatever the pattern.
    ends = {0}
    for piece in pattern.strip("/").split("/"):
        if piece == "**":
            ends = set(range(min(ends, default=len(parts) + 1), len(parts) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(parts) and fnmatchcase(parts[end], piece)}
    return len(parts) in ends
