"""A model from a file: llama.cpp in a child process of ours, on this machine only, started again when it dies."""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Final

import structlog
from prometheus_client import Counter

from bot.children import started
from bot.endpoints import Endpoint

log = structlog.get_logger()

NAME: Final = "model-file"
_FIRST_REST: Final = 0.5
_LONGEST_REST: Final = 60.0
_STEADY: Final = 60.0
"""Seconds: who lived longer than this starts again with the shortest rest."""
_HOPELESS: Final = 3
"""Restarts: who has not answered until then is said not to start. It is tried on all the same."""
REMEDY: Final = "is there memory enough for it, and is it whole?"
# What finding libraries and graphics cards takes; nothing of ours, which may be secret.
_HANDED_ON: Final = (
    "PATH",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "TMPDIR",
    "LANG",
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
)
_STARTS: Final = Counter("assistant_model_file_starts", "How often llama.cpp was started for the model file")


class LocalModel:
    """The supervised child. `endpoint` stays the same over its restarts: its port is kept for it."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._kept = _reserved()
        self._restarts = -1
        self.child: Process | None = None
        self._answers = asyncio.Event()
        self._answered = False
        self._failed = asyncio.Event()
        found = self._path.stat()
        self.endpoint = Endpoint(
            base_url=f"http://127.0.0.1:{self._kept.getsockname()[1]}/v1",
            api_key=secrets.token_urlsafe(32),
            model=self._path.stem,
            name=NAME,
            first_token_timeout=60.0,
            timeout=90.0,
            concurrency=1,
            identity=f"file {self._path} {found.st_size} {found.st_mtime_ns}",
        )

    def detail(self) -> str:
        """A line for the operator."""
        if self._restarts >= _HOPELESS and not self._answered:
            return f"model file {self._path.name}: llama.cpp does not start on it: {REMEDY}"
        state = "running" if self._answers.is_set() else "starting"
        told = f", started again {self._restarts} times" if self._restarts > 0 else ""
        return f"model file {self._path.name}: {state}{told}"

    async def ready(self, seconds: float) -> bool:
        """Whether the server listens, waited for; a large file takes a while to load."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._answers.wait()
        return False

    async def loaded(self, seconds: float) -> bool:
        """The same, but not waited for any longer once it has ended without an answer."""
        waits = [asyncio.create_task(one.wait()) for one in (self._answers, self._failed)]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        return self._answers.is_set()

    async def run(self) -> None:
        """Keep it running until cancelled; it is gone when this returns."""
        rest = _FIRST_REST
        while True:
            begun = monotonic()
            try:
                await self._live()
            except OSError as error:
                self._failed.set()
                log.warning("model_file_not_started", reason=type(error).__name__)
            rest = _FIRST_REST if monotonic() - begun > _STEADY else rest
            await asyncio.sleep(rest)
            rest = min(2 * rest, _LONGEST_REST)

    def close(self) -> None:
        """Give the port back."""
        self._kept.close()

    async def _live(self) -> None:
        """One life of the child, from its start to its end."""
        self._restarts += 1
        _STARTS.inc()
        async with started(arguments(self._path), environment(os.environ)) as child:
            self.child = child
            try:
                assert child.stdin is not None
                assert child.stdout is not None
                port = self._kept.getsockname()[1]
                child.stdin.write(f"{self.endpoint.api_key}\n{port}\n".encode())
                while line := await child.stdout.readline():
                    if line.startswith(b"http://"):
                        self._answers.set()
                        self._answered = True
                        log.info("model_file_started", file=self._path.name)
                log.warning("model_file_ended", file=self._path.name, code=await child.wait())
            finally:
                if not self._answers.is_set():
                    self._failed.set()
                self._answers.clear()


def arguments(path: Path) -> tuple[str, ...]:
    """The child's command line: constant, and the operator's own path."""
    return (sys.executable, "-m", "bot.llm.local_child", str(path))


def environment(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name] for name in _HANDED_ON if name in given}


@contextlib.asynccontextmanager
async def local_model(path: Path) -> AsyncIterator[LocalModel]:
    """The model, starting; it is ended with the block."""
    made = LocalModel(path)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        made.close()


def _reserved() -> socket.socket:
    """A free port of the loopback, held without listening: nobody is given it by chance between two lives."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(("127.0.0.1", 0))
    return kept
