"""The eval commands on small files, as a person runs them."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.datasets import DatedReport
from bot.domain.errors import SettingsError
from bot.domain.ports import Pay
from bot.endpoints import Privacy
from bot.evaluate import app, embed_all
from bot.learning.anatomy import dense_text
from bot.settings import load_embedding
from tests.unit.learning.reports import KINDS, examples
from tests.unit.learning.test_replay import history

ROOT = Path(__file__).parents[2]
RUNNER = CliRunner()


@pytest.fixture
def kinds_files(tmp_path: Path) -> tuple[Path, Path]:
    """To learn from, and to judge on: there is a third repository that was never seen."""
    known = [(one.repository, one.kind, one.title, one.body) for one in examples("one/app", "two/lib")]
    asked = [(name, kind, title.replace("the", "a"), body) for name, kind, title, body in known[::3]]
    asked += [("three/new", kind, title, body) for _, kind, title, body in known[1::4]]
    return _write(tmp_path / "a.csv", known), _write(tmp_path / "b.csv", asked)


def _write(path: Path, rows: list[tuple[str, str, str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["repo", "created_at", "label", "title", "body"])
        writer.writerows([name, "", kind, title, body] for name, kind, title, body in rows)
    return path


@pytest.fixture
def duplicates_files(tmp_path: Path) -> tuple[Path, Path]:
    reports, pairs = tmp_path / "r.csv", tmp_path / "p.csv"
    with reports.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Summary", "Issue id", "Status", "Created", "Description"])
        for at, one in enumerate(history()):
            writer.writerow([one.title, one.place.id, "NEW", f"{at % 28 + 1:02}/{at // 28 + 1:02}/2021", one.body])
    lines = [f'{at},"{", ".join(str(one) for one in (at - 5, at + 5) if 0 <= one < 40)} 999"' for at in range(40)]
    pairs.write_text("\n".join(["Issue id,Duplicate id", *lines]))
    return reports, pairs


def run(*arguments: str | Path) -> Any:
    result = RUNNER.invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def test_kinds_as_json(kinds_files: tuple[Path, Path]) -> None:
    train, test = kinds_files
    figures = run("kinds", "--train", train, "--test", test, "--json")
    assert set(figures["macro_f1"]) == {"one/app", "two/lib", "three/new"}
    assert figures["mean_macro_f1"] == pytest.approx(sum(figures["macro_f1"].values()) / 3)
    assert figures["mean_macro_f1"] > 0.9
    assert figures["items"] == 12 + 9
    assert figures["items_of_unknown_repositories"] == 9
    assert 0 <= figures["coverage_at_95_precision"] <= 1
    assert 0 <= figures["calibration_error"] <= 1
    assert figures["trained_on"] == {"one/app": 18, "two/lib": 18}
    assert set(figures["f1"]) == set(KINDS)


def test_repositories_are_known_in_any_case(kinds_files: tuple[Path, Path]) -> None:
    train, test = kinds_files
    test.write_text(test.read_text("utf-8").replace("one/app", "One/App", 3), "utf-8")
    figures = run("kinds", "--train", train, "--test", test, "--json")
    assert set(figures["macro_f1"]) == {"One/App", "two/lib", "three/new"}
    assert figures["items_of_unknown_repositories"] == 9
    assert figures["trained_on"] == {"One/App": 18, "two/lib": 18}


def test_the_same_files_give_the_same_figures(
    kinds_files: tuple[Path, Path], duplicates_files: tuple[Path, Path]
) -> None:
    (train, test), (reports, pairs) = kinds_files, duplicates_files
    kinds = [run("kinds", "--train", train, "--test", test, "--json") for _ in range(2)]
    assert {**kinds[0], "training_seconds": 0} == {**kinds[1], "training_seconds": 0}
    first, second = (run("duplicates", "--reports", reports, "--pairs", pairs, "--json") for _ in range(2))
    assert first == second


def test_kinds_as_a_table(kinds_files: tuple[Path, Path]) -> None:
    train, test = kinds_files
    shown = run("kinds", "--train", train, "--test", test)
    assert "mean macro F1" in shown
    assert "three/new" in shown


def test_duplicates_as_json(duplicates_files: tuple[Path, Path]) -> None:
    reports, pairs = duplicates_files
    figures = run("duplicates", "--reports", reports, "--pairs", pairs, "--json")
    assert (figures["reports"], figures["queries"], figures["unknown_ids"]) == (40, 35, 40)
    assert figures["recall_at_1"] <= figures["recall_at_5"] <= figures["recall_at_10"] == 1
    assert 0 < figures["mrr"] <= 1
    assert set(figures["claims"]) >= {"precision", "recall", "precision_interval", "recall_interval", "made"}
    assert figures["claim_precision"] == figures["claims"]["precision"]
    assert figures["claim_recall"] == figures["claims"]["recall"]
    assert figures["dense_vectors"] == "learned from the reports"


def test_duplicates_as_a_table(duplicates_files: tuple[Path, Path]) -> None:
    reports, pairs = duplicates_files
    assert "recall at 5" in run("duplicates", "--reports", reports, "--pairs", pairs)


def process(folder: Path, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with nothing in its environment but `more`."""
    command = [sys.executable, "-m", "bot", "eval", *map(str, arguments)]
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **more}
    return subprocess.run(command, check=False, cwd=folder, env=bare, capture_output=True, text=True, timeout=100)


