"""`serve` with a sampler and counters: where its processor time goes. `python -m benchmarks.profiled REPORT`

The report is JSON: seconds per part, and SQL statements. The loop's thread is sampled every 5 ms of processor time
(SIGPROF, which Python handles in that thread only); what is done in other threads is timed, and a part of its own.
"""

import asyncio
import json
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

import psycopg

from bot import bootstrap
from bot.logs import configure_logs
from bot.settings import load_settings

_EVERY: Final = 0.005
_OTHER: Final = "everything else"
_BESIDE: Final = "in threads: large texts"
# The innermost frame that belongs to one of these names the part.
_PARTS: Final = (
    ("JSON", ("/json/", "/orjson/")),
    ("signatures and tokens", ("/hmac.py", "/jwt/", "/cryptography/", "/isal/")),
    ("Markdown and rendering", ("/markdown_it/", "/mdurl/", "/bot/domain/text/", "/bot/domain/compose")),
    ("YAML", ("/yaml/",)),
    ("spelling (its process)", ("/bot/spelling", "/subprocess.py", "/asyncio/unix_events", "/tempfile.py")),
    ("SQL", ("/psycopg/", "/psycopg_pool/", "/bot/store/")),
    ("queue", ("/procrastinate/",)),
    ("HTTP", ("/aiohttp/", "/yarl/", "/gidgethub/", "/uritemplate/", "/bot/github/", "/bot/web/", "/urllib/")),
    ("logs and metrics", ("/structlog/", "/logging/", "/prometheus_client/")),
    ("deciding", ("/bot/capabilities/", "/bot/domain/", "/bot/runtime/")),
    ("event loop", ("/asyncio/", "/selectors.py", "/concurrent/", "/threading.py")),
)


class Sampler:
    """Counts, until the process ends."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.beside: list[float] = []
        self.statements = 0
        self._seen = 0.0

    def start(self) -> None:
        self._seen = time.thread_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
        execute, to_thread = psycopg.AsyncCursor.execute, asyncio.to_thread

        async def counted(cursor: psycopg.AsyncCursor[Any], *arguments: Any, **keywords: Any) -> Any:
            self.statements += 1
            return await execute(cursor, *arguments, **keywords)

        async def timed(work: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
            return await to_thread(self._timed, partial(work, *arguments, **keywords))

        psycopg.AsyncCursor.execute = counted  # type: ignore[method-assign, assignment]
        asyncio.to_thread = timed  # type: ignore[assignment]

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        self.seconds[part_of(frame)] += now - self._seen
        self._seen = now

    def _timed(self, work: Callable[[], Any]) -> Any:
        start = time.thread_time()
        try:
            return work()
        finally:
            self.beside.append(time.thread_time() - start)

    def report(self) -> dict[str, Any]:
        return {"seconds": self.seconds | {_BESIDE: sum(self.beside)}, "statements": self.statements}


def part_of(frame: FrameType | None) -> str:
    """The part that the innermost known frame belongs to."""
    while frame is not None:
        if part := _part(frame.f_code.co_filename):
            return part
        frame = frame.f_back
    return _OTHER


def _part(name: str) -> str:
    return next((part for part, marks in _PARTS if any(mark in name for mark in marks)), "")


def main(report: Path) -> None:
    """Serve until SIGTERM, then write the report."""
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format, settings.secrets)
    sampler = Sampler()
    sampler.start()
    try:
        asyncio.run(bootstrap.serve(settings))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        report.write_text(json.dumps(sampler.report()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
