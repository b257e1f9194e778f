"""How much of a pull request's documentation is read."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

import pytest

from bot.domain.events import Actor
from bot.domain.facts import ChangedFile, Item, Misspelling
from bot.github.client import GitHub
from bot.github.documents import read_documents

SHA: Final = "a" * 40
ITEM: Final = Item(
    5, True, "t", "", Actor("jo", 1), "NONE", "open", False, frozenset(), datetime(2026, 1, 1, tzinfo=UTC), "u",
    head_sha=SHA,
)  # fmt: skip


@dataclass(slots=True)
class Files:
    """Answers like the API: a tree, and one text for every path. `asked` are the addresses."""

    text: str = "some words\n"
    truncated: bool = False
    asked: list[str] = field(default_factory=list)

    async def get(self, url: str, **_query: str | int) -> Any:
        self.asked.append(url)
        if "/git/trees/" in url:
            return {"truncated": self.truncated, "tree": [{"path": "docs/0.md", "type": "blob"}]}
        return {"type": "file", "encoding": "base64", "content": base64.b64encode(self.text.encode()).decode()}

    async def check(self, _texts: Mapping[str, str], _lines: object) -> tuple[Misspelling, ...]:
        return ()


def changed(count: int) -> tuple[ChangedFile, ...]:
    return tuple(ChangedFile(f"docs/{number}.md", "modified", "@@ -1 +1 @@\n-a\n+b\n") for number in range(count))


@pytest.fixture
def files() -> Files:
    return Files()


async def read(files: Files, count: int) -> dict[str, Any]:
    return await read_documents(cast(GitHub, files), "/repos/o/r", ITEM, changed(count), files)


async def test_twenty_documents_are_read_at_most(files: Files) -> None:
    found = await read(files, 25)
    assert len(found["documents"]) == 20
    assert sum("/contents/" in one for one in files.asked) == 20


async def test_of_a_tree_that_was_cut_nothing_is_believed(files: Files) -> None:
    assert (await read(files, 1))["tree"] == frozenset({"docs/0.md"})
    files.truncated = True
    assert (await read(files, 1))["tree"] == frozenset()


async def test_documents_hold_300_000_characters_together_at_most(files: Files) -> None:
    files.text = "x" * 100_000
    assert len((await read(files, 5))["documents"]) == 3


async def test_without_documentation_nothing_is_read(files: Files) -> None:
    assert await read_documents(cast(GitHub, files), "/r", ITEM, (ChangedFile("a.py", "modified", "x"),), files) == {}
    assert files.asked == []
