"""Our own programs, each in a process of its own: how the service starts and ends one, and how one ends with it.

What a child is told comes over its standard input: arguments and environments are for everybody to see.
"""

import asyncio
import contextlib
import os
import threading
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

_FAREWELL: Final = 5.0
# What finding Python's libraries takes, and one thread: the machine is there for the deliveries.
_HANDED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG")
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@contextlib.asynccontextmanager
async def started(arguments: Sequence[str], given: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """A child with pipes for its standard input and output, which is gone when the block ends. The arguments are
    constants of whoever starts it; `given` is its environment, if it needs another one than most."""
    child = await asyncio.create_subprocess_exec(
        *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
        env=environment(os.environ) if given is None else given,
    )  # fmt: skip
    try:
        yield child
    finally:
        await _end(child)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Nothing of ours that may be secret."""
    return {name: given[name] for name in _HANDED_ON if name in given} | _ONE_THREAD


def end_with_input() -> None:
    """From now on this process ends when its standard input does: with the service, whatever became of that one.

    What still comes in is thrown away, but for what sys.stdin has buffered already. What was not finished is done
    again by another one.
    """
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    # Not by sys.stdin: a thread that waits inside it does not let the interpreter end.
    while os.read(0, 4096):
        pass
    # Learning would not be interrupted by less.
    os._exit(1)


async def _end(child: Process) -> None:
    """It ends when its input does; by force if it takes too long."""
    if child.stdin is not None:
        child.stdin.close()
    if child.returncode is not None:
        return
    try:
        await asyncio.shield(asyncio.wait_for(child.wait(), _FAREWELL))
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
