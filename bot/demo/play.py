"""Plays the scenes one after the other, judges them and counts."""

import time
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bot.demo.github import NotSettled, StandIn
from bot.demo.processes import DemoFailed
from bot.demo.scene import Scene
from bot.demo.show import Outcome, Show, Totals
from bot.demo.stage import Stage
from bot.demo.story import BROKEN, scenes
from bot.demo.why import read_answer

PATIENCE: Final = 20.0
PATIENCE_WITH_MODEL: Final = 180.0
_STUCK: Final = 2


@dataclass(slots=True)
class Playing:
    """The whole story. With `broken`, GitHub refuses labels in one scene."""

    show: Show
    model: bool
    broken: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    finished: bool = False
    surprises: int = 0
    """Requests that GitHub does not know, and deliveries that the assistant did not accept."""
    sent_directly: int = 0
    answers: int = 0

    @property
    def good(self) -> bool:
        """Whether the story was played to its end and everything was as it should be."""
        return self.finished and not self.surprises and not any(one.faults for one in self.outcomes)

    async def all(self, github: StandIn, began: float) -> None:
        """Play and print everything; `began` is the monotonic time at which the demo was started."""
        story = scenes(model=self.model)
        try:
            for number, scene in enumerate(story, 1):
                self.show.scene(number, len(story), scene.title)
                self.outcomes.append(await self._scene(github, scene))
                self._give_up_if_stuck()
            totals = await self._totals(github, began)
        except (aiohttp.ClientError, TimeoutError) as error:
            github.check()
            raise DemoFailed(f"a process does not answer ({type(error).__name__})") from None
        self.surprises = totals.unknown + totals.refused
        self.finished = True
        self.show.summary(self.outcomes, totals)

    async def _scene(self, github: StandIn, scene: Scene) -> Outcome:
        stage = Stage(github, PATIENCE_WITH_MODEL if self.model else PATIENCE)
        breaks = self.broken and scene is BROKEN
        if breaks:
            await github.add_fault(kind="status_before", method="POST", path="/labels$", status=403, times=None)
        began = time.monotonic()
        faults, stuck = await _faults(scene, stage)
        seconds = time.monotonic() - began
        if breaks:
            await github.clear_faults()
        self.sent_directly += stage.sent_directly
        self.show.moments(stage.moments)
        if not stuck:
            faults += await self._explain(stage)
        self.show.verdict(scene.expected, faults)
        return Outcome(scene.title, scene.expected, faults, seconds, stuck=stuck)

    async def _explain(self, stage: Stage) -> tuple[str, ...]:
        """Print the assistant's own record of the scene's thread, asked for as anybody may; returns what is wrong."""
        if stage.was_asked_why:
            return ()
        try:
            answer = await stage.asks_why(stage.moments[0].thread.number)
        except NotSettled as error:
            return (f"/why: {error}",)
        if answer is None:
            return ("/why was not answered",)
        self.answers += 1
        self.show.reasons(read_answer(answer.body))
        return ()

    def _give_up_if_stuck(self) -> None:
        """An assistant that does nothing would cost a whole wait for each scene."""
        if sum(one.stuck for one in self.outcomes) >= _STUCK:
            raise DemoFailed("the assistant does not come to an end with its events")

    async def _totals(self, github: StandIn, began: float) -> Totals:
        requests = await github.requests()
        deliveries = await github.deliveries()
        return Totals(
            events=sum(not one.sender_is_bot for one in deliveries) + self.sent_directly,
            refused=sum(not one.ok for one in deliveries),
            requests=len(requests),
            unknown=sum(one["unknown"] is not None for one in requests),
            comments=sum(_is_comment(one) for one in requests),
            answers=self.answers,
            questions=await github.model_answers() if self.model else None,
            seconds=time.monotonic() - began,
        )


async def _faults(scene: Scene, stage: Stage) -> tuple[tuple[str, ...], bool]:
    """What is wrong with the scene, and whether that is because it did not end."""
    try:
        await scene.play(stage)
    except NotSettled as error:
        return (str(error),), True
    return tuple(scene.faults(tuple(one.thread for one in stage.moments))), False


def _is_comment(request: dict[str, Any]) -> bool:
    """Whether the request made a comment or a review of the assistant."""
    posted = request["method"] == "POST" and request["status"] in (200, 201)
    return posted and str(request["path"]).endswith(("/comments", "/reviews"))
