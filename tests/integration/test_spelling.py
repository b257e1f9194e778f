"""The real `typos` program."""

import os
import stat
import sys
import tempfile
import time
from pathlib import Path

import pytest

from bot.domain.documents import source_lines
from bot.spelling import MAX_DOCUMENT, MAX_OUTPUT, SpellingUnavailable, TyposChecker

GUIDE = """---
title: Teh guide
---
# Recieving data

The `teh` parser is definately fast; ünïcöde wich 🚀 seperate words occured here.
See https://example.org/teh, --recieve, teh_name and SHA 5d41402abc4b2a76b9719d911017c592.
kubectl, pytest, nginx, mypy, ruff, asyncio, colour, color and behaviour are right.

```
recieve
```
"""


def every_line(text: str) -> frozenset[int]:
    return frozenset(range(1, text.count("\n") + 2))


async def test_planted_typos_are_found_where_they_stand() -> None:
    found = await TyposChecker().check({"docs/guide.md": GUIDE}, {"docs/guide.md": every_line(GUIDE)})
    assert [(one.line, one.word) for one in found] == [
        (4, "Recieving"),
        (6, "definately"),
        (6, "wich"),
        (6, "seperate"),
        (6, "occured"),
        (7, "teh"),  # a part of a name: what decides about remarks drops it
    ]
    for one in found:
        assert source_lines(GUIDE)[one.line - 1][one.column :].startswith(one.word)
    assert found[1].corrections == ("definitely",)
    assert len(found[2].corrections) > 1


async def test_several_documents_and_only_the_lines_asked_for() -> None:
    texts = {"b.md": "teh\n\nteh\n", "a.rst": "ü teh ``teh``\r\nteh", "c.py": "teh", "d.md": "teh"}
    lines = {"b.md": frozenset({3}), "a.rst": frozenset({1, 9}), "c.py": frozenset({1})}
    found = await TyposChecker().check(texts, lines)
    assert [(one.path, one.line, one.column) for one in found] == [("a.rst", 1, 2), ("b.md", 3, 0)]


@pytest.mark.parametrize(
    "text",
    ["\ufeffteh", "%PDF-1.4 teh", "a\x00b teh", "\ud800 teh", "a\x0bb\u2028c\x85 teh", "\x1b[31m teh", "a\rb teh"],
    ids=["mark", "pdf", "nul", "surrogate", "separators", "escape", "return"],
)
async def test_strange_characters_move_nothing(text: str) -> None:
    (found,) = await TyposChecker().check({"a.md": text}, {"a.md": frozenset({1})})
    assert (found.line, found.column) == (1, text.index("teh"))


async def test_nothing_to_check_starts_nothing() -> None:
    assert await TyposChecker("/nowhere/typos").check({"a.md": "teh"}, {}) == ()
    assert await TyposChecker("/nowhere/typos").check({"a.md": "`teh`"}, {"a.md": frozenset({1})}) == ()
    assert (
        await TyposChecker("/nowhere/typos").check({"docs/a.txt": "teh " * 300_000}, {"docs/a.txt": frozenset({1})})
        == ()
    )


async def test_long_output_is_cut_at_a_line() -> None:
    text = "teh recieve seperate\n" * 12_000
    found = await TyposChecker().check({"docs/a.txt": text}, {"docs/a.txt": every_line(text)})
    assert 15_000 < len(found) < 36_000
    assert len(found) * 60 < MAX_OUTPUT


def program(folder: Path, body: str) -> str:
    path = folder / "typos"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


FAILING = {
    "no JSON": "print('hello')",
    "another shape": 'print(\'{"type": "typo"}\')',
    "an error record": 'print(\'{"type": "error"}\')',
    "a line that was not asked": (
        'print(\'{"type":"typo","line_num":99,"byte_offset":0,"typo":"a","corrections":["b"]}\'); sys.exit(2)'
    ),
    "wrong arguments": "sys.exit(2)",
    "a crash": "os.abort()",
}


@pytest.mark.parametrize("body", FAILING.values(), ids=FAILING)
async def test_a_failure_is_one_sentence(tmp_path: Path, body: str) -> None:
    with pytest.raises(SpellingUnavailable, match=r"^typos [^\n]+$"):
        await TyposChecker(program(tmp_path, body)).check({"a.md": "teh"}, {"a.md": frozenset({1})})


async def test_a_missing_program_is_one_sentence() -> None:
    with pytest.raises(SpellingUnavailable, match="could not be started"):
        await TyposChecker("/nowhere/typos").check({"a.md": "teh"}, {"a.md": frozenset({1})})


async def test_a_program_that_hangs_is_ended_and_gone(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    hanging = program(tmp_path, f"open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(SpellingUnavailable, match="did not finish"):
        await TyposChecker(hanging, time_limit=1.0).check({"a.md": "teh"}, {"a.md": frozenset({1})})
    assert time.monotonic() - started < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_the_program_knows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_PRIVATE_KEY", "canary")
    seen = tmp_path / "seen"
    spy = program(tmp_path, f"open({str(seen)!r}, 'w').write(repr((sys.argv[1:], dict(os.environ), os.listdir('.'))))")
    assert await TyposChecker(spy).check({"$(evil) --config.md": "teh"}, {"$(evil) --config.md": frozenset({1})}) == ()
    written = seen.read_text()
    assert "canary" not in written
    assert "evil" not in written
    assert written.endswith(", [])")


async def test_no_configuration_of_the_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program looks for one in every folder above its own."""
    (tmp_path / "_typos.toml").write_text('[default.extend-words]\nteh = "teh"\n')
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = await TyposChecker().check({"a.md": "It is teh word.\n"}, {"a.md": frozenset({1})})
    assert [one.word for one in found] == ["teh"]


async def test_a_document_over_a_megabyte_is_not_looked_at() -> None:
    long = "It is teh word.\n" + "x" * MAX_DOCUMENT
    found = await TyposChecker().check(
        {"a.md": "It is teh word.\n", "b.md": long}, {"a.md": frozenset({1}), "b.md": frozenset({1})}
    )
    assert [one.path for one in found] == ["a.md"]
