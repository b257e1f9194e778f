"""`eval --from FILE` as a person runs it, and the page that it writes."""

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.appraisal import rehearsal
from bot.appraisal.figures import figures
from bot.appraisal.page import page
from bot.appraisal.run import MOST, Appraisal
from bot.appraisal.tables import tables
from bot.demo.past import NAME, past
from bot.domain.errors import AssistantError
from bot.domain.history.rows import dump
from bot.domain.learned import Measure
from bot.evaluate import app
from tests.unit.appraisal.test_figures import BUG, WISH, issue, of

RUNNER = CliRunner()
COUNT: Final = 100


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rehearsal, "STRETCHES", (0.8,))
    file = tmp_path / "past.jsonl"
    file.write_text("".join(dump(row) + "\n" for row in islice(past(), 1 + 2 * COUNT)), "utf-8")
    return file


def test_a_file_is_appraised_and_drawn(export: Path, tmp_path: Path) -> None:
    html = tmp_path / "page.html"
    result = RUNNER.invoke(app, ["--from", str(export), "--json", "--html", str(html)])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["repository"], found["items"], found["left_out"]) == (NAME, COUNT, 0)
    assert found["triage"]["issues"] == COUNT // 5
    assert found["duplicates"]["queries"] > 0
    written = html.read_text("utf-8")
    assert NAME in written
    assert written.count("<svg") == 2
    assert "<script" not in written


def test_the_table_names_the_labels(export: Path) -> None:
    result = RUNNER.invoke(app, ["--from", str(export)])
    assert result.exit_code == 0, result.output
    assert all(word in result.stdout for word in ("bug", "enhancement", "question", "mode: earned", "tokens"))


def test_confusion_and_abstention_are_in_the_tables_and_on_the_page() -> None:
    judged = figures(
        of(issue(1, BUG, WISH), issue(2, BUG, None), issue(3, WISH, WISH), replace(issue(4, WISH, None), given=True))
    )
    found = Appraisal(NAME, 4, 0, judged, None)
    text = shown(found)
    assert re.search(r"people said +┃ bug +┃ enhancement +┃ nothing", text), text
    assert re.search(r"bug +│ 0 +│ 1 +│ 1 ", text), text
    assert re.search(r"bug +│ 0 +│ 0 +│ – +│ 0% of 2 +│ 1 of 2", text), text
    assert re.search(r"opened with a kind, left alone +│ 1 ", text), text
    written = page(found)
    assert '<td class="n">1 of 2</td>' in written
    assert "1 more were opened with a kind" in written
    assert "By this repository's closed issues alone" in written.replace("&#39;", "'")


def test_where_every_issue_was_opened_with_a_kind_nothing_is_made_up() -> None:
    given = [replace(issue(number, WISH, None), given=True, in_areas=("area: map",)) for number in range(4)]
    judged = figures(replace(of(*given), areas={"area: map": Measure()}))
    found = Appraisal(NAME, 1, 0, judged, None)
    sentence = "All 4 closed issues that were looked at came with a kind, so that nothing was to be decided"
    text, written = shown(found), page(found)
    assert sentence in text
    assert f"{sentence}." in written
    assert not [one for one in ("nothing set", "0 of 0", "people said", "would be asked") if one in text]
    assert not [one for one in ("once more", "<h2>Labels", "said instead", "honest", "would cost") if one in written]
    assert re.search(r"area: map +│ 0 +│ 0 +│ – +│ 0% of 4", text), text
    assert "<h2>Areas</h2>" in written


def test_with_too_few_kinds_the_duplicates_are_still_told(export: Path, tmp_path: Path) -> None:
    lines = export.read_text("utf-8").splitlines(keepends=True)
    unlabelled = [line for line in lines if '"row": "change"' not in line]
    export.write_text("".join(re.sub(r'"labels": \[[^]]*\]', '"labels": []', one) for one in unlabelled), "utf-8")
    html = tmp_path / "page.html"
    result = RUNNER.invoke(app, ["--from", str(export), "--html", str(html)])
    assert result.exit_code == 0, result.output
    assert "0 closed issues with a kind" in result.stdout.replace("\n", " ")
    assert "duplicates, recall@5" in result.stdout
    assert "0 closed issues with a kind; 50 are the fewest" in html.read_text("utf-8")
    found = json.loads(RUNNER.invoke(app, ["--from", str(export), "--json"]).stdout)
    assert found["triage"] is None
    assert found["too_little"].startswith("0 closed issues")
    assert found["duplicates"]["queries"] > 0


