"""Prints the demo for people: each scene with its thread, the assistant's reasons, and a summary."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.demo.page import page
from bot.demo.stage import Moment
from bot.demo.threads import Thread
from bot.demo.why import Answer, Reason

WIDTH: Final = 100
_EVIDENCE: Final = 3
_LOG_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one scene ended."""

    title: str
    expected: str
    faults: tuple[str, ...]
    seconds: float
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over the whole story."""

    events: int
    refused: int
    """Deliveries that were not accepted."""
    requests: int
    unknown: int
    comments: int
    """Comments and reviews of the assistant, the answers to the demo's own questions included."""
    answers: int
    questions: int | None
    """To the model; None without one."""
    seconds: float


def make_console() -> Console:
    """A console that is never wider than a page; a pipe gets a whole page and no colours."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # An old terminal may not know every character; that must not end the demo.
        reconfigure(errors="replace")
    found = Console(highlight=False)
    return Console(highlight=False, width=min(found.width, WIDTH) if found.is_terminal else WIDTH)


class Show:
    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str, style: str = "") -> None:
        """One plain line."""
        self._console.print(Text(text, style=style))

    def scene(self, number: int, total: int, title: str) -> None:
        self._console.print()
        heading = Text(f"{number}/{total}  {title}", style="bold")
        self._console.print(Rule(heading, align="left", characters="━", style="bright_black"))

    def moments(self, moments: list[Moment]) -> None:
        """The first moment in full, then what each later one changed in the thread; silent ones not at all."""
        before: Thread | None = None
        for moment in (one for one in moments if one.happened):
            self._console.print(Text(f"\n▶ {moment.happened}.", style="italic"))
            for part in page(moment.thread, before, coloured=self._console.color_system is not None):
                self._console.print(part)
            before = moment.thread

    def reasons(self, answer: Answer) -> None:
        """Why the assistant did it, by its own record: the essence of its answer to `/why`."""
        table = Table.grid(padding=(0, 1))
        lines = [_reason(one) for one in answer.reasons]
        if answer.idle:
            lines.append(_idle(answer))
        for line in lines or [Text(f'"{answer.opening}"')]:
            table.add_row(Text("  Why:", style="cyan"), line)
        self._console.print()
        self._console.print(table)

    def verdict(self, expected: str, faults: tuple[str, ...]) -> None:
        if not faults:
            self.say(f"  ✓ As it should be: {expected}.", "green")
            return
        self.say(f"  ✗ It should be otherwise: {expected}.", "bold red")
        for fault in faults:
            self.say(f"    - {fault}", "red")

    def summary(self, outcomes: list[Outcome], totals: Totals) -> None:
        """One line for each scene, then the counts."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name in ("", "scene", "what should happen"):
            table.add_column(name)
        table.add_column("seconds", justify="right")
        for one in outcomes:
            mark = Text("ok", style="green") if not one.faults else Text("NOT OK", style="bold red")
            table.add_row(mark, Text(one.title), Text(one.expected), f"{one.seconds:.1f}")
        self._console.print()
        self._console.print(table)
        good = sum(not one.faults for one in outcomes)
        self.say(f"{good} of {len(outcomes)} threads are as they should be, after {totals.seconds:.0f} s.")
        for line in _counts(totals):
            self.say(line)

    def log(self, path: Path) -> None:
        """The end of a log that stays where it is."""
        lines = path.read_text("utf-8", "replace").strip().split("\n") if path.exists() else []
        self.say(f"\nThe server's log is {path}" + ("; it ends with:" if any(lines) else "."))
        for line in lines[-_LOG_LINES:]:
            self.say(f"  {' '.join(line.split())}", "dim")


def _counts(totals: Totals) -> Iterator[str]:
    own = totals.comments - totals.answers
    yield f"{totals.events} events sent, {totals.refused} of them refused by the assistant"
    yield f"{own} comments and reviews by the assistant, and {totals.answers} answers to the demo's own /why"
    yield f"{totals.requests} requests to the stand-in GitHub, {totals.unknown} of them unknown to it"
    if totals.questions is not None:
        yield f"{totals.questions} questions to the model"


def _idle(answer: Answer) -> Text:
    line = Text("nothing else to do" if answer.reasons else "left alone", style="bold")
    return line.append(f" — {'; '.join(answer.idle)}", style="not bold")


def _reason(reason: Reason) -> Text:
    line = Text(reason.outcome, style="bold")
    if evidence := "; ".join(reason.evidence[:_EVIDENCE]):
        more = len(reason.evidence) - _EVIDENCE
        line.append(f" — {evidence}" + (f"; {more} more" if more > 0 else ""), style="not bold")
    return line.append(f" ({reason.method})", style="not bold dim")
