"""CSV files as people export them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import cli
from bot.datasets import UnusableFile, lines_of, read_kinds, read_pairs, read_reports, text_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.csv"


def seconds(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


def test_labelled_reports_with_other_columns_a_mark_and_large_fields(file: Path) -> None:
    large = "x" * 300_000
    head = "\ufeffid,Repo,created_at,LABEL,title,body"
    rows = f'1,a/b,2020,Bug,"One, ""two""","{large}\n\0end"\n\n2,a/b,,feature,T,NaN\n'
    file.write_text(f"{head}\n{rows}", encoding="utf-8")
    one, two = read_kinds(file)
    assert (one.repository, one.kind, one.title) == ("a/b", "bug", 'One, "two"')
    assert one.body == f"{large}\nend"
    assert (two.kind, two.body) == ("feature", "")


def test_bytes_that_are_no_utf8_are_read_all_the_same(file: Path) -> None:
    file.write_bytes(b"repo,label,title,body\na/b,question,caf\xe9,why?\n")
    assert read_kinds(file)[0].title == "caf\ufffd"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("repo,label,title,body\na/b,docs,T,B\n", "line 2: the label “docs” is none of bug, feature, question."),
        ("repo,label,title\na/b,bug,T\n", "has no column “body”; it needs repo, label, title, body."),
        ("", "has no column “repo”"),
        ("repo,label,title,body\n", "holds no rows."),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(file: Path, text: str, sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(UnusableFile) as error:
        read_kinds(file)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="cannot be read"):
        read_kinds(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("date", "wanted"),
    [
        ("2020-01-02 17:14:21+00:00", (2020, 1, 2, 17, 14, 21)),
        ("2020-01-02", (2020, 1, 2)),
        ("2020/01/02", (2020, 1, 2)),
        ("20200102", (2020, 1, 2)),
        ("02/01/2020 10:30", (2020, 1, 2, 10, 30)),
        ("02.01.2020", (2020, 1, 2)),
        ("2 Jan 2020", (2020, 1, 2)),
        ("Thu, 2 Jan 2020 12:00:00 +0200", (2020, 1, 2, 10)),
        ("2020-01-02T01:00:00Z", (2020, 1, 2, 1)),
    ],
)
def test_dates(file: Path, date: str, wanted: tuple[int, ...]) -> None:
    file.write_text(f'Issue id,Summary,Description,Created\n1,S,D,"{date}"\n')
    assert read_reports(file).reports[0].created == seconds(*wanted)


@pytest.mark.parametrize(
    ("date", "wanted"),
    [
        ("2020-01-02 17:14:21 PST", (2020, 1, 3, 1, 14, 21)),
        ("2 Jan 2020 17:14 EDT", (2020, 1, 2, 21, 14)),
        ("2020-01-02 17:14 CET", (2020, 1, 2, 16, 14)),
        ("2020-01-02 17:14 UTC", (2020, 1, 2, 17, 14)),
        ("2020-01-02 17:14 GMT", (2020, 1, 2, 17, 14)),
    ],
)
def test_named_zones(file: Path, date: str, wanted: tuple[int, ...]) -> None:
    file.write_text(f"Issue id,Summary,Description,Created\n1,S,D,{date}\n")
    read = read_reports(file)
    assert (read.reports[0].created, read.unzoned) == (seconds(*wanted), 0)


def test_unknown_zones_are_taken_as_utc_and_counted(file: Path) -> None:
    file.write_text("Issue id,Summary,Description,Created\n1,S,D,2020-01-02 17:14 QQT\n2,S,D,2020-01-02 17:14\n")
    read = read_reports(file)
    assert [one.created for one in read.reports] == [seconds(2020, 1, 2, 17, 14)] * 2
    assert read.unzoned == 1


LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"one\ntwo\n", ["one\n", "two\n"]),
        (b"\xef\xbb\xbfone\r\n", ["one\n"]),
        (b"", []),
        ("a\u2028b\n".encode(), ["a\u2028b\n"]),
        (LONG.encode(), [LONG]),
    ],
)
def test_lines(file: Path, content: bytes, lines: list[str]) -> None:
    file.write_bytes(content)
    assert list(lines_of(file)) == lines
    assert text_of(file) == "".join(lines)


@pytest.mark.parametrize("content", [b"caf\xe9\n", "text".encode("utf-16"), LONG.encode() + b"\n\xff"])
def test_what_is_no_text_is_said_so(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for read in (text_of, lambda path: list(lines_of(path))):
        with pytest.raises(UnusableFile, match=r"data.csv is no text in UTF-8.$"):
            read(file)


def test_a_backfill_from_what_is_no_text_is_one_sentence(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "configure_logs", lambda *_: None)
    file.write_bytes(b"\xff\n")
    result = CliRunner().invoke(cli.app, ["backfill", "octo/here", "--from", str(file)])
    assert isinstance(result.exception, UnusableFile)


def test_one_date_that_cannot_be_day_first_makes_the_file_month_first(file: Path) -> None:
    file.write_text("Issue id,Summary,Description,Created\n1,S,D,02/01/2020\n2,S,D,02/13/2020\n")
    assert [one.created for one in read_reports(file).reports] == [seconds(2020, 2, 1), seconds(2020, 2, 13)]


def test_reports_without_date_or_id_and_repeated_ones_are_counted(file: Path) -> None:
    rows = [
        "12.0,S,,2020-01-01",
        "#13,S,nan,2020-01-02",
        "12,again,D,2020-01-03",
        "14,S,D,soon",
        "15,S,D,",
        ",S,D,2020-01-01",
    ]
    file.write_text("\n".join(["Issue id,Summary,Description,Created", *rows]))
    read = read_reports(file)
    assert [(one.id, one.body) for one in read.reports] == [("12", ""), ("13", "")]
    assert (read.undated, read.repeated) == (3, 1)


def test_no_readable_report_is_said_so(file: Path) -> None:
    file.write_text("Issue id,Summary,Description,Created\n1,S,D,soon\n")
    with pytest.raises(UnusableFile, match="no report with an id and a date"):
        read_reports(file)


def test_pairs_several_at_once_unknown_ones_counted(file: Path) -> None:
    file.write_text('Issue id,Duplicate id,More\n1,"2, 3;4",x\n5.0,1 9,\n8,1,\n2,2,\n6,,\n')
    pairs = read_pairs(file, frozenset("123456"))
    assert pairs.marks == (("1", "2"), ("1", "3"), ("1", "4"), ("5", "1"), ("5", "9"), ("8", "1"))
    assert pairs.unknown == 2
