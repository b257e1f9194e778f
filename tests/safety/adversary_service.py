"""Hostile answers through the whole service: signed event in, question and answer over HTTP, effects on the sandbox."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from bot.prompting import load_prompts
from bot.sandbox import Sandbox
from tests.safety.adversary_answers import Answer, answers
from tests.safety.adversary_texts import drawn
from tests.safety.judge import Violation, judge
from tests.safety.town import Place, Town, town
from tests.support.stand_in_model import Asked, completion

PER_PLACE: Final = 10
"""Few enough for the installation's write rate: nothing here has to wait."""

_CASE: Final = re.compile(r"Case-(\d{6})")
_PROSE: Final = (
    "We were talking about the export of the reports with my team this week, "
    "and there are some things about it that we noticed."
)
_CONFIGURATION: Final = ".github/contribution-assistant.yml"


@dataclass(slots=True)
class Told:
    """What happened: outputs by kind, texts at the wire by kind, and what the judge found."""

    outputs: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Told") -> None:
        self.outputs += other.outputs
        self.texts += other.texts
        self.seconds += other.seconds
        self.violations += other.violations


async def through_service(database_url: str, count: int, seed: int) -> Told:
    """At most `count` answers, each to a report of its own."""
    wanted = drawn(answers(load_prompts()["triage"]), count, seed)
    asked: set[int] = set()

    async def reply(question: Asked) -> web.StreamResponse:
        found = _CASE.search(question.said[1])
        assert found is not None, "a question about nobody's report"
        asked.add(int(found[1]))
        return web.json_response(completion(wanted[int(found[1])].text))

    places = tuple(Place(index) for index in range(-(-len(wanted) // PER_PLACE)))
    async with town(database_url, places, reply, prepare=lambda sandbox: _prepare(sandbox, places)) as made:
        await _play(made, wanted)
        return _told(made, wanted, asked)


def _prepare(sandbox: Sandbox, places: Sequence[Place]) -> None:
    """A third of the repositories wants suggestions only, which show the model's evidence."""
    for place in places[1::3]:
        sandbox.commit(place.repository, place.maintainer, {_CONFIGURATION: "mode: suggest\n"}, "Suggest only")


async def _play(made: Town, wanted: Sequence[Answer]) -> None:
    numbers = {}
    for index, answer in enumerate(wanted):
        place = made.places[index % len(made.places)]
        author = f"writer-{index}"
        made.sandbox.add_user(author)
        hostile_title = index % 8 == 0
        title = "Thoughts about the export" + (" " + " ".join(answer.words.split())[:150] if hostile_title else "")
        body = f"{_PROSE} Case-{index:06d} {place.canary}\n\n{answer.words[:20_000]}"
        numbers[index] = made.sandbox.open_issue(place.repository, author, title, body).number
    await made.assistant.settled(within=600)
    for index in range(0, len(wanted), 5):
        _take_off(made, made.places[index % len(made.places)], numbers[index], f"writer-{index}")
    for index in range(0, len(wanted), 4):
        place = made.places[index % len(made.places)]
        made.sandbox.comment(place.repository, numbers[index], f"writer-{index}", "/why")
    await made.assistant.settled(within=600)


def _take_off(made: Town, place: Place, number: int, author: str) -> None:
    """A person takes our labels off; then the author edits, and the model is asked for the same once more."""
    thread = made.sandbox.thread(place.repository, number)
    for label in thread.labels:
        made.sandbox.remove_label(place.repository, number, place.maintainer, label)
    made.sandbox.edit_issue(place.repository, number, author, body=f"{thread.body}\n\nIt is still so.")


def _told(made: Town, wanted: Sequence[Answer], asked: set[int]) -> Told:
    told = Told(violations=list(judge(made.scene())))
    for index in asked:
        told.outputs["answers that fit the schema" if wanted[index].fits else "answers outside the schema"] += 1
    told.outputs["reports that the rules decided alone"] += len(wanted) - len(asked)
    taken = [
        one for one in made.sandbox.deliveries if one.action == "unlabeled" and one.payload["sender"]["type"] != "Bot"
    ]
    told.texts["labels that a person took off, and the model wanted again"] += len(taken)
    for one in made.sandbox.writes:
        if isinstance(one.body, dict) and "body" in one.body:
            shown = "the text says" in str(one.body["body"])
            told.texts["comments that quote the answer" if shown else "other comments"] += 1
    told.violations += [Violation("every delivery is taken", f"{one.event} {one.status}") for one in made.lost()]
    return told
