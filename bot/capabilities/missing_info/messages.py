"""What people read."""

from collections.abc import Sequence

from bot.domain.text import Prose, Text, code

_SHOWN = 10


def missing(fields: Sequence[str], command: str, *, labelled: bool) -> Text:
    """What the report lacks and how to answer: by hand, or by what a `command` prints (empty if none is known).

    `labelled` says whether a label of ours goes away with the note.
    """
    lines = [f"- {code(one)}" for one in fields[:_SHOWN]]
    if len(fields) > _SHOWN:
        lines.append(f"- and {len(fields) - _SHOWN} more")
    if command:
        lines.append(f"- the output of {code(command)}" if not fields else f"\n{code(command)} prints the versions.")
    goes = "this note and the label go" if labelled else "this note goes"
    return (
        Prose(
            "To look into this, the maintainers still need:\n\n"
            + "\n".join(lines)
            + f"\n\nEdit the report or answer in a comment; {goes} away then."
        ),
    )


def outcome(count: int) -> str:
    """The result in one line, for records."""
    if not count:
        return "asked for an environment report"
    return f"asked for {count} missing {'answer' if count == 1 else 'answers'}"


def evidence(asker: str, fields: Sequence[str], command: str) -> tuple[str, ...]:
    """What the form asks and the report does not answer, as plain text."""
    if not fields:
        return (f"a failure of {asker} without any version", f"no output of “{command}”")
    return (f"the form “{asker}” requires more", *(f"no answer to “{one}”" for one in fields))


def complete() -> Text:
    """Everything is there now."""
    return (Prose("Thanks, nothing is missing any more."),)


def withdrawn() -> Text:
    """A maintainer took the label off: the report is good enough."""
    return (Prose("The maintainers need nothing more here."),)
