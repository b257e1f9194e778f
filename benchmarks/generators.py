"""Who sends the load: wrk where it is installed, as it leaves the servers their cores, else a client of our own."""

import asyncio
import math
import re
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.driver import drive, renewed
from benchmarks.town import Delivery

_RATE: Final = re.compile(r"Requests/sec:\s+([\d.]+)")
_P99: Final = re.compile(r"99%\s+([\d.]+)(us|ms|s)\b")
_REFUSED: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}
CONNECTIONS: Final = 16


@dataclass(frozen=True, slots=True)
class Figures:
    """Answers per second, the 99th percentile in milliseconds, and answers other than 2XX."""

    rate: float
    p99: float
    refused: int


def name() -> str:
    """What sends the load here."""
    return "wrk" if shutil.which("wrk") else "the benchmark's own client (install wrk for steadier figures)"


async def saturate(port: int, made: list[Delivery], seconds: float) -> Figures:
    """As many deliveries as are answered, over 16 connections."""
    program = shutil.which("wrk")
    if program is None or seconds < 1:  # wrk counts in whole seconds
        return await _own(port, made, seconds)
    return await asyncio.to_thread(_wrk, program, port, made, seconds)


def _wrk(program: str, port: int, made: list[Delivery], seconds: float) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        bodies, signatures, events = Path(folder, "bodies"), Path(folder, "signatures"), Path(folder, "events")
        events.write_text("\n".join(one.event for one in made))
        bodies.write_bytes(b"\n".join(one.body for one in made))
        signatures.write_text("\n".join(one.signature for one in made))
        script = Path(__file__).with_name("wrk.lua")
        done = subprocess.run(  # noqa: S603 - a fixed program with numbers and our own files
            [
                program, "-t1", f"-c{CONNECTIONS}", f"-d{math.ceil(seconds)}s", "--latency", "-s", str(script),
                f"http://127.0.0.1:{port}", "--", str(bodies), str(signatures), str(events), secrets.token_hex(6),
            ],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return _read(done.stdout)


def _read(output: str) -> Figures:
    rate, p99, refused = _RATE.search(output), _P99.search(output), _REFUSED.search(output)
    if rate is None or p99 is None:
        raise ValueError(f"wrk said nothing that can be read: {output[:500]}")
    return Figures(float(rate[1]), float(p99[1]) * _UNITS[p99[2]], int(refused[1]) if refused else 0)


async def _own(port: int, made: list[Delivery], seconds: float) -> Figures:
    result = await drive(port, renewed(made, max(int(seconds * 1500), 1)), connections=CONNECTIONS)
    return Figures(result.rate, result.quantile(0.99) * 1000, sum(result.refused.values()))
