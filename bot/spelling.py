"""Spelling, by the program `typos`: text on its stdin, constant arguments, no file and no secret in reach."""

import asyncio
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from bot.domain.documents import prose_lines
from bot.domain.errors import AssistantError
from bot.domain.facts import Misspelling

ARGUMENTS: Final = (
    "--isolated",  # guard: isolated-spelling (24)
    "--format",
    "json",
    "--locale",
    "en",
    "--color",
    "never",
    "--threads",
    "1",
    "-",
)
TIME_LIMIT: Final = 10.0
MAX_DOCUMENT: Final = 1_000_000
MAX_INPUT: Final = 2_000_000
MAX_OUTPUT: Final = 2_000_000
_CLEAN, _FOUND = 0, 2


class SpellingUnavailable(AssistantError):
    """The spelling of a text could not be checked; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line that was handed over, and where it is from."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class TyposChecker:
    """The port `Spelling`. Without `program`, the path of the binary, it is the one installed with Python."""

    program: str | None = None
    time_limit: float = TIME_LIMIT

    async def check(self, texts: Mapping[str, str], lines: Mapping[str, frozenset[int]]) -> tuple[Misspelling, ...]:
        """Misspelled words of prose on those lines (1-based), in the order of paths, lines and columns.

        Code, addresses and markup are not looked at, nor documents over 1 MB, nor what comes after 2 MB of them.
        Raises SpellingUnavailable.
        """
        rows = await asyncio.to_thread(_rows, texts, lines)
        if not rows:
            return ()
        program = self.program or find_program()
        # The first line is empty, so that no text can pass for a byte order mark or another format.
        data = "\n".join(["", *(row.text for row in rows), ""]).encode()
        try:
            async with asyncio.timeout(self.time_limit):
                code, output = await _run(program, data)
        except TimeoutError:
            raise SpellingUnavailable(f"typos did not finish within {self.time_limit:g} seconds") from None
        except OSError as error:
            raise SpellingUnavailable(f"typos could not be started: {error.strerror or error}") from None
        return tuple(_misspellings(rows, code, output))


@cache
def find_program() -> str:
    """The `typos` of this installation. Raises SpellingUnavailable."""
    name = "typos.exe" if os.name == "nt" else "typos"
    beside = (Path(sysconfig.get_path("scripts")) / name, Path(sys.executable).parent / name)
    for path in beside:
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise SpellingUnavailable("the program typos is not installed")
    return str(Path(found).absolute())


def _rows(texts: Mapping[str, str], lines: Mapping[str, frozenset[int]]) -> list[_Row]:
    rows: list[_Row] = []
    room = MAX_INPUT
    for path in sorted(texts):
        wanted = lines.get(path, frozenset())
        text = texts[path].encode("utf-8", "replace") if wanted else b""
        if not text or len(text) > MAX_DOCUMENT:
            continue
        room -= len(text)
        if room < 0:
            break
        prose = prose_lines(text.decode(), path)
        rows += (_Row(path, line, row) for line, row in prose.items() if line in wanted)
    return rows


async def _run(program: str, data: bytes) -> tuple[int, bytes]:
    """The exit code and the first bytes of the output; the process is gone when this returns or raises."""
    with tempfile.TemporaryDirectory(prefix="spelling-") as folder:
        process = await asyncio.create_subprocess_exec(
            program,
            *ARGUMENTS,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,  # guard: folder-of-the-spelling (24)
            env=_environment(),  # guard: environment-of-the-spelling (16, 24)
        )
        feeding = asyncio.create_task(_feed(process, data))
        try:
            output, whole = await _read(process)
            if whole:
                await process.wait()
        finally:
            feeding.cancel()
            await _end(process)
            with suppress(asyncio.CancelledError):
                await feeding
    return (process.returncode or 0) if whole else _FOUND, output


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    if (stdin := process.stdin) is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(data)
        await stdin.drain()
        stdin.close()


async def _read(process: asyncio.subprocess.Process) -> tuple[bytes, bool]:
    output = bytearray()
    while len(output) <= MAX_OUTPUT:
        piece = await process.stdout.read(65_536) if process.stdout else b""
        if not piece:
            return bytes(output), True
        output += piece
    return bytes(output[: output.rfind(b"\n", 0, MAX_OUTPUT) + 1]), False


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    # Windows starts no program without it; elsewhere nothing is needed.
    return {"SYSTEMROOT": os.environ["SYSTEMROOT"]} if "SYSTEMROOT" in os.environ else {}


def _misspellings(rows: list[_Row], code: int, output: bytes) -> Iterator[Misspelling]:
    try:
        found = [json.loads(line) for line in output.splitlines() if line.strip()]
    except ValueError:
        raise SpellingUnavailable("typos gave an answer that is no JSON") from None
    strange = any(not isinstance(one, dict) or one.get("type") != "typo" for one in found)
    # Code 2 stands for words that were found, and for arguments that were not understood.
    if strange or code not in (_CLEAN, _FOUND) or (code == _FOUND and not found):
        raise SpellingUnavailable(f"typos failed with code {code}")
    for one in found:
        if (misspelling := _misspelling(rows, one)) is not None:
            yield misspelling


def _misspelling(rows: list[_Row], one: dict[str, Any]) -> Misspelling | None:
    try:
        number, offset, word = int(one["line_num"]) - 2, int(one["byte_offset"]), str(one["typo"])
        corrections = tuple(map(str, one["corrections"]))
        row = rows[number]
    except (KeyError, TypeError, ValueError, IndexError):
        raise SpellingUnavailable("typos gave an answer of an unknown shape") from None
    column = len(row.text.encode()[:offset].decode("utf-8", "ignore"))
    if number < 0 or not corrections or row.text[column : column + len(word)] != word:
        return None
    return Misspelling(row.path, row.line, column, word, corrections)
