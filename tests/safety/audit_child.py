"""The real program, telling of each child that it starts and each socket that it connects or binds.

On some reports it crashes, as `canaries_child` does.

    AUDIT_LOG=FILE python -m tests.safety.audit_child serve

Or, for the tests of the audit itself, a line of Python: AUDIT_LOG=FILE python -m tests.safety.audit_child -c CODE
"""

import json
import os
import sys
from typing import Any, Final

_WATCHED: Final = frozenset(
    {
        "subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.system",
        "pty.spawn", "socket.connect", "socket.bind", "socket.sendto",
    }
)  # fmt: skip


def install(log: int) -> None:
    """Write each watched event to that descriptor from now on; a hook cannot be taken away again."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _WATCHED:
            # The first argument of a socket's events is the socket itself.
            told = arguments[1:] if event.startswith("socket.") else arguments
            os.write(log, json.dumps([event, told], default=_text).encode() + b"\n")

    sys.addaudithook(hook)


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    install(os.open(os.environ["AUDIT_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    if sys.argv[1] == "-c":
        exec(sys.argv[2])
    else:
        from bot.cli import main
        from tests.safety import canaries_child

        canaries_child.install()
        main()
