"""Starts the program cheaply and often: a process that has imported everything forks for each start.

    python -m tests.faults.processes_fork

Reads one order per line from standard input (JSON: id, command, environment, folder, log; orders, trace and cluster for
kill points; what to change in the product before it begins), and writes {"id", "pid"} for each start and
{"pid", "status"} (as waitpid gives it) for each end. Orphans, such as a database whose starter was killed, become its
children and are reaped. It ends with its standard input, and kills everything that it started then.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

import psutil

_PR_SET_CHILD_SUBREAPER: Final = 36
_LOADED: Final = ("bot.cli", "bot.bootstrap", "bot.llm.client", "bot.llm.endpoint", "psycopg.types.json",
                  "tests.faults.processes_points")  # fmt: skip


def main() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for name in _LOADED:
        importlib.import_module(name)
    gc.freeze()
    wake, waker = os.pipe()
    for end in (wake, waker):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    print("ready", flush=True)
    _serve(wake)
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def _serve(wake: int) -> None:
    pending = b""
    while True:
        readable, _, _ = select.select([0, wake], [], [], 1.0)
        if wake in readable:
            os.read(wake, 4096)
        _reap()
        if 0 in readable:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                _start(json.loads(line))


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        print(json.dumps({"pid": pid, "status": status}), flush=True)


def _start(order: dict[str, Any]) -> None:
    pid = os.fork()
    if pid == 0:
        _become(order)
    print(json.dumps({"id": order["id"], "pid": pid}), flush=True)


def _become(order: dict[str, Any]) -> NoReturn:
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.chdir(order["folder"])
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["bot", *order["command"]]
        _prepare(order)
        code = _run()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _prepare(order: dict[str, Any]) -> None:
    if order.get("orders"):
        from tests.faults.processes_points import Points

        cluster = order.get("cluster")
        Points(Path(order["orders"]), Path(order["trace"]), Path(cluster) if cluster else None).install()
    if settle := order.get("settle_seconds"):
        from datetime import timedelta

        from bot.github import executor

        executor.SETTLE = timedelta(seconds=settle)  # type: ignore[misc]
        executor.LOOKS = (executor.SETTLE,)  # type: ignore[misc]
    if order.get("without"):
        _take_out(order["without"])


def _take_out(guard: str) -> None:
    """Break the product on purpose, so that a test can show that this is noticed."""
    from bot.github import client, executor

    async def nothing(*_arguments: object) -> None:
        return None

    if guard == "look before repeating":
        executor.Executor._look = nothing  # type: ignore[method-assign, assignment]
        executor.Executor._settled = nothing  # type: ignore[method-assign, assignment]
    elif guard == "last look":
        client._last_look.__code__ = nothing.__code__
    elif guard == "recovery":
        from bot.runtime.chores import Chores

        Chores._fetch_missed = nothing  # type: ignore[method-assign, assignment]
    else:
        raise ValueError(guard)


def _run() -> int:
    from bot.cli import main as program

    try:
        program()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - the process ends here, and says why
        import traceback

        traceback.print_exc()
        return 70
    return 0


if __name__ == "__main__":
    main()
