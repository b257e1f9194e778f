"""The powers of `docs`."""

from typing import Final

from bot.capabilities.docs.config import DocsOptions
from bot.domain.actions import Review
from bot.domain.capability import Manifest
from bot.domain.facts import Need

MANIFEST: Final = Manifest(
    id="docs",
    title="Documentation",
    summary="Suggests fixes for spelling and broken relative links on documentation lines that change.",
    events=frozenset(
        {
            "pull_request.opened",
            "pull_request.reopened",
            "pull_request.synchronize",
            "pull_request.ready_for_review",
        }
    ),
    needs=frozenset({Need.ITEM, Need.FILES, Need.DOCUMENTS}),
    permissions={"pull_requests": "write", "contents": "read"},
    actions=(Review,),
    options=DocsOptions,
)
