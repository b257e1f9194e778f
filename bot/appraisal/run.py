"""From a repository's history to its appraisal: triage once more, duplicates once more, and what a model would cost."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.appraisal.figures import Figures, figures
from bot.appraisal.rehearsal import (
    NO_OUTCOMES,
    NOTHING_SAID,
    Ask,
    Past,
    Rehearsal,
    Tick,
    TooLittleHistoryError,
    rehearse,
)
from bot.domain.feedback import Feedback
from bot.domain.history.rows import Row
from bot.domain.history.values import Change, HistoryItem
from bot.domain.repo_config import RepoConfig
from bot.learning.duplicates import Families
from bot.learning.earned import Outcomes
from bot.learning.judge import duplicates_figures
from bot.learning.replay import Outcome, replay
from bot.learning.training.latent import learn
from bot.llm.fitting import estimate
from bot.prompting import Prompt, fill
from bot.runtime.building import REPLAYED, marks_of, reports_of

MOST: Final = 5_000
"""Newest issues and pull requests that are looked at."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a repository. `said` is what people said of labels and of our work, by item, `outcomes` what
    they did lately with the labels that we set by ourselves (see `lesson_of`); a file holds neither."""

    name: str
    past: Sequence[Past]
    said: Mapping[int, Collection[Feedback]] = field(default_factory=lambda: NOTHING_SAID)
    outcomes: Mapping[str, Outcomes] = field(default_factory=lambda: NO_OUTCOMES)


@dataclass(frozen=True, slots=True)
class Appraisal:
    """`duplicates` are the figures of `judge.duplicates_figures`; None where people never marked a duplicate.

    `triage` is None where there is too little to judge by; `too_little` says so.
    """

    repository: str
    items: int
    left_out: int
    triage: Figures | None
    duplicates: Mapping[str, Any] | None
    too_little: str = ""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "repository": self.repository, "items": self.items, "left_out": self.left_out,
            "triage": self.triage.plain() if self.triage else None, "too_little": self.too_little,
            "duplicates": self.duplicates,
        }  # fmt: skip


def gathered(rows: Iterable[Row]) -> list[Past]:
    """Items with their changes, from the lines of an export."""
    items: dict[int, HistoryItem] = {}
    changes: dict[int, list[Change]] = {}
    for row in rows:
        if isinstance(row, HistoryItem):
            items[row.number] = row
        elif isinstance(row, Change):
            changes.setdefault(row.number, []).append(row)
    return [(item, tuple(changes.get(number, ()))) for number, item in items.items()]


def appraise(known: Known, config: RepoConfig, tick: Tick, *, prompt: Prompt, ask: Ask | None = None) -> Appraisal:
    """Raises TooLittleHistoryError where there is too little for kinds, and no marked duplicate either."""
    newest = sorted(known.past, key=lambda one: (one[0].created_at, one[0].number))[-MOST:]
    triage, too_little = None, ""
    try:
        rehearsal = rehearse(newest, config, tick, ask=ask, said=known.said, outcomes=known.outcomes)
        triage = figures(rehearsal, tokens=None if ask else _estimated(rehearsal, prompt))
    except TooLittleHistoryError as error:
        too_little = str(error)
    duplicates = duplicates_once_more([item for item, _ in newest], tick)
    if triage is None and duplicates is None:
        raise TooLittleHistoryError(too_little)
    return Appraisal(known.name, len(newest), len(known.past) - len(newest), triage, duplicates, too_little)


def _estimated(found: Rehearsal, prompt: Prompt) -> dict[int, int]:
    """About how many tokens each question would take, its longest answer included."""
    sizes = {}
    for one in found.issues:
        if one.request is not None:
            whole = fill(prompt, one.request.inputs, fence="0" * 16)
            sizes[one.number] = estimate(whole.system, whole.user) + prompt.max_answer_tokens
    return sizes


def duplicates_once_more(items: Sequence[HistoryItem], tick: Tick) -> dict[str, Any] | None:
    """What would have been found and claimed of the issues that the bar for claims rests on (`building.replayed`);
    None where people never marked a duplicate among them. The items are ordered, oldest first.

    An item names one other at most, whichever of its family: here it wants to be found with any of them.
    """
    issues = [one for one in items if not one.is_pull][-REPLAYED:]
    reports = reports_of(issues)
    marks = marks_of({one.number: one.duplicate_of for one in items if one.duplicate_of is not None})
    known, families = {one.place.id for one in reports}, Families({}, marks)
    if not any(len(known & families.members(one)) > 1 for one in known):
        return None
    outcomes: list[Outcome] = []
    for outcome in replay(reports, marks, learn):
        outcomes.append(replace(outcome, wanted=outcome.family))
        tick("Looking for duplicates once more", len(outcomes), len(reports))
    return duplicates_figures(outcomes)
