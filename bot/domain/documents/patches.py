"""Which lines of a file a pull request touches, from the `patch` that GitHub gives for it."""

from unidiff.errors import UnidiffParseError
from unidiff.patch import Line, PatchSet

_HEADER = "--- a/file\n+++ b/file\n"


def changed_lines(patch: str | None) -> frozenset[int]:
    """The lines of the head version that were added or modified; empty if the patch says nothing usable."""
    return frozenset(line.target_line_no for line in _lines(patch) if line.is_added and line.target_line_no)


def commentable_lines(patch: str | None) -> frozenset[int]:
    """The lines of the head version on which GitHub takes a comment: added ones and their context."""
    return frozenset(
        line.target_line_no for line in _lines(patch) if (line.is_added or line.is_context) and line.target_line_no
    )


def _lines(patch: str | None) -> list[Line]:
    if not patch:
        return []
    text = patch if patch.endswith("\n") else patch + "\n"
    try:
        files = PatchSet(_HEADER + text)
    except (UnidiffParseError, ValueError, AssertionError):
        return []
    if len(files) != 1:
        return []
    return [line for hunk in files[0] for line in hunk]
