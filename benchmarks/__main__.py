"""python -m benchmarks [NAME …] [--seconds N]: each measurement at full length; exit code 1 if one is not as wanted."""

import asyncio
import importlib
from typing import Annotated, Final

import typer

from docs.assurance import publish, show

NAMES: Final = ("acknowledge", "load", "throughput", "duplicates")


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of: {', '.join(NAMES)}.")] = None,
    seconds: Annotated[float | None, typer.Option(help="A shorter try; nothing is published.")] = None,
) -> None:
    """Run the named benchmarks, or all."""
    failed = False
    for name in names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        section = asyncio.run(module.measure() if seconds is None else module.measure(seconds=seconds))
        publish(section) if seconds is None else show(section)
        failed = failed or section.failed
    raise typer.Exit(int(failed))


if __name__ == "__main__":
    typer.run(main)
