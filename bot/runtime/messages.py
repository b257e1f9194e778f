"""What every comment ends with."""

from bot.domain.repo_config import PATH
from bot.domain.text import Prose, Text


def footer() -> Text:
    """Says that nobody wrote this by hand, and how to learn more or turn it off."""
    return (
        Prose(
            "*I am an automated assistant. `/why` explains what I did, `/help` lists commands; "
            f"`mode: off` in `{PATH}` turns me off.*"
        ),
    )
