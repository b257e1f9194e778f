"""A made-up past of the demo's project: closed issues with the labels that its maintainers gave them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.domain.history.rows import Header, Row
from bot.domain.history.values import Change, ChangeKind, HistoryItem, Setter, Writer

NAME: Final = "sample-org/tidepool"
COUNT: Final = 240
_Form = tuple[str, str]
_BEGIN: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
_PARTS: Final = tuple(
    f"the {one}"
    for one in (
        "CSV reader", "log viewer", "exporter", "follow mode", "colour theme", "search box", "config loader",
        "progress bar", "JSON output", "column picker", "time filter", "tail buffer", "gzip reader", "status line",
        "key map", "level parser", "bookmark list", "pager", "clipboard", "regex filter", "timezone switch",
        "session file", "plugin loader", "markdown export", "row counter", "split view", "mouse support", "man page",
    )
)  # fmt: skip
_WHERE: Final = (
    "on Windows 11", "with Python 3.12", "since 2.3.1", "over SSH", "in a container", "with long rows", "on macOS",
    "after a resize", "with an empty file", "in tmux", "with 10 million lines", "behind a pipe", "at midnight", "",
)  # fmt: skip
_ERRORS: Final = (
    "ValueError: no rows", "KeyError: 'level'", "UnicodeDecodeError: 0xff", "BrokenPipeError", "IndexError: row 0",
    "OSError: too many open files", "RecursionError", "AttributeError: 'NoneType'", "TimeoutError", "struct.error",
)  # fmt: skip
_BUGS: Final = (
    (
        "{part} crashes {where}",
        "{part} stops:\n\n```\nTraceback (most recent call last):\n{error}\n```\nI expected it to go on.",
    ),
    (
        "Wrong output of {part} {where}",
        "Steps:\n\n1. open a file\n2. use {part}\n\nExpected the last line, got the one before it.",
    ),
    ("{part} hangs {where}", "{part} hangs {where} and uses all of one core. Version 2.3.1; 2.2 was fine."),
    ("{part}: regression {where}", "This worked in 2.2 and no longer does. `{error}`"),
)  # fmt: skip
_WISHES: Final = (
    ("Let {part} remember its settings", "It would be nice if {part} kept its settings between runs."),
    ("Option to switch {part} off", "Please add an option to switch {part} off {where}; I would use it daily."),
    ("Support for plugins in {part}", "I would like to extend {part}. A hook before each row would be enough."),
    ("Make {part} faster {where}", "Could {part} read ahead? On large files it would help a lot."),
)  # fmt: skip
_QUESTIONS: Final = (
    ("How do I use {part} {where}?", "I read the manual and do not see how {part} is used. Can somebody explain?"),
    ("Is {part} meant to do this {where}?", "I am not sure whether I use {part} as intended. What about empty lines?"),
    ("Where does {part} keep its files?", "Hi, where are the files of {part} {where}? Thanks in advance!"),
)  # fmt: skip
_UNCLEAR: Final = (
    ("{part}", "See title, {where}."),
    ("Problem with {part}", "It is not good."),
    ("Hello", "About {part}."),
)
_KINDS: Final = (("bug", _BUGS), ("enhancement", _WISHES), ("question", _QUESTIONS))


def past() -> Iterator[Row]:
    """The lines of an export: always the same."""
    chance = random.Random(11)
    yield Header(1, NAME)
    known: list[tuple[str, dict[str, str], _Form]] = []
    for number in range(1, COUNT + 1):
        original = chance.randrange(len(known)) if number > 20 and chance.random() < 0.06 else None
        label, words, form = _new(chance) if original is None else known[original]
        known.append((label, words, form))
        yield from _issue(number, label, [one.format(**words).strip() for one in form], original)


def write_report(file: Path) -> str:
    """Write the page that `eval` makes of this past; returns a line to print."""
    from bot.appraisal.command import configuration  # noqa: PLC0415 - the demo needs none of this
    from bot.appraisal.page import page  # noqa: PLC0415
    from bot.appraisal.run import Known, appraise, gathered  # noqa: PLC0415
    from bot.prompting import load_prompts  # noqa: PLC0415

    prompt = load_prompts()["triage"]
    found = appraise(Known(NAME, gathered(past())), configuration(None), lambda *_: None, prompt=prompt)
    file.write_text(page(found), "utf-8")
    assert found.triage is not None
    return f"{file}: {found.triage.issues} closed issues of {NAME}, decided once more."


def _new(chance: random.Random) -> tuple[str, dict[str, str], _Form]:
    label, texts = chance.choice(_KINDS)
    form = chance.choice(_UNCLEAR if chance.random() < 0.12 else texts)
    return label, {
        "part": chance.choice(_PARTS), "where": chance.choice(_WHERE), "error": chance.choice(_ERRORS)
    }, form  # fmt: skip


def _issue(number: int, label: str, texts: list[str], original: int | None) -> Iterator[Row]:
    title, body = texts
    at = _BEGIN + timedelta(hours=31 * number)
    yield HistoryItem(
        number=number, is_pull=False, title=title[0].upper() + title[1:],
        body=body if original is None else f"Hello, I see this too.\n\n{body}", state="closed",
        state_reason="completed" if original is None else "duplicate", association="NONE", writer=Writer.PERSON,
        author=f"{number % 37:032x}", labels=(label,), comments=1, created_at=at, updated_at=at + timedelta(days=2),
        closed_at=at + timedelta(days=2), duplicate_of=None if original is None else original + 1,
    )  # fmt: skip
    yield Change(number, ChangeKind.LABELED, label, Setter.PERSON, at + timedelta(hours=3), f"event:{number}")
