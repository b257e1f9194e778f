"""What people read: always with the reporter's own sentence."""

from typing import Final

from bot.capabilities.priority.evidence import Evidence, Harm
from bot.domain.text import Prose, Text, code, quote

_SAID: Final = {
    Harm.DATA_LOSS: "data is lost",
    Harm.CRASH: "it crashes",
    Harm.REGRESSION: "it worked in an earlier version",
    Harm.MANY_USERS: "many people are affected",
}


def labelled(label: str, found: Evidence) -> Text:
    """Which label was set, and the sentence that it rests on."""
    return (Prose(f"{code(label)}, because the report says that {_SAID[found.harm]}:\n\n{quote(found.quote)}"),)


def suggested(label: str, found: Evidence) -> Text:
    """The label that would fit, and the sentence that it rests on."""
    return (Prose(f"{code(label)} may fit, because the report says that {_SAID[found.harm]}:\n\n{quote(found.quote)}"),)


def withdrawn() -> Text:
    """The sentence is gone, or people have decided."""
    return (Prose("The priority is in your hands now."),)


def evidence(found: Evidence) -> str:
    """The same for /why, as plain text."""
    return f"{_SAID[found.harm]}: “{found.quote}”"
