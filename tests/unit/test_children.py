"""What a child is given, and that it ends: by itself, and with whoever started it."""

import sys
from typing import Final

import pytest

from bot.children import environment, started

ENDS: Final = (
    "import sys; from bot.children import end_with_input; print(sys.stdin.readline(), end='', flush=True); "
    "end_with_input(); print(sys.stdin.readline(), end='', flush=True)"
)
WAITS: Final = f"{ENDS}; import time; time.sleep(60)"
STUBBORN: Final = "import time; print('here', flush=True); time.sleep(60)"


def test_a_child_gets_nothing_of_our_environment() -> None:
    given = {"PATH": "/bin", "DATABASE_URL": "postgres://secret", "OPENAI_API_KEY": "sk", "OMP_NUM_THREADS": "8"}
    assert environment(given) == {
        "PATH": "/bin", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    }  # fmt: skip


async def test_a_child_reads_all_that_it_was_told_and_ends_though_its_input_is_open() -> None:
    async with started((sys.executable, "-c", ENDS)) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"one\ntwo\n")
        assert await child.stdout.read() == b"one\ntwo\n"
        assert await child.wait() == 0


async def test_a_child_ends_with_its_input() -> None:
    async with started((sys.executable, "-c", WAITS)) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"one\ntwo\n")
        assert await child.stdout.readline() == b"one\n"
        assert await child.stdout.readline() == b"two\n"
        assert child.returncode is None
    assert child.returncode == 1


async def test_a_child_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.children._FAREWELL", 0.1)
    async with started((sys.executable, "-c", STUBBORN)) as child:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"here\n"
    assert child.returncode == -9
