"""python -m tests.endpoints [SERVER …]: the contract through each real server; exit code 1 if one failed or is missing.

Servers: llama-cpp, llama-cpp-python, transformers, litellm.
"""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Annotated

import psycopg
import structlog
import typer
from rich.progress import Progress

from bot.store.embedded import EmbeddedPostgres
from docs.servers import Measured, publish
from tests.endpoints import contract
from tests.endpoints.contract import Found, Killed
from tests.endpoints.servers import SERVERS, Server, llama_cpp
from tests.endpoints.venvs import NotInstalled, environment

EVENTS = 200
KILLED = 80
ASKS = 20


def main(names: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Run the named servers, or all."""
    unknown = set(names or ()) - {one.id for one in SERVERS}
    if unknown:
        raise typer.BadParameter(f"no such server: {', '.join(sorted(unknown))}")
    # The table is what matters; what went wrong stands in it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rows = [_publish(one) for one in SERVERS if not names or one.id in names]
    raise typer.Exit(int(any(one.failed for one in rows)))


def _publish(server: Server) -> Measured:
    try:
        programs = environment(server.id, server.packages) if server.packages else Path()
    except NotInstalled as reason:
        row = Measured(server.id, server.title, server.version, skipped=str(reason))
    else:
        row = asyncio.run(_run(server, programs))
    publish(row)
    return row


async def _run(server: Server, programs: Path) -> Measured:
    """Both runs, each with a fresh database and freshly started servers."""
    with tempfile.TemporaryDirectory(prefix="assistant-endpoints-") as place, Progress() as progress:
        folder = Path(place)
        bar = progress.add_task(server.title, total=EVENTS + KILLED)
        second = folder / "second"
        second.mkdir()

        def advance(count: int) -> None:
            progress.advance(bar, count)

        database = EmbeddedPostgres(folder / "database")
        await asyncio.to_thread(database.start)
        try:
            with server.serve(programs, folder) as one:
                url = _fresh(database, "stays")
                found = await contract.measure(one, url, folder, events=EVENTS, asks=ASKS, advance=advance)
            with server.serve(programs, folder) as one, llama_cpp(programs, second) as other:
                url = _fresh(database, "dies")
                killed = await contract.kill(one, other, url, folder, events=KILLED, advance=advance)
        finally:
            await asyncio.to_thread(database.stop)
    return _row(server, found, killed)


def _fresh(server: EmbeddedPostgres, name: str) -> str:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url.replace("@/postgres?", f"@/{name}?")


def _row(server: Server, found: Found, killed: Killed) -> Measured:
    return Measured(
        id=server.id,
        server=server.title,
        version=server.version,
        level=f"`{found.level}`",
        direct=", ".join(f"`{level}` {count} of {ASKS}" for level, count in found.direct.items()),
        decided=f"{found.decided} of {found.events}",
        by_model=str(found.by_model),
        faults=", ".join(f"`{name}` {count}" for name, count in sorted(found.faults.items())) or "none",
        tokens=f"{found.tokens / found.events:,.0f}",
        seconds=f"{found.seconds / found.events:.2f}",
        killed=f"{killed.decided} of {killed.events}",
        waiting=" and ".join(map(str, killed.waiting)),
        alone=str(killed.alone),
        wrong=(*found.wrong, *killed.wrong),
    )


if __name__ == "__main__":
    typer.run(main)
