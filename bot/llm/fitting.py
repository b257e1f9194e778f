"""How much of an item fits in an endpoint's context, and about how many tokens a text has."""

from collections.abc import Mapping
from typing import Final

from bot.llm.levels import in_words
from bot.prompting import Prompt

CHARS_PER_TOKEN: Final = 3.0
"""Before anything is measured: rather too many tokens than too few."""
ASSUMED_CONTEXT: Final = 4_096
"""Of an endpoint that does not tell: Ollama's default, which cuts longer prompts without a word."""
ENVELOPE: Final = 96
"""Tokens of the chat template and of the fences."""
_LEARNING: Final = 0.25
_BELIEVABLE: Final = (0.5, 8.0)
_FEWEST: Final = 100
_MARGIN: Final = 1.05


def weight(text: str) -> float:
    """The text's size in units of which CHARS_PER_TOKEN make a token: an ASCII character is one, others weigh more."""
    plain = sum(character < "\x80" for character in text) if not text.isascii() else len(text)
    return plain + 1.5 * (len(text.encode("utf-8", "replace")) - plain)


def estimate(*texts: str, chars_per_token: float | None = None) -> int:
    """About how many tokens the texts are, by what was measured at the endpoint."""
    return int(sum(map(weight, texts)) / (chars_per_token or CHARS_PER_TOKEN)) + 1


def corrected(known: float | None, texts: tuple[str, ...], tokens: int) -> float | None:
    """What is known about characters per token after a prompt of so many tokens; unbelievable counts teach nothing."""
    seen = sum(map(weight, texts)) / tokens
    if tokens < _FEWEST or not _BELIEVABLE[0] <= seen <= _BELIEVABLE[1]:
        return known
    # What turns out denser than expected counts at once, what is thinner only slowly.
    return seen if known is None or seen < known else known + _LEARNING * (seen - known)


def rooms(
    prompt: Prompt, inputs: Mapping[str, str], *, tokens: int, chars_per_token: float | None
) -> dict[str, int] | None:
    """How many characters of each input fit beside the instructions; None where not even those do.

    The inputs that are worth most get room first; what is left goes to the next.
    """
    fixed = weight(prompt.system) + weight(prompt.user) + weight(in_words(prompt.schema))
    left = (tokens - ENVELOPE) * (chars_per_token or CHARS_PER_TOKEN) / _MARGIN - fixed
    found = {}
    for name, rule in sorted(prompt.inputs.items(), key=lambda one: -one[1].worth):
        text = inputs[name][: rule.cap]
        fits = _prefix(text, left)
        if rule.trusted and fits < len(text):
            return None
        found[name] = fits
        left -= weight(text[:fits])
    return found if left >= 0 else None


def _prefix(text: str, room: float) -> int:
    """How many characters at the beginning weigh no more than `room`."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if weight(text[:middle]) <= room else (low, middle - 1)
    return low
