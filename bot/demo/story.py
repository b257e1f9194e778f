"""The story that is played."""

from typing import Final

from bot.demo.scene import Scene
from bot.demo.scenes import conversations, reports, trouble

BROKEN: Final = reports.FEATURE
"""The scene that `--break` spoils."""


def scenes(*, model: bool) -> tuple[Scene, ...]:
    """All scenes in their order; the last one ends otherwise where a model is asked."""
    return (
        reports.INCOMPLETE,
        reports.COMPLETE,
        reports.FEATURE,
        reports.QUESTION,
        conversations.FIRST_PULL,
        conversations.MAINTAINERS_COMMANDS,
        conversations.STRANGERS_COMMANDS,
        trouble.ORDERS,
        trouble.AGAIN,
        conversations.DISPUTED,
        reports.GERMAN,
        reports.OF_A_BOT,
        reports.PUZZLE_FOR_A_MODEL if model else reports.PUZZLE,
    )
