"""What an ended server may leave running: children that it was just starting, and its database."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

_GRACE: Final = 10.0
_POLL: Final = 0.05


def end_remains(group: int, cluster: Path) -> None:
    """Let the processes of that group come to their end, kill what does not, then stop the database in `cluster`.

    In this order: a database that is being started can be found only when whoever starts it is done.
    """
    until = time.monotonic() + _GRACE
    while (left := list(_members(group))) and time.monotonic() < until:
        time.sleep(_POLL)
    for process in left:
        process.kill()
    _stop_database(cluster)


def _members(group: int) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (OSError, psutil.Error):
            continue


def _stop_database(cluster: Path) -> None:
    """Stop the database server that runs in exactly this folder, if there is one."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        if process.name() != "postgres" or Path(process.cwd()) != cluster.resolve():
            return
        process.send_signal(signal.SIGINT)
        process.wait(_GRACE)
    except (OSError, ValueError, psutil.Error):
        return
