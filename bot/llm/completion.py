"""What came back from an endpoint, read without trusting its shape: servers leave out whatever they like."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

_MOST_TOKENS: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Completion:
    """`text` is empty where there is none; `tokens` is None unless the endpoint tells a believable number."""

    text: str
    tokens: int | None = None
    cut_off: bool = False


def read_completion(body: bytes) -> Completion:
    """The first choice of a chat completion; never raises, whatever the bytes are."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Completion("")
    choice = _member(data, "choices", 0)
    text = _member(choice, "message", "content")
    tokens = _member(data, "usage", "total_tokens")
    return Completion(
        # Lone surrogates cannot be sent back for the second try.
        text=text.encode("utf-8", "replace").decode() if isinstance(text, str) else "",
        tokens=tokens if type(tokens) is int and 0 < tokens < _MOST_TOKENS else None,
        cut_off=_member(choice, "finish_reason") == "length",
    )


def estimate(texts: Sequence[str]) -> int:
    """About how many tokens the texts are, rather too many than too few."""
    return sum(map(len, texts)) // 3 + 1


def _member(data: Any, *path: str | int) -> Any:
    for step in path:
        match data, step:
            case dict(), str() if step in data:
                data = data[step]
            case list(), int() if step < len(data):
                data = data[step]
            case _:
                return None
    return data
