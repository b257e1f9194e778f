"""Real processes of the program under a test's control: started by forking, killed, suspended, watched."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.sandbox import Sandbox
from tests.faults.processes_points import kill_with_database

ROOT: Final = Path(__file__).parents[2]


@dataclass(slots=True)
class Process:
    """One start of the program; `status` is what waitpid gave, None while it runs."""

    pid: int
    log: Path
    status: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def killed(self) -> bool:
        """Whether it ended by SIGKILL."""
        return self.status is not None and os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL

    def send(self, number: int) -> None:
        """A signal, if it still runs."""
        if self.status is None:
            os.kill(self.pid, number)


@dataclass(slots=True)
class Host:
    """Starts programs; see `processes_fork`."""

    server: asyncio.subprocess.Process
    _processes: dict[int, Process] = field(default_factory=dict)
    _early: dict[int, int] = field(default_factory=dict)
    _waiting: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    _next: int = 0

    async def start(self, *command: str, environment: dict[str, str], folder: Path, log: Path, **more: Any) -> Process:
        self._next += 1
        future = self._waiting[self._next] = asyncio.get_running_loop().create_future()
        order = {"id": self._next, "command": command, "environment": environment, "folder": str(folder),
                 "log": str(log), **more}  # fmt: skip
        assert self.server.stdin is not None
        self.server.stdin.write(json.dumps(order).encode() + b"\n")
        pid = await asyncio.wait_for(future, 30)
        made = self._processes[pid] = Process(pid, log)
        if pid in self._early:
            self._end(made, self._early.pop(pid))
        return made

    async def listen(self) -> None:
        """Take in what the server tells, until it ends."""
        assert self.server.stdout is not None
        while line := await self.server.stdout.readline():
            told = json.loads(line)
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told["pid"])
            elif found := self._processes.get(told["pid"]):
                self._end(found, told["status"])
            elif self._waiting:
                self._early[told["pid"]] = told["status"]

    def _end(self, process: Process, status: int) -> None:
        process.status = status
        process.ended.set()
        self._processes.pop(process.pid, None)

    def living(self) -> list[int]:
        return [one.pid for one in self._processes.values() if one.status is None]


@contextlib.asynccontextmanager
async def hosting() -> AsyncIterator[Host]:
    """A host until the block ends; what it started and still runs is killed then."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.processes_fork", cwd=ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert server.stdout is not None
    assert server.stdin is not None
    assert await asyncio.wait_for(server.stdout.readline(), 60) == b"ready\n"
    host = Host(server)
    listener = asyncio.create_task(host.listen())
    try:
        yield host
    finally:
        kill_with_database(host.living(), None)
        server.stdin.close()
        await asyncio.wait_for(server.wait(), 20)
        await asyncio.gather(listener, return_exceptions=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(sandbox: Sandbox, folder: Path, *, port: int, **more: str) -> dict[str, str]:
    """All settings of a program that lives on the sandbox; nothing of the caller's but PATH."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "GITHUB_APP_ID": str(sandbox.app_id),
        "GITHUB_PRIVATE_KEY": sandbox.private_key,
        "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret,
        "GITHUB_API_URL": sandbox.url,
        "ASSISTANT_DATA_DIR": str(folder / "data"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        **more,
    }
