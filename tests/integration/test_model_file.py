"""A model from a file: one real llama.cpp in a child of the service, started again when it dies, gone with it."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest

from bot.doctor.checks import State
from bot.doctor.environment import read
from bot.doctor.examine import examine
from bot.domain.errors import SettingsError
from bot.llm import local as local_module
from bot.llm.local import LocalModel, arguments, environment, local_model
from bot.sandbox import Sandbox
from bot.settings import ModelSettings, Settings, load_embedding, load_settings
from tests.integration.test_llama_cpp import BODY, TITLE, triage_of
from tests.support.assistant import REPOSITORY, Assistant, running
from tests.support.tiny_model import write_tiny_model

ROOT: Final = Path(__file__).parents[2]
SECRET: Final = "canary-of-the-environment"
_PARENT: Final = """
import asyncio, sys
from pathlib import Path
from bot.llm.local import local_model

async def main():
    async with local_model(Path(sys.argv[1])) as local:
        assert await local.ready(60)
        print('child', local.child.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


def pid_of(local: LocalModel) -> int:
    assert local.child is not None
    return local.child.pid


async def gone(pid: int, *, within: float = 10.0) -> bool:
    for _ in range(int(within / 0.05)):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        await asyncio.sleep(0.05)
    return False


async def readyz(assistant: Assistant) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{assistant.url}/readyz") as response:
        return response.status, await response.text()


async def asked(sandbox: Sandbox, assistant: Assistant, title: str) -> int:
    """How many tokens the triage of a new issue took: more than 100 where the model was really asked."""
    issue = sandbox.open_issue(REPOSITORY, "stranger", title, BODY)
    await assistant.settled()
    found = await triage_of(assistant, issue.number)
    assert found["states"] <= {"done", "ignored"}
    return int(found["tokens"])


async def test_an_event_is_answered_and_the_next_one_too_after_the_child_was_killed(
    sandbox: Sandbox, settings: Settings, weights: Path
) -> None:
    model = ModelSettings((), tokens_per_day=10**6, file=weights)
    async with running(sandbox, replace(settings, model=model)) as assistant:
        local = assistant.service.local
        assert local is not None
        assert await local.ready(60)
        assert await asked(sandbox, assistant, TITLE) > 100
        assert "model file tiny.gguf: running\n" in (await readyz(assistant))[1]
        first = pid_of(local)
        os.kill(first, signal.SIGKILL)
        assert await gone(first)
        while local.detail() != "model file tiny.gguf: running, started again 1 times":
            status, _text = await readyz(assistant)
            assert status == 200
            await asyncio.sleep(0.02)
        assert await asked(sandbox, assistant, f"{TITLE} again") > 100
        second = pid_of(local)
        assert second != first
    assert await gone(second)


async def test_the_child_knows_no_secret_and_tells_none(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("DATABASE_URL", SECRET)
    async with local_model(weights) as local:
        assert await local.ready(60)
        child = psutil.Process(pid_of(local))
        assert child.cmdline() == [*arguments(weights)]
        assert local.endpoint.api_key not in " ".join([*child.cmdline(), *child.environ().values()])
        assert SECRET not in " ".join(child.environ().values())
        assert {one.laddr.ip for one in child.net_connections("inet") if one.status == psutil.CONN_LISTEN} == {
            "127.0.0.1"
        }
        url = f"{local.endpoint.base_url}/chat/completions"
        async with aiohttp.ClientSession() as session, session.post(url, json={"messages": []}) as response:
            assert response.status == 401
    assert set(environment({"PATH": "p", "OPENAI_API_KEY": SECRET, "MY_KEY": SECRET})) == {"PATH"}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_child_outlives_the_process_that_started_it(weights: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", _PARENT, str(weights)]
    parent = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert parent.stdout is not None
        told = b""
        while not told.startswith(b"child "):
            told = await parent.stdout.readline()
        pid = int(told.split()[1])
        assert psutil.Process(pid).is_running()
        parent.send_signal(number)
        assert await gone(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            parent.kill()
        await parent.wait()


async def test_a_file_that_cannot_be_loaded_is_tried_less_and_less_often(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing else")
    async with local_model(broken) as local:
        assert not await local.ready(3.0)
        # After 0.5 s and after 1 s more, and in this time no third time.
        assert re.fullmatch("model file broken.gguf: starting, started again [12] times", local.detail())


async def test_a_file_that_never_loads_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_module, "_FIRST_REST", 0.0)
    monkeypatch.setattr(local_module, "arguments", lambda _path: (sys.executable, "-S", "-c", ""))
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    told = "model file broken.gguf: llama.cpp does not start on it: is there memory enough for it, and is it whole?"
    async with local_model(broken) as local, asyncio.timeout(20):
        while local.detail() != told:
            assert "starting" in local.detail()
            await asyncio.sleep(0.01)


async def test_doctor_does_not_wait_for_a_file_that_cannot_be_loaded(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing else")
    given = {"ASSISTANT_MODEL_FILE": str(broken), "ASSISTANT_DATA_DIR": str(tmp_path / "none")}
    async with asyncio.timeout(30):
        found = {one.name: one for one in await examine(read(given), lambda _part: None)}
    assert found["model file"].state is State.FAILURE
    assert found["model file"].remedy.startswith("Is there memory enough for it, and is it whole? ")


async def test_the_port_is_held_while_nobody_listens(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    async with local_model(broken) as local:
        port = urlsplit(local.endpoint.base_url).port
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))


async def test_doctor_tries_the_file(weights: Path, tmp_path: Path) -> None:
    given = {"ASSISTANT_MODEL_FILE": str(weights), "ASSISTANT_DATA_DIR": str(tmp_path / "none")}
    found = {one.name: one for one in await examine(read(given), lambda _part: None)}
    assert found["model file"].state is State.OK
    assert found["endpoint model-file: model"].detail == "tiny is in its list"
    assert found["endpoint model-file: structured answers"].detail == "json_schema"
    assert found["endpoint model-file: context"].detail == "8192 tokens"
    assert found["endpoint model-file: prompt triage 2"].state in (State.OK, State.WARNING)


def test_settings_of_a_file(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = load_settings({"ASSISTANT_MODEL_FILE": str(weights)}).model
    assert alone is not None
    assert (alone.file, alone.endpoints) == (weights, ())
    both = load_settings({"ASSISTANT_MODEL_FILE": str(weights), "ASSISTANT_MODEL": "m"}).model
    assert both is not None
    assert (both.file, [one.model for one in both.endpoints]) == (weights, ["m"])
    embedding = load_embedding({"ASSISTANT_MODEL_FILE": str(weights), "ASSISTANT_EMBEDDING_MODEL": "e"})
    assert embedding is not None
    assert embedding.file is None
    other = tmp_path / "notes.gguf"
    other.write_text("no model")
    for path, said in ((tmp_path / "none.gguf", "cannot be read"), (other, "GGUF")):
        with pytest.raises(SettingsError, match=f"ASSISTANT_MODEL_FILE.*{said}"):
            load_settings({"ASSISTANT_MODEL_FILE": str(path)})
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"pip install 'contribution-assistant\[local\]'"):
        load_settings({"ASSISTANT_MODEL_FILE": str(weights)})
