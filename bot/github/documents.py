"""Reads what the documentation checks need: changed documents at the head, the tree, spelling of changed lines."""

from typing import Any, Final

import structlog

from bot.domain.documents import changed_lines, is_documentation, linked_documents
from bot.domain.errors import AssistantError
from bot.domain.facts import ChangedFile, Item
from bot.domain.ports import Spelling
from bot.github.client import GitHub, file_path
from bot.github.contents import decode_content
from bot.github.errors import Absent, Forbidden, Refused

log = structlog.get_logger()

_MAX_DOCUMENTS: Final = 20
_MAX_CHARACTERS: Final = 300_000


async def read_documents(
    github: GitHub, repository: str, item: Item, files: tuple[ChangedFile, ...], spelling: Spelling
) -> dict[str, Any]:
    """`documents`, `tree` and `misspellings` by field name of Facts; empty where no documentation changed.

    A tree that GitHub cuts (over 100,000 entries) is left empty: half a tree would make good links look broken.
    """
    changed = {
        one.path: changed_lines(one.patch) for one in files if one.status != "removed" and is_documentation(one.path)
    }
    # guard: twenty-documents (25): without [:_MAX_DOCUMENTS]
    wanted = [name for name, lines in changed.items() if lines][:_MAX_DOCUMENTS]
    if not wanted or item.head_sha is None:
        return {}
    texts = await _texts(github, repository, wanted, item.head_sha)
    tree = await _tree(github, repository, item.head_sha)
    further = sorted((linked_documents(texts, changed) & tree) - texts.keys())[:_MAX_DOCUMENTS]
    linked = await _texts(github, repository, further, item.head_sha)
    try:
        misspellings = await spelling.check(texts, {name: changed[name] for name in texts})
    except AssistantError as error:
        log.warning("spelling_unavailable", reason=str(error))
        misspellings = ()
    return {"documents": texts | linked, "tree": tree, "misspellings": misspellings}


async def _texts(github: GitHub, repository: str, names: list[str], sha: str) -> dict[str, str]:
    found: dict[str, str] = {}
    size = 0
    for name in names:
        try:
            text = decode_content(await github.get(f"{repository}/contents/{file_path(name)}", ref=sha))
        except (Absent, Forbidden, Refused):
            continue
        size += len(text or "")
        if text is not None and size <= _MAX_CHARACTERS:
            found[name] = text
    return found


async def _tree(github: GitHub, repository: str, sha: str) -> frozenset[str]:
    data = await github.get(f"{repository}/git/trees/{sha}", recursive=1)
    if data.get("truncated"):  # guard: cut-trees (25)
        return frozenset()
    return frozenset(str(one["path"]) for one in data["tree"] if one["type"] in ("blob", "tree"))
