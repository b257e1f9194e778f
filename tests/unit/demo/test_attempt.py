"""Which report and which files `try` opens."""

from pathlib import Path
from typing import Final

import pytest

from bot.demo.attempt import read_report
from bot.domain.errors import AssistantError

# file, title given, title, body
REPORTS: Final[dict[str, tuple[str, str | None, str, str]]] = {
    "a heading": ("# Crash\n\nIt stops.\n", None, "Crash", "It stops."),
    "a plain first line": ("Crash on row 3\nIt stops.", None, "Crash on row 3", "It stops."),
    "a byte order mark, empty lines": ("\ufeff\n\n## Crash\nIt stops.", None, "Crash", "It stops."),
    "a given title": ("# Crash\nIt stops.", "Other", "Other", "# Crash\nIt stops."),
    "a title alone": ("Crash", None, "Crash", ""),
}


@pytest.mark.parametrize(("text", "given", "title", "body"), REPORTS.values(), ids=REPORTS)
def test_the_first_line_is_the_title(tmp_path: Path, text: str, given: str | None, title: str, body: str) -> None:
    file = tmp_path / "report.md"
    file.write_text(text, "utf-8")
    found = read_report(file, given, None, None)
    assert (found.title, found.body, found.files, found.labels) == (title, body, {}, ())


def test_forms_replace_the_sample_s_and_the_configuration_brings_its_labels(tmp_path: Path) -> None:
    file, config, forms = tmp_path / "report.md", tmp_path / "config.yml", tmp_path / "forms"
    file.write_text("Crash\n")
    config.write_text("labels:\n  allow: ['type: bug']\n")
    forms.mkdir()
    (forms / "crash.yml").write_text("name: Crash\n")
    (forms / "notes.txt").write_text("no form")
    found = read_report(file, None, config, forms)
    assert found.files == {
        ".github/ISSUE_TEMPLATE/bug_report.yml": None,
        ".github/ISSUE_TEMPLATE/feature_request.md": None,
        ".github/ISSUE_TEMPLATE/crash.yml": "name: Crash\n",
        ".github/contribution-assistant.yml": "labels:\n  allow: ['type: bug']\n",
    }
    assert "type: bug" in found.labels


# contents of the report and of the configuration, what is said
MISTAKES: Final[dict[str, tuple[bytes, bytes | None, str]]] = {
    "no text": (b"\xff\xfe\x00", None, "report.md cannot be read"),
    "no title": (b"\n \n", None, "give one with --title"),
    "no configuration": (b"Crash", b"mode: loud\n", "config.yml: line 1, column 1"),
}


@pytest.mark.parametrize(("report", "config", "said"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path, report: bytes, config: bytes | None, said: str
) -> None:
    (tmp_path / "report.md").write_bytes(report)
    (tmp_path / "config.yml").write_bytes(config or b"")
    with pytest.raises(AssistantError, match=said):
        read_report(tmp_path / "report.md", None, tmp_path / "config.yml" if config else None, None)
