"""Places where a process can be killed: around each durable write, each call that leaves it, each child it runs.

The product has no hooks for this: the libraries' own calls are wrapped in the process that is to die, before the
program begins. What happens at which point is read from a file, so that a running process can be given new orders.
"""

import json
import os
import re
import signal
import weakref
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import aiohttp
import psutil
import psycopg

_WRITE: Final = re.compile(
    r"\b(INSERT INTO|(?<!FOR )(?<!DO )UPDATE|DELETE FROM|ANALYZE)\s+([\w.]+)"
    r"|\b(CREATE|ALTER)\s+(?:UNIQUE\s+)?(\w+)|\b(procrastinate_\w+|pg_terminate_backend)\s*\(",
    re.IGNORECASE,
)
_READ_ONLY: Final = re.compile(r"\s*SELECT\b(?!.*\b(procrastinate_\w+|pg_terminate_backend)\s*\()", re.I | re.S)
BEFORE: Final = "before"
AFTER: Final = "after"


@dataclass(frozen=True, slots=True)
class Order:
    """What to do at one point. `name` "" means any; `occurrence` counts from 1 since the order was given.

    `action`: kill (the process, its children and its database), stop (SIGSTOP of the process), record (all points).
    """

    action: str
    name: str = ""
    when: str = ""
    occurrence: int = 1


def give(file: Path, order: Order | None) -> None:
    """Hand an order over; counting begins anew. None: no more orders."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(order)) if order else "")
    draft.replace(file)


@dataclass(slots=True)
class Points:
    """All points of this process. `orders` is read whenever it changes; what was done goes to `trace`, a line each."""

    orders: Path
    trace: Path
    cluster: Path | None
    _order: Order | None = None
    _seen: tuple[int, int] = (0, 0)
    _counts: Counter[str] = field(default_factory=Counter)
    _written: "weakref.WeakKeyDictionary[Any, str]" = field(default_factory=weakref.WeakKeyDictionary)

    def reached(self, when: str, name: str) -> None:
        self._read()
        order = self._order
        if order is None:
            return
        if order.action == "record":
            self._note(f"passed\t{when}\t{name}")
            return
        if (order.name and order.name != name) or (order.when and order.when != when):
            return
        self._counts[""] += 1
        if self._counts[""] != order.occurrence:
            return
        self._note(f"{order.action}\t{when}\t{name}")
        if order.action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        kill_with_database([os.getpid()], self.cluster)

    def _read(self) -> None:
        try:
            status = self.orders.stat()
        except FileNotFoundError:
            return
        if (status.st_mtime_ns, status.st_ino) != self._seen:
            self._seen = (status.st_mtime_ns, status.st_ino)
            text = self.orders.read_text()
            self._order = Order(**json.loads(text)) if text else None
            self._counts.clear()

    def _note(self, line: str) -> None:
        with self.trace.open("a") as file:
            file.write(line + "\n")

    def install(self) -> None:
        """Wrap psycopg, aiohttp's client, the model's client and the embedded database's programs."""
        self._wrap_database()
        self._wrap_calls()
        self._wrap_model()
        self._wrap_programs()

    def _wrap_database(self) -> None:
        points = self

        def wrapped(original: Any) -> Any:
            async def execute(cursor: Any, query: Any, *arguments: Any, **named: Any) -> Any:
                name = write_of(_text(query))
                if name is None:
                    return await original(cursor, query, *arguments, **named)
                points._written[cursor.connection] = name
                points.reached(BEFORE, f"database: {name}")
                result = await original(cursor, query, *arguments, **named)
                points.reached(AFTER, f"database: {name}")
                return result

            return execute

        enter: Any = psycopg.AsyncTransaction.__aenter__
        leave: Any = psycopg.AsyncTransaction.__aexit__

        async def begin(transaction: Any) -> Any:
            points._written.pop(transaction.connection, None)
            return await enter(transaction)

        async def commit(transaction: Any, *failure: Any) -> Any:
            name = points._written.pop(transaction.connection, None)
            if name is None or failure[0] is not None:
                return await leave(transaction, *failure)
            points.reached(BEFORE, f"database: commit of {name}")
            result = await leave(transaction, *failure)
            points.reached(AFTER, f"database: commit of {name}")
            return result

        for one in ("execute", "executemany"):
            setattr(psycopg.AsyncCursor, one, wrapped(getattr(psycopg.AsyncCursor, one)))
        psycopg.AsyncTransaction.__aenter__ = begin  # type: ignore[method-assign, assignment]
        psycopg.AsyncTransaction.__aexit__ = commit  # type: ignore[method-assign, assignment]

    def _wrap_calls(self) -> None:
        original: Any = aiohttp.ClientSession.__init__
        config = aiohttp.TraceConfig()

        async def before(_session: Any, _context: Any, told: aiohttp.TraceRequestHeadersSentParams) -> None:
            # aiohttp says "sent" when it is about to write: the connection stands, and nothing has gone out yet.
            self.reached(BEFORE, f"GitHub: {told.method} {template(told.url.raw_path)}")

        async def after(_session: Any, _context: Any, told: aiohttp.TraceRequestEndParams) -> None:
            self.reached(AFTER, f"GitHub: {told.method} {template(told.url.raw_path)}")

        config.on_request_headers_sent.append(before)
        config.on_request_end.append(after)

        def made(session: Any, *arguments: Any, **named: Any) -> None:
            # First, so that a process that is stopped here has its own last look still before it.
            original(session, *arguments, **{**named, "trace_configs": [config, *(named.get("trace_configs") or ())]})

        aiohttp.ClientSession.__init__ = made  # type: ignore[method-assign, assignment]

    def _wrap_model(self) -> None:
        from bot.llm.client import ModelClient

        original: Any = ModelClient._send

        async def send(client: Any, *arguments: Any) -> Any:
            self.reached(BEFORE, "model: POST /chat/completions")
            result = await original(client, *arguments)
            self.reached(AFTER, "model: POST /chat/completions")
            return result

        ModelClient._send = send  # type: ignore[method-assign, assignment]

    def _wrap_programs(self) -> None:
        from bot.store.embedded import EmbeddedPostgres

        original: Any = EmbeddedPostgres._run

        def run(server: Any, program: str, *arguments: str) -> None:
            self.reached(BEFORE, f"program: {program}")
            original(server, program, *arguments)
            self.reached(AFTER, f"program: {program}")

        EmbeddedPostgres._run = run  # type: ignore[method-assign, assignment]


