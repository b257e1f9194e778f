"""python -m tests.faults [--nightly] [LANE …]: every lane at full length; exit code 1 if one failed."""

import asyncio
import importlib
from typing import Annotated, Final

import typer

from docs.assurance import publish

LANES: Final[tuple[str, ...]] = ("schedules", "processes", "loops", "outage", "crashes", "fleet")


def main(lanes: Annotated[list[str] | None, typer.Argument()] = None, nightly: bool = False) -> None:
    """Run the named lanes, or all."""
    failed = False
    for name in lanes or LANES:
        section = asyncio.run(importlib.import_module(f"tests.faults.{name}").measure(nightly=nightly))
        publish(section)
        failed = failed or section.failed
    raise typer.Exit(int(failed))


if __name__ == "__main__":
    typer.run(main)
