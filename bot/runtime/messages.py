"""What every comment ends with."""

from bot.domain.repo_config import PATH
from bot.domain.text import Prose, Text


def footer() -> Text:
    """Says that nobody wrote this by hand, and how to learn more or turn it off."""
    return (
        Prose(
            "*I am an automated assistant, not a person. `/why` explains what I did, `/help` lists what I "
            f"understand; maintainers can turn me off with `mode: off` in `{PATH}`.*"
        ),
    )
