"""Runs long lanes by name: each is a module with `measure(*, nightly: bool) -> Section`."""

import asyncio
import importlib
from typing import Annotated

import typer

from docs.assurance import publish


def run(package: str, lanes: tuple[str, ...]) -> None:
    """The command line of `python -m package [--nightly] [LANE …]`; exits with 1 if one failed."""

    def main(
        names: Annotated[list[str] | None, typer.Argument(help="Of: " + ", ".join(lanes))] = None,
        nightly: Annotated[bool, typer.Option(help="As long as a night.")] = False,
    ) -> None:
        """Measure at full length, and publish what came out."""
        failed = False
        for name in names or lanes:
            section = asyncio.run(importlib.import_module(f"{package}.{name}").measure(nightly=nightly))
            publish(section)
            failed = failed or section.failed
        raise typer.Exit(int(failed))

    typer.run(main)
