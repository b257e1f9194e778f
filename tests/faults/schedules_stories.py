"""What people do in a schedule, and how GitHub looks when nobody disturbs it."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.sandbox import Sandbox
from tests.faults.schedules_world import NEWCOMERS, World
from tests.integration.test_events import COMPLETE, INCOMPLETE

Act = Callable[[Sandbox, str, int, str], object]
"""Somebody does something: sandbox, repository, number (0 before there is one), login of the item's author."""

_MARKER: Final = re.compile(r"<!-- contribution-assistant:([a-z]+):(\S+) [0-9a-f]{32} -->")
_DATE: Final = re.compile(r"Decided \d{4}-\d\d-\d\d \d\d:\d\d UTC")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
TYPO: Final = {"docs/logs.md": "# Logs\n\nYou can recieve a log.\n"}
TYPOS: Final = {"docs/logs.md": "# Logs\n\nYou can recieve a log.\n\nIt is seperate from the rest.\n"}


def _issue(body: str) -> Act:
    return lambda on, repo, _number, who: on.open_issue(repo, who, "Crash on an empty row", body)


def _says(text: str, by: str = "") -> Act:
    return lambda on, repo, number, who: on.comment(repo, number, by or who, text)


def _edits(body: str) -> Act:
    return lambda on, repo, number, who: on.edit_issue(repo, number, who, body=body)


def _pull(on: Sandbox, repo: str, _number: int, who: str) -> object:
    return on.open_pull(repo, who, "Explain logs", files=TYPO)


def _push(on: Sandbox, repo: str, number: int, who: str) -> object:
    return on.push_to_pull(repo, number, who, TYPOS)


STORIES: Final[dict[str, tuple[Act, ...]]] = {
    "incomplete report": (_issue(INCOMPLETE),),
    "complete report": (_issue(COMPLETE),),
    "report mended": (_issue(INCOMPLETE), _edits(COMPLETE)),
    "report answered": (_issue(INCOMPLETE), _says("Sorry, it is version 1.4.2.")),
    "labels asked for": (_issue(COMPLETE), _says("/label question, documentation", "mira")),
    "labels changed": (_issue(COMPLETE), _says("/label question", "mira"), _says("/unlabel question", "tom")),
    "help asked for": (_issue(INCOMPLETE), _says("/help", "stranger")),
    "why and help": (_issue(COMPLETE), _says("/why", "tom"), _says("/help")),
    "documents": (_pull,),
    "documents pushed": (_pull, _push),
}


@dataclass(frozen=True, slots=True)
class Looks:
    """An item as the assistant left it: what readers see of its work, without names and numbers."""

    labels: frozenset[str]
    comments: tuple[str, ...]
    reviews: tuple[str, ...]
    reactions: tuple[str, ...]


def unlinked(seen: Looks) -> Looks:
    """Without links: comments keep those to the repository's former name as plain words when they are edited."""
    return replace(seen, comments=tuple(_LINK.sub(r"\1", one) for one in seen.comments))


def looks(sandbox: Sandbox, repo: str, number: int) -> Looks:
    """What the assistant wrote on the item; KeyError where it is gone."""
    thread = sandbox.thread(repo, number)

    def plain(text: str) -> str:
        text = _DATE.sub("Decided then", _MARKER.sub(lambda found: f"<{found[1]}>", text))
        for name, word in ((repo, "REPO"), (repo.split("/", maxsplit=1)[0], "OWNER"), (thread.author, "AUTHOR")):
            text = text.replace(name, word)
        return text

    reviews = [
        plain(f"{one.body} | {[(line.path, line.line, line.body) for line in one.comments]}") for one in thread.reviews
    ]
    return Looks(
        frozenset(thread.labels),
        tuple(sorted(plain(one.body) for one in thread.by_bot())),
        tuple(reviews),
        tuple(str(sorted(one.reactions.items())) for one in thread.comments if not one.is_bot),
    )


def markers(sandbox: Sandbox, repo: str, number: int) -> list[str]:
    """Kind and subject of each marker that the thread shows, reviews included: no two may be the same."""
    thread = sandbox.thread(repo, number)
    texts = [one.body for one in thread.by_bot()] + [one.body for one in thread.reviews]
    return [f"{found[1]}:{found[2]}" for text in texts if (found := _MARKER.match(text)) is not None]


@dataclass(frozen=True, slots=True)
class Telling:
    """One undisturbed way through a story: after which acts everything settles, and how each batch is delivered."""

    batches: tuple[tuple[int, ...], ...]


def tellings(acts: int) -> Iterator[Telling]:
    """The straight way first; then every grouping of the acts, with the deliveries of a group in any order."""
    for cuts in itertools.product((True, False), repeat=acts - 1):
        groups: list[list[int]] = [[0]]
        for act, cut in enumerate(cuts, start=1):
            groups = [*groups, [act]] if cut else [*groups[:-1], [*groups[-1], act]]
        for orders in itertools.product(*(itertools.permutations(group) for group in groups)):
            yield Telling(tuple(tuple(order) for order in orders))


async def told(world: World, story: str, telling: Telling) -> Looks:
    """How the story ends, told that way without a fault, in a home of its own."""
    repo, number = world.new_home(), 0
    await world.settle()
    for batch in telling.batches:
        world.sandbox.hold_webhooks(True)
        held = {}
        for act in sorted(batch):
            before = len(world.sandbox.deliveries)
            made = STORIES[story][act](world.sandbox, repo, number, NEWCOMERS[0])
            number = number or made.number  # type: ignore[attr-defined]
            held[act] = [one.id for one in world.sandbox.deliveries[before:]]
        world.sandbox.hold_webhooks(False)
        for act in batch:
            for delivery in held[act]:
                world.sandbox.release(delivery)
            await world.sandbox.drain_webhooks()
        await world.settle()
    return looks(world.sandbox, repo, number)
