"""What people read."""

from bot.domain.repo_config import PATH
from bot.domain.text import Prose, Text, literal

_SHOWN = 10


def mistakes_in_pull(mistakes: tuple[str, ...]) -> Text:
    """The pull request would break the configuration."""
    has = f"has {_count(mistakes)}"
    return (Prose(f"This change to `{PATH}` {has}; merged like this, it would not be used:\n\n{_list(mistakes)}"),)


def mistakes_on_default_branch(mistakes: tuple[str, ...]) -> Text:
    """The configuration in use is broken; said once."""
    return (
        Prose(
            f"A note for the maintainers: `{PATH}` has {_count(mistakes)}, so the last good configuration "
            f"(or the defaults) is in use until that is mended:\n\n{_list(mistakes)}"
        ),
    )


def mended() -> Text:
    """The pull request's configuration is all right now."""
    return (Prose(f"`{PATH}` is fine now."),)


def _count(mistakes: tuple[str, ...]) -> str:
    return "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"


def _list(mistakes: tuple[str, ...]) -> str:
    lines = [f"- {literal(one)}" for one in mistakes[:_SHOWN]]
    if len(mistakes) > _SHOWN:
        lines.append(f"- and {len(mistakes) - _SHOWN} more")
    return "\n".join(lines)
