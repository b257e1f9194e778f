"""`python -m bot demo`, as people run it: real processes, only its output and its traces are looked at."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.demo.story import BROKEN, scenes

ROOT = Path(__file__).parents[2]
TITLES = [one.title for one in scenes(model=False)]
LOST = {"GITHUB_APP_ID": "nonsense", "DATABASE_URL": "nonsense", "ASSISTANT_CONCURRENCY": "nonsense"}
"""Settings of the caller that would end any server that sees them."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """The demo's temporary folder; short, for sockets. Nothing may run in it afterwards."""
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in LOST.items()))
    with tempfile.TemporaryDirectory(prefix="demo") as folder:
        yield Path(folder)
        assert _running_in(Path(folder)) == []


def _running_in(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd().startswith(str(folder)):
                found.append(" ".join(process.cmdline()))
    return found


def _start(cwd: Path, place: Path, *options: str, command: str = "demo") -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = cwd / "home"
    home.mkdir(mode=0o500)
    environment = {**kept, **LOST, "HOME": str(home), "PYTHONPATH": str(ROOT), "TMPDIR": str(place)}
    return subprocess.Popen(
        [sys.executable, "-m", "bot", command, *options],
        cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
    )  # fmt: skip


def _marks(output: str) -> dict[str, str]:
    """Scene -> "ok" or "NOT OK", as the summary says."""
    found = re.findall(rf"^ (ok|NOT OK) +({'|'.join(map(re.escape, TITLES))}) ", output, re.MULTILINE)
    return {title: mark for mark, title in found}


@pytest.mark.timeout(180)
def test_every_thread_ends_as_it_should(tmp_path: Path, place: Path) -> None:
    began = time.monotonic()
    with _start(tmp_path, place) as process:
        output = process.communicate()[0]
    assert process.returncode == 0, output
    assert time.monotonic() - began < 60
    assert _marks(output) == dict.fromkeys(TITLES, "ok")
    sent = re.search(r"^(\d+) events sent, 0 of them refused", output, re.MULTILINE)
    assert sent is not None
    assert int(sent[1]) >= 12
    assert "0 of them unknown" in output
    assert list(place.iterdir()) == []


@pytest.mark.timeout(180)
def test_a_thread_that_ends_otherwise_is_named_and_the_page_stays_until_ctrl_c(tmp_path: Path, place: Path) -> None:
    with _start(tmp_path, place, "--break", "--stay") as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if "Ctrl-C ends it" in line:
                break
        try:
            page = re.search(r"open (http://127\.0\.0\.1:\d+)/_sandbox/", output)
            assert page is not None, output
            _try_the_page(page[1])
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate()[0]
    assert process.returncode == 1, rest
    assert _marks(output) == {**dict.fromkeys(TITLES, "ok"), BROKEN.title: "NOT OK"}
    assert "the label enhancement is missing" in output
    (folder,) = place.iterdir()
    assert str(folder / "server.log") in rest.replace("\n", "")
    assert sorted(one.name for one in folder.iterdir()) == ["sandbox.log", "server.log"]


def test_a_report_of_one_s_own_is_tried_under_one_s_own_configuration(tmp_path: Path, place: Path) -> None:
    (tmp_path / "report.md").write_text(
        "# TypeError: cannot read a row\n\nIt crashes with a TypeError at every start.\n"
    )
    (tmp_path / "config.yml").write_text(
        "labels: {allow: ['kind/bug']}\ntriage: {kinds: {bug: 'kind/bug'}, minimum_confidence: 0.5}\n"
    )
    (tmp_path / "forms").mkdir()
    with _start(
        tmp_path, place, "--file", "report.md", "--config", "config.yml", "--forms", "forms", command="try"
    ) as process:
        output = process.communicate()[0]
    assert process.returncode == 0, output
    assert "It crashes with a TypeError at every start." in output
    assert "Why:" in output
    assert "Labels: [kind/bug]" in output, output
    assert list(place.iterdir()) == []


def _try_the_page(url: str) -> None:
    with urllib.request.urlopen(f"{url}/_sandbox/") as response:
        assert "tidepool" in response.read().decode()
    issue = {"repo": "sample-org/tidepool", "author": "jonas", "title": "Crash", "body": "It crashes at once."}
    number = _post(f"{url}/_sandbox/act/open_issue", issue)["number"]
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{url}/_sandbox/thread/sample-org/tidepool/{number}") as response:
            if any(one["is_bot"] for one in json.load(response)["comments"]):
                return
        time.sleep(0.1)
    raise AssertionError("the assistant does not answer")


def _post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


@pytest.mark.parametrize("moment", ["Starting", "Ready"])
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, place: Path, moment: str) -> None:
    with _start(tmp_path, place) as process:
        assert process.stdout is not None
        assert any(line.startswith(moment) for line in process.stdout)
        # The database is being made by then.
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output = process.communicate()[0]
    # The second Ctrl-C may come when the interpreter is about to end by itself.
    assert process.returncode in (1, -signal.SIGINT), output
    assert "Stopped before the end." in output
    assert "bot/demo" not in output, "a traceback of ours"
    assert list(place.iterdir()) == []