def write_of(query: str) -> str | None:
    """A short name of what a statement writes; None where it only reads."""
    if _READ_ONLY.match(query):
        return None
    found = _WRITE.search(query)
    if found is None:
        return None
    verb, table, define, kind, function = found.groups()
    return str(function or (f"{verb.upper()} {table}" if verb else f"{define.upper()} {kind}"))


def template(path: str) -> str:
    """A request's path without what differs from run to run."""
    path = re.sub(r"/[0-9a-f]{40}\b", "/SHA", unquote(path))
    path = re.sub(r"/\d+\b", "/N", path)
    path = re.sub(r"/(collaborators|users)/[^/]+", r"/\1/LOGIN", path)
    return re.sub(r"^/repos/[^/]+/[^/]+", "/repos/R", path)


def postgres_pids(cluster: Path | None) -> list[int]:
    """The server of that folder and all its backends, the server first: it must not start recovering."""
    if cluster is None:
        return []
    try:
        server = psutil.Process(int((cluster / "postmaster.pid").read_text().split("\n")[0]))
        if server.name() != "postgres" or server.status() == psutil.STATUS_ZOMBIE:
            return []
        return [server.pid, *(one.pid for one in server.children(recursive=True))]
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return []


def kill_with_database(pids: list[int], cluster: Path | None) -> None:
    """SIGKILL for the database of that folder, for all descendants of the processes, and for them last."""
    victims = postgres_pids(cluster)
    for pid in pids:
        try:
            victims += [one.pid for one in psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    for pid in (*victims, *pids):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _text(query: Any) -> str:
    if isinstance(query, bytes):
        return query.decode()
    return query if isinstance(query, str) else str(query.as_string(None))
