"""The command `doctor`: a table for people, JSON for programs, and the exit code."""

import asyncio
import os
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.doctor.checks import Check, State, as_json, well
from bot.doctor.environment import read
from bot.doctor.examine import examine
from bot.logs import configure_logs

_STYLES: Final = {State.OK: "green", State.WARNING: "yellow", State.FAILURE: "bold red", State.SKIPPED: "dim"}


def doctor(*, as_data: bool) -> int:
    """Look at everything; 1 if something failed."""
    found = read(os.environ)
    # What the parts would log is in their checks.
    configure_logs("error", "console", found.settings.secrets)
    told = Console(stderr=True)
    with told.status("") as status:
        checks = asyncio.run(examine(found, lambda part: status.update(f"looking at {part} …")))
    if as_data:
        print(as_json(checks))
    else:
        show(checks)
    return 0 if well(checks) else 1


def show(checks: tuple[Check, ...]) -> None:
    """A row per check; what a server told is never read as markup."""
    table = Table("", "check", "found", "remedy", box=None, pad_edge=False, header_style="dim")
    for one in checks:
        style = _STYLES[one.state]
        table.add_row(Text(one.state.value, style), Text(one.name), Text(one.detail), Text(one.remedy))
    console = Console()
    console.print(table)
    counted = ", ".join(f"{sum(one.state is state for one in checks)} {state.value}" for state in State)
    console.print(Text(counted, "green" if well(checks) else "bold red"))
