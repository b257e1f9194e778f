"""The part of the repository configuration that is about related threads and duplicates."""

from pydantic import Field

from bot.domain.capability import Options


class DuplicatesOptions(Options):
    """When something is said, and how much."""

    at_most: int = Field(default=3, ge=1, le=5)
    """Related threads that are listed."""

    relevance: float = Field(default=0.4, ge=0.2, le=1.0)
    """How alike a thread must be to be listed, from 0 to 1; `/why` shows the likeness of those that were."""

    claims: bool = True
    """Whether a duplicate is called one, where the repository's own marked duplicates have shown that this is right."""

    pull_requests: bool = True
    """Whether related threads are listed on pull requests, too."""
