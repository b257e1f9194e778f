"""What was learned, about one report at a time: keeps the newest models in memory and asks them in a thread."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import structlog
from cachetools import LRUCache

from bot.capabilities.triage.naming import kind_of_label
from bot.domain.feedback import TRIAGE, Feedback, Opinion
from bot.domain.history.values import Change, HistoryItem
from bot.domain.learned import AreaGuess, Guess, Lesson, Measure, Nearby
from bot.domain.sensitive import looks_sensitive
from bot.learning.areas import predict_areas
from bot.learning.artefact import Artefact, Bars, bars_of, unpack
from bot.learning.earned import Bar, Outcomes, outcomes_of, standing
from bot.learning.examples import Settled, labels_of_people, settled
from bot.learning.kinds import UnusableModel, predict
from bot.learning.measures import wilson
from bot.learning.nearby import nearest
from bot.learning.plain import in_words
from bot.learning.views import views
from bot.store.feedback import Feedbacks
from bot.store.history import History
from bot.store.learned import Learned, Version

log = structlog.get_logger()

LIVE: Final = timedelta(days=90)
"""How long what people did with a label of ours counts for or against it."""
LIVE_MOST: Final = 100
"""And of how many items at most, newest first."""
_MODELS: Final = 4
_BARS: Final = 256
_REASONS: Final = 5
_LOOKED_AT: Final = 40
_TITLES: Final = 400
_CANDIDATES: Final = 12
_NEARBY: Final = 3
_Z80: Final = 0.841621

BarsKey = tuple[int, str, float, float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a repository's configuration asks for. `live`: what people did with our labels counts, too."""

    precision: float
    sure: float
    live: bool
    nearby: bool


class Learning:
    """Reads what was learned. An artefact that cannot be used is as good as none: it is logged, and rules go on."""

    def __init__(self, learned: Learned, history: History, feedback: Feedbacks) -> None:
        self._learned = learned
        self._history = history
        self._feedback = feedback
        self._models: LRUCache[int, Artefact | None] = LRUCache(_MODELS)
        self._bars: LRUCache[BarsKey, Bars] = LRUCache(_BARS)
        self._loading = asyncio.Lock()

    async def about(self, repository: int, title: str, body: str, wanted: Wanted, now: datetime) -> Lesson | None:
        """The fact for one report; None where nothing was learned so far."""
        version = await self._learned.newest(repository)
        artefact = await self._model(version) if version else None
        if version is None or artefact is None:
            return None
        outcomes = outcomes_by_kind(await self.settled(repository, now)) if wanted.live else {}
        nearby = await self.nearby(repository, title) if wanted.nearby else ()
        place = str(repository)
        bars = await self._bars_of(artefact, version, place, wanted)

        def ask() -> Lesson:
            lesson = lesson_of(artefact, bars, place, title, body, outcomes)
            return replace(lesson, version=version.number, nearby=nearby)

        return await asyncio.to_thread(ask)

    async def nearby(self, repository: int, title: str) -> tuple[Nearby, ...]:
        """Reports that people labelled, whose titles are most like this one; none that may be about a vulnerability."""
        known = [(other, number) for number, other in await self._learned.titles(repository, _TITLES) if other != title]
        numbers = await asyncio.to_thread(nearest, title, known, _CANDIDATES)
        found = {item.number: (item, changes) for item, changes in await self._history.some(repository, numbers)}
        said = await self._feedback.words(repository) if found else {}
        cases = [(*found[number], said.get(number, ())) for number in numbers if number in found]
        return await asyncio.to_thread(lambda: tuple(shown(cases)[:_NEARBY]))

    async def settled(self, repository: int, now: datetime) -> tuple[Settled, ...]:
        """What people did lately with the labels that we set by ourselves."""
        numbers = await self._learned.ours(repository, LIVE, LIVE_MOST)
        if not numbers:
            return ()
        commanded = await self._learned.commanded(repository, numbers)
        said = await self._feedback.of_repository(repository, TRIAGE, since=now - LIVE)
        found: list[Settled] = []
        for item, changes in await self._history.some(repository, numbers):
            found += settled(
                item,
                changes,
                now=now,
                wrong={one.subject for one in said if one.number == item.number and one.opinion is Opinion.WRONG},
                commanded={label for number, label in commanded if number == item.number},
            )
        return tuple(found)

    async def _bars_of(self, artefact: Artefact, version: Version, place: str, wanted: Wanted) -> Bars:
        key = (version.number, place, wanted.precision, wanted.sure)
        found = self._bars.get(key)
        if found is None:
            found = await asyncio.to_thread(bars_of, artefact, place, precision=wanted.precision, sure=wanted.sure)
            self._bars[key] = found
        return found

    async def _model(self, version: Version) -> Artefact | None:
        async with self._loading:
            if version.number not in self._models:
                self._models[version.number] = await self._load(version)
            return self._models[version.number]

    async def _load(self, version: Version) -> Artefact | None:
        stored = await self._learned.load(version)
        if stored is None:
            log.warning("learned_unusable", version=version.number, reason="it is not what was stored")
            return None
        try:
            return await asyncio.to_thread(unpack, stored)
        except UnusableModel as error:
            log.warning("learned_unusable", version=version.number, reason=str(error))
            return None


