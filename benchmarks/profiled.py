"""`serve` with a sampler and counters: where its processor time goes. `python -m benchmarks.profiled REPORT`

The report is JSON: samples per part, and SQL statements. Sampled by processor time (SIGPROF), every 5 ms.
"""

import asyncio
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, Final

import psycopg

from bot import bootstrap
from bot.logs import configure_logs
from bot.settings import load_settings

_EVERY: Final = 0.005
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
_IDLE: Final = ("select", "wait", "_worker", "get")


class Sampler:
    """Counts, until the process ends."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()
        self.statements = 0

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
        execute = psycopg.AsyncCursor.execute

        async def counted(cursor: psycopg.AsyncCursor[Any], *arguments: Any, **keywords: Any) -> Any:
            self.statements += 1
            return await execute(cursor, *arguments, **keywords)

        psycopg.AsyncCursor.execute = counted  # type: ignore[method-assign, assignment]

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        # While the loop waits, it was another thread that used the processor.
        if frame is not None and frame.f_code.co_name == "select":
            others = [one for one in sys._current_frames().values() if one.f_code.co_name not in _IDLE]
            frame = others[0] if others else frame
        self.samples[part_of(frame)] += 1

    def report(self) -> dict[str, Any]:
        return {"samples": dict(self.samples), "statements": self.statements}


def part_of(frame: FrameType | None) -> str:
    """The part that the innermost known frame belongs to."""
    while frame is not None:
        name = frame.f_code.co_filename
        for part, marks in _PARTS:
            if any(mark in name for mark in marks):
                return part
        frame = frame.f_back
    return "everything else"


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
