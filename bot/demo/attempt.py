"""`try`: a report of one's own, opened on the stand-in GitHub; the real assistant answers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.capabilities import REGISTRY
from bot.demo.github import REPOSITORY, NotSettled, StandIn
from bot.demo.processes import DemoFailed
from bot.demo.show import Show
from bot.demo.stage import MAINTAINER, Stage
from bot.demo.why import read_answer
from bot.domain.errors import AssistantError
from bot.domain.repo_config import PATH, ConfigSchema, RepoConfig

AUTHOR: Final = "sam"
_FORMS: Final = ".github/ISSUE_TEMPLATE"
_SAMPLES: Final = (f"{_FORMS}/bug_report.yml", f"{_FORMS}/feature_request.md")
_SUFFIXES: Final = frozenset({".yml", ".yaml", ".md"})


@dataclass(frozen=True, slots=True)
class Report:
    """What is opened, and the files that are committed before: path -> text, None for a file that goes."""

    title: str
    body: str
    files: Mapping[str, str | None] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    """Labels that the repository has besides the sample's own."""


@dataclass(slots=True)
class Attempt:
    """Opens the report as somebody new, prints the thread and the assistant's reasons."""

    show: Show
    report: Report
    patience: float
    good: bool = False
    finished: bool = False

    async def all(self, github: StandIn, _began: float) -> None:
        """Raises DemoFailed where the assistant does not come to an end."""
        stage = Stage(github, self.patience)
        for label in self.report.labels:
            await github.act("create_label", repo=REPOSITORY, label=label)
        if self.report.files:
            await github.act("commit", repo=REPOSITORY, author=MAINTAINER, files=dict(self.report.files))
        await stage.joins(AUTHOR)
        number = await stage.opens(AUTHOR, self.report.title, self.report.body)
        try:
            await stage.sees(number, f"{AUTHOR}, who is new, opens an issue")
            self.show.moments(stage.moments)
            answer = await stage.asks_why(number)
        except NotSettled as error:
            raise DemoFailed(str(error)) from None
        if answer is None:
            raise DemoFailed("/why was not answered")
        self.show.reasons(read_answer(answer.body))
        self.good = self.finished = True


def read_report(file: Path, title: str | None, config: Path | None, forms: Path | None) -> Report:
    """The report in `file`; its title is the first line, as a heading or not, where none is given.

    `config`: a repository configuration; `forms`: a folder of issue forms and templates, instead of the sample's.
    Raises AssistantError in one sentence for what cannot be read or used.
    """
    text = _text(file)
    if title is None:
        first, _, text = text.lstrip().partition("\n")
        title = first.lstrip("# ").strip()
    if not title:
        raise AssistantError(f"{file} begins with no title; give one with --title.")
    files: dict[str, str | None] = {}
    if forms is not None:
        files |= dict.fromkeys(_SAMPLES)
        files |= {f"{_FORMS}/{one.name}": _text(one) for one in sorted(forms.iterdir()) if one.suffix in _SUFFIXES}
    if config is None:
        return Report(title, text.strip(), files)
    files[PATH] = _text(config)
    return Report(title, text.strip(), files, _labels(config, files[PATH] or ""))


def _labels(file: Path, text: str) -> tuple[str, ...]:
    """Those that the configuration allows; the stand-in's repository is given them."""
    parsed = ConfigSchema(tuple(one.manifest for one in REGISTRY)).parse(text)
    if not isinstance(parsed, RepoConfig):
        raise AssistantError(f"{file}: {parsed[0]}")
    return tuple(sorted(parsed.allowed_labels()))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{file} cannot be read: {type(error).__name__}.") from None
