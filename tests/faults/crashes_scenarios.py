"""What people do in the crash lane: each scenario is some steps, and the service comes to rest after each of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from bot.demo import texts
from bot.sandbox import Sandbox
from bot.sandbox.model import Issue
from tests.integration.test_events import COMPLETE, INCOMPLETE
from tests.integration.test_model_service import BODY, TITLE
from tests.support.assistant import REPOSITORY
from tests.support.stand_in_model import Asked, completion

CONFIGURATION: Final = ".github/contribution-assistant.yml"
SURE: Final = {"kind": "enhancement", "confidence": 0.95, "evidence": "some things about it"}


async def model_reply(_asked: Asked) -> web.StreamResponse:
    """The stand-in model's answer to everything."""
    return web.json_response(completion(json.dumps(SURE)))


@dataclass(slots=True)
class Play:
    """One playing of a scenario: its people are new to the repository, its items are its own."""

    sandbox: Sandbox
    turn: int
    numbers: list[int] = field(default_factory=list)

    def newcomer(self) -> str:
        """Somebody who was never here before; the name has the same length and shape each time."""
        login = f"newcomer-{self.turn:06d}"
        self.sandbox.add_user(login)
        return login

    def opens(self, author: str, title: str, body: str) -> None:
        self._keep(self.sandbox.open_issue(REPOSITORY, author, title, body))

    def opens_pull(self, author: str, title: str, files: dict[str, str]) -> None:
        self._keep(self.sandbox.open_pull(REPOSITORY, author, title, "Please have a look.", files=files))

    def comments(self, author: str, body: str) -> None:
        self.sandbox.comment(REPOSITORY, self.numbers[0], author, body)

    def edits(self, author: str, body: str) -> None:
        self.sandbox.edit_issue(REPOSITORY, self.numbers[0], author, body=body)

    def deletes_ours(self, actor: str) -> None:
        for one in self.sandbox.thread(REPOSITORY, self.numbers[0]).by_bot():
            self.sandbox.delete_comment(one.id, actor)

    def _keep(self, made: Issue) -> None:
        self.numbers.append(made.number)


Step = Callable[[Play], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    steps: tuple[Step, ...]


def _incomplete(play: Play) -> None:
    play.opens("jonas", "Crash on an empty row", INCOMPLETE)


def _feature(play: Play) -> None:
    play.opens("jonas", texts.CSV_TITLE, texts.CSV)


def _says(author: str, text: str) -> Step:
    return lambda play: play.comments(author, text)


SCENARIOS: Final = (
    Scenario("bug report with missing information", (_incomplete,)),
    Scenario("newcomer's complete bug report", (lambda play: play.opens(play.newcomer(), texts.ZONE_TITLE, COMPLETE),)),
    Scenario(
        "newcomer's pull request with typos",
        (
            lambda play: play.opens_pull(
                play.newcomer(), texts.GUIDE_PULL_TITLE, {texts.GUIDE_PATH: texts.GUIDE_CHANGED}
            ),
        ),
    ),
    Scenario("/label by a maintainer", (_feature, _says("mira", "/label good first issue"))),
    Scenario("/unlabel after it", (_feature, _says("mira", "/label question"), _says("mira", "/unlabel question"))),
    Scenario("/help and its reply", (_feature, _says("jonas", "/help"))),
    Scenario("a command that is refused", (_feature, _says("stranger", "/label bug"))),
    Scenario("an edit withdraws the question", (_incomplete, lambda play: play.edits("jonas", COMPLETE))),
    Scenario(
        "a mistake in the configuration",
        (lambda play: play.opens_pull("tom", "Configure the assistant", {CONFIGURATION: "mode: loud\n"}),),
    ),
    Scenario("the model is asked", (lambda play: play.opens("jonas", TITLE, BODY),)),
    Scenario(
        "our comment is deleted, then the report is edited",
        (_incomplete, lambda play: play.deletes_ours("mira"), lambda play: play.edits("jonas", COMPLETE)),
    ),
)
