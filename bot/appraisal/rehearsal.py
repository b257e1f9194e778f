"""Closed issues once more, as if each were new: what would triage have done, knowing only what came before?

The history is cut into stretches. For each one everything is learned anew from the items before it, in its stored form
as between trainer and service, and the capability and the gate decide as they do live. Only what they read is made
here: an issue with the labels that it was opened with, in a repository that has every label of its history and, for the
history does not hold any, no issue forms.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from bot.capabilities.triage.areas import areas_of_issue, is_area, room
from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.decide import Triage
from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.manifest import MANIFEST
from bot.capabilities.triage.names import names_of
from bot.capabilities.triage.naming import kind_of_label
from bot.domain.actions import AddLabels
from bot.domain.capability import Context, Mode
from bot.domain.errors import AssistantError
from bot.domain.events import Actor, Event, Repository
from bot.domain.facts import AppIdentity, Facts, Item, Label
from bot.domain.feedback import Feedback
from bot.domain.gate import judge
from bot.domain.history.values import Change, HistoryItem
from bot.domain.labels import spelled
from bot.domain.learned import Guess, Lesson, Measure
from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer, Plan, Skip
from bot.domain.repo_config import RepoConfig
from bot.learning.artefact import Artefact, Bars, bars_of, pack, unpack
from bot.learning.earned import Outcomes
from bot.learning.examples import Taught, taught
from bot.learning.training.kinds import Example, TooFewExamples
from bot.learning.training.learn import learn
from bot.runtime.learning import lesson_of, measures_of

STRETCHES: Final = (0.4, 0.55, 0.7, 0.85)
"""Where the history is cut; what comes before the first cut only teaches."""
FEWEST: Final = 50
"""Closed issues with a kind, below which no figure would mean anything."""

Tick = Callable[[str, int, int], None]
Ask = Callable[[ModelRequest], ModelAnswer | NoAnswer]
Past = tuple[HistoryItem, tuple[Change, ...]]

NOTHING_SAID: Final[Mapping[int, Collection[Feedback]]] = MappingProxyType({})
NO_OUTCOMES: Final[Mapping[str, Outcomes]] = MappingProxyType({})

_NOBODY: Final = Actor("somebody", 1)
_APP: Final = AppIdentity(0, "")
_PLACE: Final = "here"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One issue: the kind that people gave it, and what would have been done.

    `label` is the label that would have been set, `said` the kind that it stands for; both empty where nothing would
    have been. `guess` is the likeliest kind by what was learned so far. `request` is what a model would have been
    asked, `tokens` what that took, `silence` why it did not answer. `areas` are the area labels that what was learned
    was sure of, `in_areas` those that people gave it. `earned` are those of all these labels that `mode: earned` would
    have set, by what was known then. An issue that was opened with a kind is `given`: triage leaves its kind alone, so
    that it says nothing about kinds.
    """

    number: int
    truth: Kind
    label: str
    said: Kind | None
    guess: Guess | None
    method: str
    request: ModelRequest | None = None
    tokens: int = 0
    silence: str = ""
    areas: tuple[str, ...] = ()
    in_areas: tuple[str, ...] = ()
    earned: frozenset[str] = frozenset()
    given: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came out, oldest first. `rules`, `learned` and `areas` (by label; all that people used) are what the whole
    history says about how sure to be, and what people did lately with our labels.
    """

    issues: tuple[Rehearsed, ...]
    taught: int
    rules: Mapping[str, Measure]
    learned: Mapping[str, Measure]
    not_allowed: tuple[str, ...]
    areas: Mapping[str, Measure] = field(default_factory=dict)


class TooLittleHistoryError(AssistantError):
    """There are too few closed issues with a kind to measure anything; the message says how many."""


def rehearse(
    past: Sequence[Past], config: RepoConfig, tick: Tick, *, ask: Ask | None = None,
    said: Mapping[int, Collection[Feedback]] = NOTHING_SAID, outcomes: Mapping[str, Outcomes] = NO_OUTCOMES,
) -> Rehearsal:  # fmt: skip
    """`said`: item → what people said there of labels and of our work. `outcomes`: what people did lately with our
    labels, as `lesson_of` takes it. Raises TooLittleHistoryError.
    """
    existing = frozenset(name for item, _ in past for name in item.labels)
    lessons = sorted(_lessons(past, said), key=lambda pair: (pair[0].created_at, pair[0].number))
    if len(lessons) < FEWEST:
        raise TooLittleHistoryError(f"{len(lessons)} closed issues with a kind; {FEWEST} are the fewest to judge by")
    options, context = _context(config, existing)
    judged: list[Rehearsed] = []
    total = len(lessons) - int(len(lessons) * STRETCHES[0])
    for known, stretch in _stretches(lessons):
        taught_so_far = _learned(known, options)
        for item, lesson in stretch:
            fact = lesson_of(*taught_so_far, _PLACE, item.title, item.body) if taught_so_far else None
            judged.append(_rehearsed(_facts(item, lesson, existing, fact), lesson, options, context, ask))
            tick("Deciding once more", len(judged), total)
    whole = _learned([lesson for _, lesson in lessons], options)
    measured = measures_of(whole[1].areas, outcomes) if whole else {}
    used = sorted({name for _, lesson in lessons for name in lesson.labels if is_area(name, options)})
    summary = lesson_of(*whole, _PLACE, "", "", outcomes) if whole else None
    usable = context.labels
    return Rehearsal(
        issues=tuple(judged),
        taught=len(lessons),
        rules=summary.rules if summary else {},
        learned=summary.bars if summary else {},
        not_allowed=tuple(
            sorted(one for one in existing if one not in usable and (kind_of_label(one) or is_area(one, options)))
        ),
        areas={name: measured.get(name, Measure()) for name in used},
    )


def _lessons(past: Sequence[Past], said: Mapping[int, Collection[Feedback]]) -> Iterator[tuple[HistoryItem, Taught]]:
    """Closed issues whose kind people have said."""
    for item, changes in past:
        lesson = taught(item, changes, said.get(item.number, ())) if item.state == "closed" else None
        if lesson is not None and lesson.kind is not None:
            yield item, lesson


def _stretches(
    lessons: Sequence[tuple[HistoryItem, Taught]],
) -> Iterator[tuple[list[Taught], Sequence[tuple[HistoryItem, Taught]]]]:
    cuts = [int(len(lessons) * share) for share in STRETCHES] + [len(lessons)]
    for begin, end in pairwise(cuts):
        yield [lesson for _, lesson in lessons[:begin]], lessons[begin:end]


def _learned(lessons: Sequence[Taught], options: TriageOptions) -> tuple[Artefact, Bars] | None:
    """What these teach, as the service would load it; None where they are too few."""
    examples = [
        Example(_PLACE, str(one.kind), one.title, one.body, one.weight, one.labels, one.created, one.given)
        for one in lessons
    ]
    try:
        artefact = unpack(pack(learn(examples)))
    except TooFewExamples:
        return None
    return artefact, bars_of(artefact, _PLACE, precision=options.precision, sure=options.minimum_confidence)


def _context(config: RepoConfig, existing: frozenset[str]) -> tuple[TriageOptions, Context]:
    """As live in `mode: act`: what would be set is the question, whatever the mode is now."""
    options = config.options[MANIFEST.id]
    assert isinstance(options, TriageOptions)
    allowed = config.allowed_labels()
    return options, Context(mode=Mode.ACT, options=options, labels=allowed.union(spelled(allowed, existing)))


def _facts(item: HistoryItem, said: Taught, existing: frozenset[str], lesson: Lesson | None) -> Facts:
    place = Repository(1, "owner", "repository", True, "main", "https://github.com/owner/repository")
    event = Event(f"rehearsal-{item.number}", "issues.opened", 1, place, item.number, False, _NOBODY)
    opened = Item(
        number=item.number, is_pull=False, title=item.title, body=item.body, author=_NOBODY,
        association=item.association, state="open", locked=False, labels=frozenset(said.given),
        created_at=item.created_at, url=f"{place.url}/issues/{item.number}",
    )  # fmt: skip
    labels = tuple(Label(name) for name in sorted(existing))
    return Facts(event=event, now=item.created_at, app=_APP, item=opened, labels=labels, lesson=lesson)


def _rehearsed(facts: Facts, truth: Taught, options: TriageOptions, context: Context, ask: Ask | None) -> Rehearsed:
    assert truth.kind is not None
    capability = Triage()
    request = capability.ask(facts, context)
    said = ask(request) if ask and request else None
    plan = capability.decide(facts, said if isinstance(said, ModelAnswer) else None, context)
    kinds = {name: kind for kind in Kind for name in names_of(kind, facts, options)}
    label = next((name for name in _set_labels(plan, facts, context) if name in kinds), "")
    guesses = facts.lesson.guesses if facts.lesson else ()
    given = {one.casefold() for one in truth.given}
    in_areas = (one for one in truth.labels if is_area(one, options) and one.casefold() not in given)
    areas = [one for one in areas_of_issue(facts, context, options) if one.measure is not None]
    earned = frozenset([one.label for one in areas if one.measure and one.measure.earned][: room(facts, options)])
    return Rehearsed(
        number=facts.item.number, truth=truth.kind, label=label, said=kinds.get(label),
        guess=guesses[0] if guesses else None, method=plan.why.method if isinstance(plan, Plan) else "",
        request=request, tokens=said.tokens if said else 0,
        silence=said.reason if isinstance(said, NoAnswer) else "",
        areas=tuple(one.label for one in areas), in_areas=tuple(in_areas),
        earned=earned | ({label} & plan.earned if isinstance(plan, Plan) else set()),
        given=any(map(kind_of_label, truth.given)),
    )  # fmt: skip


def _set_labels(plan: Plan | Skip, facts: Facts, context: Context) -> tuple[str, ...]:
    """What the gate lets through."""
    if isinstance(plan, Skip):
        return ()
    verdicts = judge(MANIFEST, plan, facts, context)
    return tuple(name for one in verdicts if isinstance(one.action, AddLabels) for name in one.action.labels)