def shown(cases: Iterable[tuple[HistoryItem, Collection[Change], Collection[Feedback]]]) -> list[Nearby]:
    """What of these items, each with its changes and with what people said there, a model may see."""
    return [
        Nearby(item.number, item.title, labels)
        for item, changes, said in cases
        if (labels := labels_of_people(item, changes, said))
        and not looks_sensitive(item.title, item.body)  # guard: nearby-vulnerabilities (17)
    ]


def lesson_of(
    artefact: Artefact, bars: Bars, repository: str, title: str, body: str,
    outcomes: Mapping[str, Outcomes] = MappingProxyType({}),
) -> Lesson:  # fmt: skip
    """What an artefact says of a report, whatever its version. `outcomes`: what people did with our labels, by kind, or
    by the label's own name where it stands for none.
    """
    guesses = guesses_of(artefact, repository, title, body)
    areas = areas_of(artefact, bars, repository, title, body, outcomes)
    rules, learned = measures_of(bars.rules, outcomes), measures_of(bars.learned, outcomes)
    return Lesson(0, guesses, rules, learned, bars.own, bars.answers, areas=areas)


def guesses_of(artefact: Artefact, repository: str, title: str, body: str) -> tuple[Guess, ...]:
    """All kinds, likeliest first; the likeliest with its reasons in plain words."""
    said = predict(artefact.model, repository, title, body, reasons=_LOOKED_AT)
    reasons = in_words(said.reasons, _REASONS)
    ranked = sorted(zip(artefact.model.kinds, said.probabilities, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Guess(kind, chance, reasons if kind == said.kind else ()) for kind, chance in ranked)


def areas_of(
    artefact: Artefact, bars: Bars, repository: str, title: str, body: str, outcomes: Mapping[str, Outcomes]
) -> tuple[AreaGuess, ...]:
    """Labels that are likely enough for the stated precision, likeliest first."""
    areas = artefact.areas.get(repository)
    if areas is None:
        return ()
    measures = measures_of(bars.areas, outcomes)
    return tuple(
        AreaGuess(label, chance, measures[label])
        for label, chance in predict_areas(artefact.model, areas, views(title, body))
        if label in measures and bars.areas[label].reached_by(chance)
    )


def outcomes_by_kind(found: tuple[Settled, ...]) -> Mapping[str, Outcomes]:
    """By the kind that a label stands for; labels of no kind by their own name."""
    return outcomes_of([(kind_of_label(one.label) or one.label, one.kept) for one in found])


def measure_of(bar: Bar, outcomes: Outcomes) -> Measure:
    """A bar as a fact, with what people did since."""
    state = standing(bar, outcomes)
    return Measure(
        threshold=bar.threshold, right=bar.measured.right, count=bar.measured.count, low=bar.measured.low,
        wanted=bar.wanted, coverage=bar.coverage, earned=state.earned, standing=state.reason,
        high=wilson(bar.measured.right, bar.measured.count, z=_Z80).high,
    )  # fmt: skip


def measures_of(bars: Mapping[str, Bar], outcomes: Mapping[str, Outcomes]) -> dict[str, Measure]:
    """The bars as facts, each with the outcomes under its own name."""
    return {kind: measure_of(bar, outcomes.get(kind, Outcomes())) for kind, bar in bars.items()}