def test_an_endpoint_that_does_not_answer_leaves_what_is_learned(duplicates_files: tuple[Path, Path]) -> None:
    reports, pairs = duplicates_files
    arguments = ("duplicates", "--reports", reports, "--pairs", pairs, "--json")
    silent = {
        "ASSISTANT_EMBEDDING_MODEL": "tiny",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
        "OPENAI_API_KEY": "sk-secret",
    }
    done = process(reports.parent, *arguments, **silent)
    assert json.loads(done.stdout) == run(*arguments)
    assert "embeddings_unreachable" in done.stderr
    assert "sk-secret" not in done.stderr


def test_a_wrong_label_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.csv", [("one/app", "docs", "T", "B")])
    done = process(tmp_path, "kinds", "--train", file, "--test", file, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"contribution-assistant: {file}, line 2: the label “docs” is none of bug, feature, question."
    ]


def test_nothing_to_learn_from_is_one_sentence(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.csv", [("one/app", "bug", "T", "B")] * 3)
    done = process(tmp_path, "kinds", "--train", file, "--test", file)
    assert (done.returncode, done.stdout) == (1, "")
    assert "at least two kinds with two reports each are needed" in done.stderr


def test_an_embedding_endpoint_needs_no_app() -> None:
    assert load_embedding({"ASSISTANT_MODEL": "chat"}) is None
    found = load_embedding({"ASSISTANT_EMBEDDING_MODEL": "small", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"})
    assert found is not None
    (endpoint,) = found.endpoints
    assert (endpoint.model, endpoint.base_url, endpoint.privacy) == ("small", "http://127.0.0.1:1/v1", Privacy.NEAR)
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        load_embedding({"ASSISTANT_EMBEDDING_MODEL": "small", "OPENAI_BASE_URL": "nowhere"})


async def test_a_report_without_a_vector_leaves_all_without() -> None:
    class Half:
        def __init__(self) -> None:
            self.asked: list[int] = []

        async def embed(self, texts: Any, *, private: bool, pay: Pay | None = None) -> list[tuple[float, ...]] | None:
            assert private
            self.asked.append(len(texts))
            return [(1.0,)] * len(texts) if len(self.asked) == 1 else None

    half = Half()
    reports = [DatedReport(str(at), float(at), "T", "B") for at in range(100)]
    assert await embed_all(reports, half, lambda *_: None) is None
    assert half.asked == [64, 36]


def test_code_is_not_embedded() -> None:
    assert dense_text("Title", "Words\n\n```\ncode()\n```\n") == "Title\nWords"


def test_the_service_does_not_load_the_trainer() -> None:
    """scikit-learn, scipy and numpy cost more memory than all the rest together."""
    program = (
        "import sys, bot.cli, bot.evaluate, bot.bootstrap, bot.web.application\n"
        "import bot.learning.kinds, bot.learning.replay\n"
        "print(sorted({'sklearn', 'scipy', 'numpy'} & {one.split('.')[0] for one in sys.modules}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, env=environment, capture_output=True, text=True, timeout=100
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
