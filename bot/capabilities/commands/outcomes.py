"""What became of one command."""

from dataclasses import dataclass

from bot.domain.text import Text


@dataclass(frozen=True, slots=True)
class Outcome:
    """Texts for the reply, label wishes, and one plain line for the record; `done` is false if anything failed."""

    record: str
    done: bool = True
    texts: tuple[Text, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    remove_of_people: tuple[str, ...] = ()
