"""The benchmark of what is learned, on tiny data."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.quality import measure
from tests.unit.learning.reports import examples
from tests.unit.learning.test_replay import history, marks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [(one.repository, one.kind, one.title, one.body) for one in examples("one/app", "two/lib")]
    _write(tmp_path / "issue_kinds_train.csv", ("repo", "label", "title", "body"), rows)
    reports = [(one.place.id, one.title, one.body, f"2021-01-01 00:{at:02}") for at, one in enumerate(history())]
    _write(tmp_path / "seamonkey_reports.csv", ("Issue id", "Summary", "Description", "Created"), reports)
    pairs = marks()
    _write(tmp_path / "seamonkey_duplicates.csv", ("Issue id", "Duplicate id"), pairs)
    return tmp_path


def _write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def test_the_figures_come_from_what_was_counted(folder: Path) -> None:
    ticks: set[str] = set()
    found = measure(folder, lambda what, *_: ticks.add(what), repeats=2, folds=3)
    figures = {row[0]: row[1] for row in found.rows}
    assert ticks == {"Reading reports", "Cross-validating", "Replaying reports"}
    assert all(len(row) == len(found.columns) for row in found.rows)
    assert f"macro F1 {figures['mean macro F1']}" in found.headline
    assert f"MRR {float(figures['mrr']):.2f}" in found.headline
    assert 0.8 < float(figures["mean macro F1"]) <= 1
    assert float(figures["recall at 10"]) == 1
    wanted = float(figures["mrr"]) >= 0.71 and float(figures["recall at 5"]) >= 0.85
    assert found.failed is not wanted
