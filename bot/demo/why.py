"""The essence of the assistant's answer to `/why`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final

from bot.demo.markdown import plain, visible

_FOLD: Final = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
_METHOD: Final = re.compile(r"\bby (.+?)\.?$")


@dataclass(frozen=True, slots=True)
class Reason:
    """One decision: what came of it, on which evidence, by which means."""

    outcome: str
    evidence: tuple[str, ...]
    method: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply to `/why`: its first sentence, the decisions that it lists, in its order, and why others did nothing."""

    opening: str
    reasons: tuple[Reason, ...]
    idle: tuple[str, ...]


def read_answer(reply: str) -> Answer:
    """Take a reply apart."""
    opening = plain(visible(reply).partition("\n")[0])
    reasons = tuple(_reason(unescape(summary), inside) for summary, inside in _FOLD.findall(reply))
    return Answer(opening, reasons, tuple(_points(_FOLD.sub("", reply))))


def _points(markdown: str) -> Iterator[str]:
    lines = (line.strip() for line in markdown.split("\n"))
    return (plain(line.removeprefix("- ")) for line in lines if line.startswith("- "))


def _reason(summary: str, inside: str) -> Reason:
    lines = [line.strip() for line in inside.strip().split("\n")]
    evidence = tuple(_points(inside))
    last = next((plain(line) for line in lines if line.startswith("Decided ")), "")
    method = _METHOD.search(last)
    return Reason(summary.strip(), evidence, method[1] if method else "")
