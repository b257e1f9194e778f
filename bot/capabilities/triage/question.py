"""What a model is asked: the report, and what was learned as evidence."""

from bot.capabilities.triage.kinds import Kind
from bot.domain.facts import Facts

_SHOWN = 3
_NOTHING = "none"


def inputs_of(facts: Facts, kinds: tuple[Kind, ...]) -> dict[str, str]:
    """The inputs of the prompt. Guesses are ours; the examples' titles were written by strangers."""
    lesson = facts.lesson
    guesses = [one for one in lesson.guesses if one.kind in kinds][:_SHOWN] if lesson else []
    nearby = lesson.nearby if lesson else ()
    return {
        "title": facts.item.title,
        "body": facts.item.body,
        "kinds": ", ".join(kinds),
        "guesses": ", ".join(f"{one.kind} {one.probability:.2f}" for one in guesses) or _NOTHING,
        "examples": "\n".join(f"{', '.join(one.labels)}: {one.title}" for one in nearby) or _NOTHING,
    }
