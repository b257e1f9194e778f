"""The embedded PostgreSQL's folder: what is stale, foreign, too long or shared, and what its modes become."""

import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.store import embedded
from bot.store.embedded import DatabaseUnavailable, EmbeddedPostgres

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(tmp_path / "data")
    try:
        yield made
    finally:
        made.stop()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose socket path fits, which pytest's own need not be."""
    with tempfile.TemporaryDirectory(prefix="ca-") as folder:
        yield Path(folder)


def test_no_mode_changes_and_nothing_is_open_to_others(short_path: Path) -> None:
    parent = short_path / "closed"
    parent.mkdir(mode=0o700)
    folder = parent / "data"
    folder.mkdir(mode=0o755)
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        assert (mode(parent), mode(folder)) == (0o700, 0o755)
        assert (mode(server.cluster), mode(folder / "postgres.password")) == (0o700, 0o600)
        assert mode(server.cluster / ".s.PGSQL.5432") == 0o700
        assert [one.name for one in folder.iterdir() if one.name.startswith(".initdb")] == []
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"host={server.cluster} user=postgres password=wrong dbname=postgres")
    finally:
        server.stop()
    assert server.start() is True
    server.stop()


def test_the_server_gets_nothing_of_our_environment(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "canary-of-the-environment")
    server.start()
    environment = Path(f"/proc/{server._live_pid()}/environ").read_bytes()
    assert b"LC_ALL=C.UTF-8" in environment
    assert b"canary" not in environment


def test_a_new_folder_is_closed(server: EmbeddedPostgres) -> None:
    server.start()
    assert mode(server.folder) == 0o700


def test_the_second_starter_finds_it_running(server: EmbeddedPostgres) -> None:
    """As two processes do that start together: exactly one of them has to stop it."""
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(server.start())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [False, False, True]
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("pid", ["999999999", "self", "rubbish", ""])
def test_a_stale_pid_file_does_not_keep_it_from_starting(server: EmbeddedPostgres, pid: str) -> None:
    server.start()
    server.stop()
    number = str(os.getpid()) if pid == "self" else pid
    (server.cluster / "postmaster.pid").write_text(f"{number}\n{server.cluster}\n1\n5432\n{server.cluster}\n\n  0\n")
    assert server.start() is True


def test_data_of_another_release_is_refused_untouched(server: EmbeddedPostgres) -> None:
    server.cluster.mkdir(parents=True)
    (server.cluster / "PG_VERSION").write_text("15\n")
    (server.cluster / "base").mkdir()
    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL 15, this release brings 18: dump it"):
        server.start()
    assert (server.cluster / "base").is_dir()


def test_a_half_made_cluster_is_made_anew(server: EmbeddedPostgres) -> None:
    server.cluster.mkdir(parents=True)
    (server.cluster / "base").mkdir()
    assert server.start() is True


def test_a_path_too_long_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long-" + "x" * 120))
    assert server.start() is True
    sockets = Path((server.folder / "socket-folder").read_text())
    try:
        assert mode(sockets) == 0o700
        assert server.answers()
        assert EmbeddedPostgres(server.folder).start() is False
    finally:
        server.stop()
        sockets.rmdir()
    assert server.start() is True
    server.stop()
    Path((server.folder / "socket-folder").read_text()).rmdir()


def test_a_server_that_dies_is_revived_with_what_was_committed(server: EmbeddedPostgres) -> None:
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (a int)")
    pid = server._live_pid()
    assert pid is not None
    server._run("pg_ctl", "-w", "-m", "immediate", "-D", ".", "stop")
    assert not server.answers()
    server.revive()
    assert server._live_pid() not in (None, pid)
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (True,)


def test_without_the_wheel_or_a_user_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.embedded.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(DatabaseUnavailable, match="set DATABASE_URL"):
        embedded._binaries()
    monkeypatch.setattr("bot.store.embedded.os.geteuid", lambda: 0)
    monkeypatch.setattr(embedded, "_USERS", ("no-such-user",))
    with pytest.raises(DatabaseUnavailable, match="set DATABASE_URL"):
        embedded._user()


def test_it_runs_from_the_first_user_to_the_last_whoever_started_it(server: EmbeddedPostgres) -> None:
    first, second = EmbeddedPostgres(server.folder).used(), EmbeddedPostgres(server.folder).used()
    address = first.__enter__()
    assert second.__enter__() == address
    first.__exit__(None, None, None)
    assert server.answers()
    second.__exit__(None, None, None)
    assert server._live_pid() is None


def test_what_a_killed_user_started_is_stopped_by_the_next_one(server: EmbeddedPostgres) -> None:
    script = (
        "import sys, pathlib; from bot.store.embedded import EmbeddedPostgres as E\n"
        "with E(pathlib.Path(sys.argv[1])).used(): print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(server.folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        try:
            assert b"up\n" in iter(user.stdout.readline, b"")
            with server.used():
                pass
            assert server.answers()
        finally:
            user.kill()
    assert server.answers()
    with server.used():
        assert server.answers()
    assert server._live_pid() is None


def test_stopping_what_does_not_run_is_nothing(server: EmbeddedPostgres) -> None:
    server.stop()
    assert not server.answers()
