"""What came back from an endpoint, read without trusting its shape: servers leave out whatever they like."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from bot.llm.faults import Fault

_MOST_TOKENS: Final = 10_000_000
_DATA: Final = "data:"


@dataclass(frozen=True, slots=True)
class Completion:
    """`text` is empty where there is none, and `flaw` says why; `call` holds the arguments of the first tool call.

    `tokens` (all) and `prompt_tokens` are None unless the endpoint tells believable numbers. `reasoned` means that the
    model thought before it answered. `seconds` passed from its first piece to its last, where it came in several.
    """

    text: str
    tokens: int | None = None
    cut_off: bool = False
    prompt_tokens: int | None = None
    call: str | None = None
    flaw: Fault | None = None
    reasoned: bool = False
    seconds: float | None = None


def read_completion(body: bytes) -> Completion:
    """The first choice of a chat completion; never raises, whatever the bytes are."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Completion("", flaw=Fault.NOT_A_COMPLETION)
    return read_data(data)


def read_data(data: Any) -> Completion:
    """The same of decoded JSON of any shape."""
    choice = _member(data, "choices", 0)
    message = _member(choice, "message")
    text = _text(_member(message, "content"))
    call = _member(message, "tool_calls", 0, "function", "arguments")
    total = _count(_member(data, "usage", "total_tokens"))
    prompt = _count(_member(data, "usage", "prompt_tokens"))
    ended = _member(choice, "finish_reason")
    return Completion(
        text=text,
        tokens=total,
        cut_off=ended == "length",
        prompt_tokens=prompt if total is not None and prompt is not None and prompt <= total else None,
        call=_text(call) if isinstance(call, str) else None,
        flaw=None if text else _flaw(data, choice, message, ended),
        reasoned=bool(_text(_reasoning(message))) or "<think>" in text or "</think>" in text,
    )


def tokens_used(data: Any) -> int | None:
    """All tokens of a request, as far as the answer tells a believable number."""
    return _count(_member(data, "usage", "total_tokens")) or _count(_member(data, "usage", "prompt_tokens"))


def _flaw(data: Any, choice: Any, message: Any, ended: Any) -> Fault:
    """Why there is no text."""
    if not isinstance(data, dict) or "choices" not in data:
        return Fault.NOT_A_COMPLETION
    if not isinstance(choice, dict):
        return Fault.NO_CHOICES
    if ended == "content_filter":
        return Fault.FILTERED
    if _text(_member(message, "refusal")):
        return Fault.REFUSAL
    return Fault.CUT_OFF if ended == "length" else Fault.NO_CONTENT


def _reasoning(message: Any) -> Any:
    # llama.cpp, vLLM, DeepSeek; then Ollama, OpenRouter.
    return _member(message, "reasoning_content") or _member(message, "reasoning")


def _text(value: Any) -> str:
    # Lone surrogates cannot be sent back for the second try.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < _MOST_TOKENS else None


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


@dataclass(slots=True)
class Assembly:
    """A streamed completion, put together from the lines of its events into the shape of a plain one."""

    pieces: dict[str, list[str]] = field(default_factory=dict)
    ended: Any = None
    usage: Any = None
    chosen: bool = False
    failed: Any = None

    def add(self, line: str) -> bool:
        """Take one line; whether it held a piece of the answer, or of the thoughts before it."""
        if not line.startswith(_DATA):
            return False
        try:
            data = json.loads(line[len(_DATA) :])
        except (ValueError, RecursionError):
            return False
        self.usage = _member(data, "usage") or self.usage
        self.failed = self.failed or _member(data, "error")
        choice = _member(data, "choices", 0)
        if not isinstance(choice, dict):
            return False
        self.chosen = True
        self.ended = _member(choice, "finish_reason") or self.ended
        return self._keep(_member(choice, "delta") or _member(choice, "message")) or self.ended is not None

    def _keep(self, delta: Any) -> bool:
        found = {
            "content": _member(delta, "content"),
            "refusal": _member(delta, "refusal"),
            "reasoning": _reasoning(delta),
            "call": _member(delta, "tool_calls", 0, "function", "arguments"),
        }
        if _member(delta, "tool_calls", 0, "index") not in (None, 0):
            found.pop("call")
        kept = {name: piece for name, piece in found.items() if isinstance(piece, str) and piece}
        for name, piece in kept.items():
            self.pieces.setdefault(name, []).append(piece)
        return bool(kept)

    def data(self) -> dict[str, Any]:
        """The whole as if it had not been streamed."""
        message: dict[str, Any] = {name: "".join(parts) for name, parts in self.pieces.items()}
        if "call" in message:
            message["tool_calls"] = [{"function": {"arguments": message.pop("call")}}]
        choices = [{"message": message, "finish_reason": self.ended}] if self.chosen else []
        return {"choices": choices, "usage": self.usage}
