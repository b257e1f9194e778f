"""llama.cpp's server on a file, in a process of its own: `python -m bot.llm.local_child FILE`.

The key and the port are the first two lines of the standard input: arguments are for everybody to see. It ends when
that input ends, which it does with the process that started it, whatever became of that one.
"""

import sys
import threading
from pathlib import Path
from typing import Any, Final

from bot.children import end_with_input

CONTEXT: Final = 8192


def main() -> None:
    """Print a line when it answers, then serve until the standard input ends."""
    key, port = (sys.stdin.readline().strip() for _ in range(2))
    if not key or not port:
        return
    end_with_input()
    server = _server(sys.argv[1], key, int(port))
    print(server.listening_address, flush=True)
    threading.Event().wait()


def _server(path: str, key: str, port: int) -> Any:
    # An extra: only who names a file needs it.
    import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415

    settings = xllamacpp.CommonParams()
    settings.model.path = path
    settings.model_alias = {Path(path).stem}
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.api_keys = [key]
    settings.n_ctx = CONTEXT
    settings.n_parallel = 1
    settings.use_jinja = True
    settings.ui = False
    return xllamacpp.Server(settings)


if __name__ == "__main__":
    main()
