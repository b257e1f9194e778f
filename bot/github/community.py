"""Addresses of community files: of a repository, and of its owner's `.github` repository."""

from dataclasses import dataclass
from typing import Any, Final

from bot.github.client import GitHub, together
from bot.github.errors import Absent, Forbidden, Moved, Refused
from bot.github.kept import LONG, SHORT

_LISTED: Final = 1_000
"""Entries of a folder that GitHub shows: https://docs.github.com/en/rest/repos/contents#get-repository-content"""
_NAMES: Final = {
    "contributing": "contributing",
    "code_of_conduct": "code_of_conduct",
    "security": "security",
    "support": "support",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses of community files; `whole` is False where a folder could not be listed just now."""

    urls: dict[str, str]
    whole: bool

    def weigh(self) -> tuple[int, float]:
        return sum(map(len, self.urls.values())), LONG if self.whole and self.urls else self.weigh_unpinned()[1]

    def weigh_unpinned(self) -> tuple[int, float]:
        return sum(map(len, self.urls.values())), SHORT if self.whole else 0.0


async def community_files(github: GitHub, base: str) -> Found:
    """As GitHub looks for them: .github, the root, docs. Folders that the root does not show are not asked for."""
    root = await _listing(github, base, "")
    shown = None if root is None or len(root) >= _LISTED else {one["name"] for one in root if one["type"] == "dir"}
    folders = [one for one in (".github", "docs") if shown is None or one in shown]
    found = await together([_listing(github, base, one) for one in folders])
    if shown is not None:
        # Git keeps no empty folders: what the root shows is there, though a lagging server may not find it yet.
        found = [one or None for one in found]
    listings = {"": root, **dict(zip(folders, found, strict=True))}
    urls: dict[str, str] = {}
    for entry in (one for folder in (".github", "", "docs") for one in listings.get(folder) or ()):
        key = _NAMES.get(str(entry["name"]).rsplit(".", 1)[0].lower().replace("-", "_"))
        if key and entry["type"] == "file" and entry.get("html_url"):
            urls.setdefault(key, str(entry["html_url"]))
    return Found(urls, None not in listings.values())


async def owners_files(github: GitHub, base: str) -> Found:
    try:
        return await community_files(github, base)
    except Moved:
        return Found({}, False)


async def _listing(github: GitHub, base: str, folder: str) -> list[Any] | None:
    """A folder; empty if there is none, None if GitHub would not say."""
    try:
        listed = await github.get(f"{base}/contents/{folder}")
    except Absent:
        return []
    except (Forbidden, Refused):
        return None
    return listed if isinstance(listed, list) else []
