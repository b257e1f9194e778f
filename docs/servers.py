"""What real model servers did, written where people read it: docs/models/measured.md, by `make test-endpoints`."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from docs.assurance import ROOT, machine

STORE: Final = ROOT / "docs/models/measured.json"
PAGE: Final = ROOT / "docs/models/measured.md"
_HEAD: Final = """\
<!-- Written by `make test-endpoints`. -->

# Measured with real servers

`make test-endpoints` starts each server on a tiny random model and sends signed deliveries of new reports through the
whole service. A random model shows that requests, forms, limits and failures fit together; what it says is noise, and
how fast it says it tells of the server and of us, not of a model that anybody would use.

- **Level found**: how answers are asked for, as the service found out. **Held when asked directly**: how many answers
  had the asked form when the test itself asked, with another schema, from the strictest way down until one always held.
- **Decided**: events that ended with exactly one decision, and at the stand-in GitHub with one kind label at most.
  **With an answer**: of these, where the model gave a valid one; elsewhere the rules decided alone.
- **Faults counted**: what the service counted at the endpoint, by name, the search for its level included.
- **Tokens and seconds per triage**: all of the run, second tries included, by the number of events; four questions at
  a time.
- **Killed**: a second run, in which the server is killed while events are being decided, then a second endpoint
  (llama.cpp), then more events come. **Undecided then**: how many events were waiting at either moment. **Without any
  model**: how many of them the rules decided alone.
"""
_COLUMNS: Final = (
    "server", "version", "level found", "held when asked directly", "decided", "with an answer", "faults counted",
    "tokens per triage", "seconds per triage", "killed: decided", "undecided then", "without any model",
    "date, machine",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A row. Pairs of numbers are written out; `skipped` says why the server was not run, `wrong` what failed."""

    id: str
    server: str
    version: str
    level: str = ""
    direct: str = ""
    decided: str = ""
    by_model: str = ""
    faults: str = ""
    tokens: str = ""
    seconds: str = ""
    killed: str = ""
    waiting: str = ""
    alone: str = ""
    skipped: str = ""
    wrong: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        return bool(self.skipped or self.wrong)


def publish(row: Measured) -> None:
    """Print the row; put it in the page, in the place of that server's last one."""
    kept = _load()
    date = datetime.now(UTC).date().isoformat()
    kept[row.id] = {**asdict(row), "date": f"{date}, {machine()}"}
    STORE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    for path, text in pages().items():
        path.write_text(text)
    table = Table("", row.server, title="Measured", show_lines=True)
    for name, cell in zip(_COLUMNS[1:], _cells(kept[row.id])[1:], strict=True):
        table.add_row(name, cell)
    Console().print(table)
    for sentence in row.wrong:
        Console().print(f"FAILED: {sentence}", markup=False)


def pages() -> dict[Path, str]:
    """The page as it should be, from what was measured last."""
    rows = list(_load().values())
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *map(_cells, rows)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    failures = "".join(f"- {one['server']}: {sentence}\n" for one in rows for sentence in one["wrong"])
    return {PAGE: f"{_HEAD}\n{table}\n" + (f"\n**Failed:**\n\n{failures}" if failures else "")}


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if row["skipped"]:
        told = f"**not run**: {row['skipped']}"
        return (row["server"], row["version"], told, *("–" for _ in _COLUMNS[4:]), row["date"])
    return (
        row["server"], row["version"], row["level"], row["direct"], row["decided"], row["by_model"], row["faults"],
        row["tokens"], row["seconds"], row["killed"], row["waiting"], row["alone"], row["date"],
    )  # fmt: skip


def _load() -> dict[str, dict[str, Any]]:
    return dict(json.loads(STORE.read_text())) if STORE.exists() else {}
