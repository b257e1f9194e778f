"""The part of the repository configuration that is about the welcome."""

from typing import Annotated

from pydantic import Field

from bot.domain.capability import Options

Opening = Annotated[str, Field(min_length=1, max_length=500)]


class WelcomeOptions(Options):
    """How newcomers are greeted."""

    issue_text: Opening | None = None
    """The maintainers' own first sentence for issues (Markdown, one line); without it, a short thanks."""

    pull_text: Opening | None = None
    """The same for pull requests."""
