"""Reads labelled reports and duplicate pairs from CSV files, as people export them."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from io import StringIO
from pathlib import Path
from typing import Final

from dateutil.parser import ParserError, parse

from bot.domain.errors import AssistantError

KINDS: Final = ("bug", "feature", "question")
_LONGEST_FIELD: Final = 2**31 - 1
_MISSING: Final = frozenset({"", "nan", "none", "null"})
_IDS: Final = re.compile(r"[\s,;]+")
_YEAR_FIRST: Final = re.compile(r"\s*(?:19|20)\d\d(?:\D|\d{4})")
_MONTH_FIRST: Final = re.compile(r"\s*\d{1,2}\D(?:1[3-9]|2\d|3[01])\D\d{2,4}")
_UNKNOWN: Final = timezone(timedelta(0), "unknown")
_HOURS: Final = {
    **{"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9},
}
"""Named zones, in hours: those of RFC 5322, section 4.3, and some more that hardly mean anything else."""


class UnusableFile(AssistantError):
    """A file cannot be used; one sentence says which one and why."""


@dataclass(frozen=True, slots=True)
class LabelledReport:
    repository: str
    kind: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class DatedReport:
    """`created` is in seconds since 1970, UTC where the file says no zone."""

    id: str
    created: float
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Reports:
    """The readable reports; `undated` had no date that could be read, `repeated` an id seen before. The dates of
    `unzoned` name a zone that is not known: they are taken as UTC."""

    reports: tuple[DatedReport, ...]
    undated: int
    repeated: int
    unzoned: int = 0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Ids that are marked as the same, in either order; `unknown` counts mentions of ids that no report has.

    These are no queries and no candidates; but two reports that are the same as one of them are the same.
    """

    marks: tuple[tuple[str, str], ...]
    unknown: int


def text_of(path: Path) -> str:
    """A file's text in UTF-8, without the mark at its beginning. Raises UnusableFile, and OSError."""
    return "".join(lines_of(path))


def lines_of(path: Path) -> Iterator[str]:
    """A file's lines with their ends, read as they are asked for; otherwise as `text_of`."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from file
    except UnicodeDecodeError:
        raise UnusableFile(f"{path} is no text in UTF-8.") from None


def read_kinds(path: Path) -> list[LabelledReport]:
    """Rows of a file with the columns repo, label, title and body. Raises UnusableFile."""
    found = []
    for line, row in _rows(path, ("repo", "label", "title", "body")):
        kind = row["label"].strip().lower()
        if kind not in KINDS:
            raise UnusableFile(f"{path}, line {line}: the label “{kind[:40]}” is none of {', '.join(KINDS)}.")
        found.append(LabelledReport(row["repo"].strip(), kind, _text(row["title"]), _text(row["body"])))
    if not found:
        raise UnusableFile(f"{path} holds no rows.")
    return found


def read_reports(path: Path) -> Reports:
    """Rows of a file with the columns Issue id, Summary, Description and Created. Raises UnusableFile."""
    rows = [row for _, row in _rows(path, ("issue id", "summary", "description", "created"))]
    day_first = not any(_MONTH_FIRST.match(row["created"]) for row in rows)
    found: dict[str, DatedReport] = {}
    undated = repeated = unzoned = 0
    for row in rows:
        name, created = _id(row["issue id"]), _date(row["created"], day_first=day_first)
        unzoned += created is not None and created.tzinfo is _UNKNOWN
        if not name or created is None:
            undated += 1
        elif name in found:
            repeated += 1
        else:
            found[name] = DatedReport(name, created.timestamp(), _text(row["summary"]), _text(row["description"]))
    if not found:
        raise UnusableFile(f"{path} holds no report with an id and a date that can be read.")
    return Reports(tuple(found.values()), undated, repeated, unzoned)


def read_pairs(path: Path, known: frozenset[str]) -> Pairs:
    """Rows of a file with the columns Issue id and Duplicate id, several ids apart by commas or spaces."""
    marks: list[tuple[str, str]] = []
    unknown = 0
    for _, row in _rows(path, ("issue id", "duplicate id")):
        ones = _ids(row["issue id"])
        others = _ids(row["duplicate id"])
        unknown += sum(one not in known for one in (*ones, *others))
        marks += [(one, other) for one in ones for other in others if one != other]
    return Pairs(tuple(marks), unknown)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and the named columns of each row, whatever else there is; names without case."""
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace").replace("\0", "")
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from None
    reader = csv.reader(StringIO(text, newline=""))
    try:
        header = [one.strip().lower() for one in next(reader, [])]
        missing = [one for one in columns if one not in header]
        if missing:
            raise UnusableFile(f"{path} has no column “{missing[0]}”; it needs {', '.join(columns)}.")
        places = {one: header.index(one) for one in columns}
        for cells in reader:
            if any(one.strip() for one in cells):
                yield reader.line_num, {one: cells[at] if at < len(cells) else "" for one, at in places.items()}
    except csv.Error as error:
        raise UnusableFile(f"{path}, line {reader.line_num}: {error}.") from None


def _text(cell: str) -> str:
    return "" if cell.strip().lower() in _MISSING else cell


def _id(cell: str) -> str:
    """An id as text; spreadsheets make 12.0 of 12, and may write #12."""
    return re.sub(r"\.0+$", "", cell.strip()).removeprefix("#") if _text(cell) else ""


def _ids(cell: str) -> list[str]:
    return [one for one in (_id(part) for part in _IDS.split(cell)) if one]


def _date(cell: str, *, day_first: bool) -> datetime | None:
    try:
        # Where the year comes first, "day first" would read the month as the day.
        return _aware(parse(cell, dayfirst=day_first and not _YEAR_FIRST.match(cell), tzinfos=_zone))
    except (ParserError, OverflowError, ValueError, TypeError):
        return None


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    """What a date says of its zone, as dateutil asks for it; `offset` is in seconds. None where it says nothing."""
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    return timezone(timedelta(hours=_HOURS[name])) if name in _HOURS else _UNKNOWN


def _aware(found: datetime) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=UTC)
