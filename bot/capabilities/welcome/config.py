"""The part of the repository configuration that is about the welcome."""

from typing import Annotated

from pydantic import Field

from bot.domain.capability import Options

Opening = Annotated[str, Field(min_length=1, max_length=500)]


class WelcomeOptions(Options):
    """The maintainers' own first sentence (Markdown, put on one line)."""

    issue_text: Opening | None = None
    pull_text: Opening | None = None
