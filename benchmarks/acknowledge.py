"""Durable acknowledgements against a bare handler that keeps nothing; in turns, so that noise hits both."""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.generators import CONNECTIONS, Figures, name, saturate
from benchmarks.load import Result, drive, payloads
from bot.logs import configure_logs
from bot.store.embedded import EmbeddedPostgres

_ROUNDS: Final = 7
_SECONDS: Final = 3.0
_STEADY_RATE: Final = 200
_STEADY_SECONDS: Final = 10
_WANTED_RATIO: Final = 0.4
_WANTED_P99: Final = 50.0


@contextlib.contextmanager
def _server(*arguments: str) -> Iterator[int]:
    """A server's port, for as long as the context lasts."""
    command = [sys.executable, "-m", "benchmarks.servers", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _run(bare: int, durable: int) -> int:
    made = payloads(1500)
    for port in (bare, durable):
        saturate(port, made, 1.0)
    rounds = [(saturate(bare, made, _SECONDS), saturate(durable, made, _SECONDS)) for _ in range(_ROUNDS)]
    steady = asyncio.run(drive(durable, made, count=_STEADY_RATE * _STEADY_SECONDS, rate=_STEADY_RATE))
    return _report(rounds, steady)


def _report(rounds: list[tuple[Figures, Figures]], steady: Result) -> int:
    table = Table(title=f"Acknowledgements per second: issues.opened of about 8 kB, {CONNECTIONS} connections")
    for heading in ("round", "bare", "durable", "ratio", "durable p99"):
        table.add_column(heading, justify="right")
    for number, (bare, durable) in enumerate(rounds, 1):
        ratio = f"{durable.rate / bare.rate:.2f}"
        table.add_row(str(number), f"{bare.rate:.0f}", f"{durable.rate:.0f}", ratio, f"{durable.p99:.1f} ms")
    median = statistics.median(durable.rate / bare.rate for bare, durable in rounds)
    p99 = steady.quantile(0.99) * 1000
    refused = steady.refused + sum(bare.refused + durable.refused for bare, durable in rounds)
    console = Console(width=100)
    console.print(table)
    console.print(f"load from {name()}")
    console.print(f"median ratio {median:.2f} (wanted: at least {_WANTED_RATIO:.2f})")
    console.print(f"p99 at {_STEADY_RATE} deliveries/s {p99:.1f} ms (wanted: under {_WANTED_P99:.0f})")
    console.print(f"refused {refused} (wanted: 0)")
    return 0 if median >= _WANTED_RATIO and p99 < _WANTED_P99 and refused == 0 else 1


def main() -> None:
    """Exit code 0 only if the figures are as wanted."""
    configure_logs("warning", "console", ())
    with tempfile.TemporaryDirectory(prefix="assistant-bench-") as folder:
        database = EmbeddedPostgres(Path(folder))
        database.start()
        try:
            with _server("bare") as bare, _server("durable", database.url) as durable:
                code = _run(bare, durable)
        finally:
            database.stop()
    raise SystemExit(code)


if __name__ == "__main__":
    main()
