"""Guards in the code, found by their marks, and what each mark says about taking the guard away.

A mark is a comment at the end of the guard's line, or alone on the line above it:

    if event.sender.is_bot:  # guard: own-events (7)
    if len(names) > 3:  # guard: three-labels (4)
    text=redact(text)[:cap],  # guard: redaction (16): without redact
    return any(matches)  # guard: signature (26): as True

The numbers are the invariants that it keeps. Inside a pattern or a statement of SQL the mark ends a line of the text
(`# guard: …` or `-- guard: …`). How it is taken away is told by `guards_mutation`.
"""

import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
BOOK: Final = Path(__file__).with_name("guards.toml")
"""Which tests kill the mutants of each file's guards, and of single ones; what needs no mark, with the reason."""
INVARIANTS: Final = range(1, 35)
NOT_THE_SERVICE: Final = ("bot/sandbox/", "bot/demo/")

_MARK: Final = re.compile(
    r"(?:#|--) guard: (?P<name>[a-z0-9]+(?:-[a-z0-9]+)*) \((?P<numbers>\d+(?:, \d+)*)\)(?:: (?P<how>\S.*))?$"
)
_LOOKS_LIKE: Final = re.compile(r"(?:#|--)\s*guard\b", re.IGNORECASE)


class MarkError(ValueError):
    """A mark that cannot be read, or says something that its line does not hold."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A marked place. `line` is that of the guard (1-based), `in_text` is true inside a pattern or SQL; `how` is
    what the mark says about taking it away, "" where the line itself says it."""

    name: str
    invariants: tuple[int, ...]
    path: str
    line: int
    how: str = ""
    in_text: bool = False

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


def marks(source: str, path: str) -> tuple[Guard, ...]:
    """The marked guards of one file in their order; raises MarkError for what looks like a mark and is none."""
    return tuple(_marks(source, path))


def _marks(source: str, path: str) -> Iterator[Guard]:
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and _LOOKS_LIKE.search(token.string):
            alone = token.line.strip() == token.string
            line = _next_code(lines, token.start[0]) if alone else token.start[0]
            yield _guard(token.string, path, line, in_text=False)
        elif token.type == tokenize.STRING:
            for offset, text in enumerate(token.string.split("\n")):
                if _LOOKS_LIKE.search(text):
                    yield _guard(text, path, token.start[0] + offset, in_text=True)


def _next_code(lines: list[str], after: int) -> int:
    return next(
        number for number, line in enumerate(lines[after:], after + 1) if line.strip() and line.strip()[0] != "#"
    )


def _guard(text: str, path: str, line: int, *, in_text: bool) -> Guard:
    found = _MARK.search(text)
    if found is None:
        raise MarkError(f"{path}:{line}: this mark cannot be read: {text.strip()}")
    numbers = tuple(map(int, found["numbers"].split(", ")))
    if not set(numbers) <= set(INVARIANTS):
        raise MarkError(f"{path}:{line}: there is no such invariant: {found['numbers']}")
    return Guard(found["name"], numbers, path, line, found["how"] or "", in_text)


def without_text(source: str, line: int) -> str:
    """The source without what is marked on a line of a text: SQL loses the line, a pattern its alternative.

    The group of an alternative stays (with nothing that fits it), so that code that asks for it goes on.
    """
    lines = source.split("\n")
    text = lines[line - 1]
    if "-- guard:" in text:
        lines[line - 1] = ""
    elif (found := re.match(r"\s*(?P<or>\|?)\s*(?P<group>\(\?P<\w+>)?", text)) is not None:
        group = f"{found['group']}(?!))" if found["group"] else "(?!)"
        lines[line - 1] = f"{found['or']} {group}"
    return "\n".join(lines)


@cache
def sources(root: Path = ROOT) -> dict[str, str]:
    """The service's modules by path; the stand-in GitHub and the demo guard nothing."""
    found = (one.relative_to(root).as_posix() for one in sorted((root / "bot").rglob("*.py")))
    return {name: (root / name).read_text("utf-8") for name in found if not name.startswith(NOT_THE_SERVICE)}


@cache
def all_guards() -> tuple[Guard, ...]:
    """Every guard of the service."""
    return tuple(guard for path, source in sources().items() for guard in marks(source, path))


@cache
def book() -> dict[str, dict[str, Any]]:
    """tests/safety/guards.toml."""
    return tomllib.loads(BOOK.read_text("utf-8"))


def killers(guard: Guard) -> tuple[str, ...]:
    """The tests that kill the guard's mutants, as pytest takes them; raises KeyError for a guard without."""
    own = book()["killed-by"].get(guard.name)
    found = own if own is not None else book()["killed-in"][guard.path]
    return (found,) if isinstance(found, str) else tuple(found)
