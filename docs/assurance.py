"""What was measured, written where people read it: docs/assurance.md, and the short table in README.

Each measuring command makes a `Section`, prints it and puts it in docs/assurance.json; both pages are written from it.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).parent.parent
STORE: Final = ROOT / "docs/assurance.json"
PAGE: Final = ROOT / "docs/assurance.md"
README: Final = ROOT / "README.md"
BEGIN: Final = "<!-- assurance: written by the commands that measure -->"
END: Final = "<!-- /assurance -->"
_HEAD: Final = """\
# Assurance

What the tests and benchmarks found when they last ran at full length. Every table is written by the command above it;
short versions of all of them run in `make test`.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One table: what was tried, how often, and what came of it.

    `headline` is one sentence with the figures that matter, for README. `failed` ends the command with exit code 1.
    """

    name: str
    title: str
    command: str
    headline: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    seeds: str
    seconds: float
    failed: bool
    note: str = ""


def show(section: Section) -> None:
    """Print the table."""
    table = Table(*section.columns, title=section.title)
    for row in section.rows:
        table.add_row(*row)
    console = Console()
    console.print(table)
    console.print(section.headline)


def publish(section: Section) -> None:
    """Print the table; put it into the pages."""
    show(section)
    kept = _load()
    kept[section.name] = {**asdict(section), "date": datetime.now(UTC).date().isoformat(), "machine": machine()}
    STORE.write_text(json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    for path, text in pages().items():
        path.write_text(text)


def machine() -> str:
    """Processor count, memory and Python of this machine."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def pages() -> dict[Path, str]:
    """The pages as they should be, from what was measured last."""
    kept = _load()
    return {PAGE: _HEAD + "".join(_part(one) for one in kept.values()), README: _readme(kept)}


def _part(data: dict[str, Any]) -> str:
    failed = "**Failed.** " if data["failed"] else ""
    lines = [
        f"\n## {data['title']}\n",
        f"`{data['command']}`, {data['date']}, {data['machine']}, {data['seconds']:.0f} s. {data['seeds']}\n",
        f"{failed}{data['headline']}\n",
        _row(data["columns"]),
        _row(["---"] * len(data["columns"])),
        *(_row(row) for row in data["rows"]),
    ]
    return "\n".join(lines) + "\n" + (f"\n{data['note']}\n" if data["note"] else "")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _readme(kept: dict[str, dict[str, Any]]) -> str:
    text = README.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("README.md has lost the place for what was measured")
    lines = "".join(f"- {one['headline']} (`{one['command']}`, {one['date']})\n" for one in kept.values())
    return f"{before}{begin}\n{lines}{end}{after}"


def _load() -> dict[str, dict[str, Any]]:
    return dict(json.loads(STORE.read_text())) if STORE.exists() else {}
