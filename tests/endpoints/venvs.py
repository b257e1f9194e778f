"""A virtual environment for each server that is a Python program: made once, in a folder that git ignores."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).parents[2] / ".servers-cache"
PATIENCE: Final = 1_500.0
"""Seconds for one environment: llama-cpp-python is compiled, which took five minutes here."""
_MARK: Final = "installed.txt"
_SHOWN: Final = 300


class NotInstalled(Exception):
    """A server cannot be had here; the text says why, in one line."""


def environment(name: str, packages: Sequence[str]) -> Path:
    """The folder of the environment's programs, with exactly these packages asked for. Raises NotInstalled."""
    folder = CACHE / name
    mark = folder / _MARK
    wanted = "\n".join(packages)
    if mark.exists() and mark.read_text() == wanted:
        return folder / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    for package in packages:
        # One after the other: what comes first decides which build of it the others take.
        _run([*pip, package])
    mark.write_text(wanted)
    return folder / "bin"


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"{command[-1]} was not installed within {PATIENCE:.0f} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotInstalled(f"{Path(command[-1]).name} cannot be installed: {last[:_SHOWN]}")
