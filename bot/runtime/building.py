"""Learns a repository as a whole and profiles its items. The heavy part runs in a process of its own."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from bot.domain.history.values import HistoryItem
from bot.domain.sensitive import looks_sensitive
from bot.learning.duplicates import ENOUGH_KNOWN, Mark, Place
from bot.learning.likeness import ASPECTS, WHOLE, Counting, Profile, Statistics, profile
from bot.learning.replay import Learn, Report, earned_bar, is_due
from bot.learning.terms import VERSION, Terms, terms
from bot.store.generations import Due, Generations, Learned
from bot.store.history import History
from bot.store.profiles import Known, Profiles, Text, entry_id

ANALYSIS: Final = f"profiles 2, {VERSION}"
BATCH: Final = 200
Use = Callable[[Text], None]

COUNTED: Final = 20_000
"""So many items the statistics rest on, evenly spread; of more the shares stay the same, and the memory bounded."""
LATENT: Final = 4_000
"""So many items the latent directions are learned from."""
REPLAYED: Final = 3_000
"""So many issues, the newest, are replayed to find the bar for claims."""


def learning_is_due(due: Due) -> bool:
    """Whether what is known of the repository as a whole is of another analysis, or of three quarters of it."""
    return due.analysis != ANALYSIS or is_due(due.items, due.known)


def bar_is_due(due: Due) -> bool:
    """Whether there are enough marked duplicates to tell the bar, and a quarter more than the last time."""
    return due.links >= max(ENOUGH_KNOWN, due.marked * 5 / 4)


async def build(generations: Generations, profiles: Profiles, history: History, due: Due, learn: Learn) -> int:
    """Everything that is due for a repository; returns how many items were profiled.

    Killed at any point it goes on where it was, batch by batch. `learn` is `training.latent.learn`.
    """
    generation = due.generation
    learning = learning_is_due(due)
    if learning:
        learned = await learned_from(profiles, due, learn)
        if not await generations.learn(due.repository, due.generation, learned):
            return 0
        generation += 1
    done = 0
    while count := await profile_pending(profiles, due.repository, generation, BATCH):
        done += count
    if bar_is_due(due) or (learning and due.links >= ENOUGH_KNOWN):
        bar = await asyncio.to_thread(earned_bar, *await replayed(history, due.repository), learn)
        await generations.keep_bar(due.repository, bar, due.links)
    return done


async def learned_from(profiles: Profiles, due: Due, learn: Learn) -> Learned:
    """Statistics of the items, and directions where there are enough of them; memory for one sample only."""
    counting = Counting()
    await _each(profiles, due, COUNTED, lambda text: counting.add(terms(text.title, text.body)))
    statistics = counting.result()
    sample: list[Profile] = []
    await _each(profiles, due, LATENT, lambda text: sample.append(_whole(text, statistics)))
    latent = await asyncio.to_thread(learn, sample)
    return Learned(ANALYSIS, due.known, statistics, latent)


def _whole(text: Text, statistics: Statistics) -> Profile:
    """As much of a profile as directions are learned from: many are held at a time."""
    made = profile(terms(text.title, text.body), statistics)
    return Profile({aspect: made.whole if aspect == WHOLE else {} for aspect in ASPECTS})


async def _each(profiles: Profiles, due: Due, most: int, use: Use) -> None:
    """Hand on at most so many texts, evenly spread over the repository's items."""
    step, after, seen = -(-due.known // most), 0, 0
    while batch := await profiles.texts(due.repository, after, BATCH):
        chosen = [one for at, one in enumerate(batch, seen) if at % step == 0]
        await asyncio.to_thread(_all, use, chosen)
        seen += len(batch)
        after = batch[-1].number


def _all(use: Use, texts: Sequence[Text]) -> None:
    for one in texts:
        use(one)


async def profile_pending(profiles: Profiles, repository: int, generation: int, limit: int) -> int:
    """Profile items whose present text has no profile of this generation; returns how many are settled now.

    What looks like the report of a vulnerability gets none: nobody finds it, and no endpoint is shown it.
    """
    texts = await profiles.pending(repository, generation, limit)
    if not texts:
        return 0
    reports = await asyncio.to_thread(lambda: [terms(one.title, one.body) for one in texts])
    known = await profiles.known_of_all(repository, reports)
    if known is None or known.generation != generation:
        return 0
    made = await asyncio.to_thread(lambda: [_profiled(*pair, known) for pair in zip(texts, reports, strict=True)])
    return await profiles.keep(repository, generation, made)


def _profiled(text: Text, report: Terms, known: Known) -> tuple[Text, Profile | None]:
    if looks_sensitive(text.title, text.body):  # guard: profiles-of-vulnerabilities (17)
        return text, None
    return text, profile(report, known.statistics, known.latent or ())


async def replayed(history: History, repository: int) -> tuple[list[Report], list[Mark]]:
    """The newest issues, and what people said of any, as `replay` takes them."""
    issues = await history.newest_issues(repository, REPLAYED)
    return reports_of(issues), marks_of(await history.links(repository))


def reports_of(issues: Iterable[HistoryItem]) -> list[Report]:
    """Issues as `replay` takes them, but for those that are never compared."""
    compared = (one for one in issues if not looks_sensitive(one.title, one.body))
    return [Report(Place(one.created_at.timestamp(), entry_id(one.number)), one.title, one.body) for one in compared]


def marks_of(links: Mapping[int, int]) -> list[Mark]:
    """Who is a duplicate of whom, by number, as `Families` and `replay` take it."""
    return [(entry_id(one), entry_id(other)) for one, other in links.items()]