def shown(found: Appraisal) -> str:
    """The tables as a wide terminal shows them."""
    console = Console(width=200, record=True, file=io.StringIO())
    for table in tables(found):
        console.print(table)
    return console.export_text()


MISTAKES: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "nothing named": (lambda _: ["--json"], "either OWNER/REPO or a file"),
    "both named": (lambda file: ["o/r", "--from", str(file)], "either OWNER/REPO or a file"),
    "no export": (lambda file: ["--from", str(_written(file, "{}"))], "line 1 is no line of an export"),
    "no UTF-8": (
        lambda file: ["--from", str(_bytes(file, file.read_bytes().replace(b"The", b"\xff", 1)))],
        "is no text in UTF-8",
    ),
    "no time": (
        lambda file: [
            "--from",
            str(_bytes(file, re.sub(rb'"created_at": "[^"]*"', b'"created_at": null', file.read_bytes()))),
        ],
        "line 2 is no line of an export (“created_at” is empty",
    ),
    "a configuration that is no UTF-8": (
        lambda file: ["--from", str(file), "--config", str(_bytes(file, b"mode: \xff"))],
        "is no text in UTF-8",
    ),
    "too short, with a mark of the order of bytes": (lambda file: ["--from", str(_marked(file))], "0 closed issues"),
    "a configuration with such a mark, and a file that is too short": (
        lambda file: ["--from", str(_marked(file)), "--config", str(_marked(file, b"mode: act", "config"))],
        "0 closed issues",
    ),
    "an empty file": (lambda file: ["--from", str(_written(file, ""))], "does not begin"),
    "a broken configuration": (lambda file: ["--from", str(file), "--config", str(_written(file, "mode: x"))], "mode"),
}


def _written(beside: Path, text: str) -> Path:
    return _bytes(beside, text.encode())


def _bytes(beside: Path, content: bytes) -> Path:
    file = beside.with_name("other")
    file.write_bytes(content)
    return file


def _marked(file: Path, content: bytes = b"", name: str = "marked") -> Path:
    marked = file.with_name(name)
    marked.write_bytes(b"\xef\xbb\xbf" + (content or file.read_bytes().splitlines()[0]))
    return marked


@pytest.mark.parametrize(("arguments", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_sentence(export: Path, arguments: Callable[[Path], list[str]], words: str) -> None:
    result = RUNNER.invoke(app, arguments(export))
    assert isinstance(result.exception, AssistantError)
    assert words in str(result.exception)


def test_drawing_leaves_nothing_in_the_way_of_imports() -> None:
    assert all(hasattr(one, "find_spec") for one in sys.meta_path)


def test_areas_are_in_the_tables_and_on_the_page() -> None:
    one = replace(issue(1, BUG, BUG), areas=("area: map",), in_areas=("area: map",))
    standing = "20 of 20 were right: enough to count on 90%"
    judged = figures(replace(of(one), areas={"area: map": Measure(0.71, 20, 20, earned=True, standing=standing)}))
    found = Appraisal(NAME, 1, 0, judged, None)
    text = shown(found)
    assert re.search(r"area: map +│ 1 +│ 1 +│ 100% \(21%–100%\) │ 100% of 1", text), text
    assert re.search(rf"area: map +│ yes +│ 0.71 │ {standing}", text), text
    written = page(found)
    assert "<h2>Areas</h2>" in written
    assert f"<td>{standing}</td>" in written


def test_texts_from_the_repository_stay_texts() -> None:
    hostile = '<img src=x onerror="alert(1)">&'
    judged = figures(
        replace(of(replace(issue(1, BUG, BUG), label=hostile), issue(2, WISH, None)), not_allowed=(hostile,))
    )
    written = page(Appraisal(hostile, MOST, 1, judged, None))
    assert "<img" not in written
    assert written.count("&lt;img src=x onerror=") >= 4
