"""The real program with a model file: its llama.cpp ends with it, however that happens."""

import signal
from pathlib import Path

import psutil
import pytest

from bot.sandbox import Sandbox
from tests.acceptance.test_process import Program, until
from tests.support.tiny_model import write_tiny_model


def models(pid: int) -> list[psutil.Process]:
    """The model's processes among those that the program started, not only forked."""
    return [one for one in psutil.Process(pid).children() if "bot.llm.local_child" in one.cmdline()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_no_model_outlives_the_program(
    sandbox: Sandbox, database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    program = Program(sandbox, tmp_path, database_url)
    program.environment["ASSISTANT_MODEL_FILE"] = str(write_tiny_model(tmp_path / "tiny.gguf"))
    with program.started() as process:
        await program.ready()
        await until(lambda: "model_file_started" in program.log.read_text(), 40)
        [child] = models(process.pid)
        assert sandbox.private_key not in str(child.environ())
        process.send_signal(number)
        assert await program.ended(process) == (0 if number is signal.SIGTERM else -signal.SIGKILL)
        await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)
