"""A process in which tests run again and again on a tree whose modules change: python -m tests.safety.mutants_run

It loads what does not change, the libraries, and forks for each run. On standard input comes a line of JSON for each
run (`tests`: arguments for pytest), on standard output goes one back: a `Run`.
"""

import importlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pytest

_PLUGINS: Final = ("hypothesis.strategies", "_hypothesis_pytestplugin", "pytest_asyncio.plugin", "pytest_timeout")
_LIST: Final = "import sys, tests.conftest; print(*(n for n, m in sys.modules.items() if getattr(m, '__file__', None)))"
_NOT_AHEAD: Final = ("bot", "tests", "sitecustomize")
ARGUMENTS: Final = (
    "-x", "-q", "--no-header", "-p", "no:xdist", "-p", "no:anyio", "--timeout", "60",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of pytest ended. `test`, `error` and `words` are about the first failure.

    `fair` tells whether it was an assertion in a test's body (its own unpacking or look-up included), or an error
    of the product's own that the test met: not a broken import, a time-out or a crash.
    """

    code: int
    test: str = ""
    error: str = ""
    words: str = ""
    fair: bool = False


class _Witness:
    """Notes the first failure."""

    def __init__(self) -> None:
        self.first: dict[str, Any] = {}

    def pytest_exception_interact(self, node: pytest.Item, call: pytest.CallInfo[Any], report: Any) -> None:
        if self.first or call.excinfo is None:
            return
        kind, words = call.excinfo.type, str(call.excinfo.value)
        told = issubclass(kind, AssertionError) or kind.__module__.startswith("bot.")
        told = told or (issubclass(kind, pytest.fail.Exception) and not words.startswith("Timeout"))
        # `(one,) = found` and `found["key"]` in a test say what must be there, too; the same in our modules is a crash.
        own = "/tests/" in Path(call.excinfo.traceback[-1].path).as_posix()
        told = told or (own and issubclass(kind, ValueError | LookupError))
        fair = told and getattr(report, "when", "collect") == "call"
        self.first = {"test": node.nodeid, "error": kind.__name__, "words": words[:300], "fair": fair}


def main() -> None:
    _load_ahead()
    for line in sys.stdin:
        print(json.dumps(asdict(_forked(json.loads(line)["tests"]))), flush=True)


def _load_ahead() -> None:
    names = subprocess.run([sys.executable, "-c", _LIST], capture_output=True, text=True, check=True).stdout.split()
    for name in (*_PLUGINS, *names):
        if not name.startswith(_NOT_AHEAD):
            importlib.import_module(name)


def _forked(tests: list[str]) -> Run:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run(tests, writer)
    os.close(writer)
    with os.fdopen(reader) as answers:
        told = answers.read()
    _, status = os.waitpid(child, 0)
    return Run(**json.loads(told)) if told else Run(code=os.waitstatus_to_exitcode(status) or -1, error="no answer")


def _run(tests: list[str], writer: int) -> None:
    """In the child; its output goes to a file beside the tree."""
    log = os.open(Path("../output.log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    witness = _Witness()
    code = pytest.main([*ARGUMENTS, *tests], plugins=[witness])
    with os.fdopen(writer, "w") as answer:
        json.dump(asdict(Run(int(code), **witness.first)), answer)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
