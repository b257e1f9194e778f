"""What people read."""

from collections.abc import Sequence

from bot.domain.text import Prose, Text, code

_SHOWN = 10


def missing(fields: Sequence[str], *, labelled: bool) -> Text:
    """What the report lacks and how to answer; `labelled` says whether a label of ours goes away with the note."""
    lines = [f"- {code(one)}" for one in fields[:_SHOWN]]
    if len(fields) > _SHOWN:
        lines.append(f"- and {len(fields) - _SHOWN} more")
    goes = "this note and the label go" if labelled else "this note goes"
    return (
        Prose(
            "Thanks for the report! To look into it, the maintainers still need:\n\n"
            + "\n".join(lines)
            + f"\n\nEdit the report or answer in a comment; {goes} away then."
        ),
    )


def complete() -> Text:
    """Everything is there now."""
    return (Prose("Thanks, nothing is missing any more."),)


def withdrawn() -> Text:
    """A maintainer took the label off: the report is good enough."""
    return (Prose("The maintainers need nothing more here."),)
