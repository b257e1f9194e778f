"""The demo from its first process to its exit code."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from bot.demo.attempt import Attempt, Report
from bot.demo.github import StandIn
from bot.demo.play import PATIENCE, PATIENCE_WITH_MODEL, Playing
from bot.demo.processes import DemoFailed, log_of, running
from bot.demo.show import Show, make_console

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def demo(*, stay: bool, broken: bool) -> int:
    """Play the story; 0 if every thread ended as it should, else 1.

    With `stay` all keeps running until Ctrl-C. `broken` makes GitHub refuse labels in one scene, so that one can see
    the demo fail.
    """
    show = Show(make_console())
    playing = Playing(show, model=_model(os.environ), broken=broken)
    return asyncio.run(_interruptible(Demo(show, os.environ, playing, stay=stay)))


def attempt(report: Report, *, stay: bool) -> int:
    """Open one report and show what the assistant makes of it; 0 if it came to an end."""
    show = Show(make_console())
    patience = PATIENCE_WITH_MODEL if _model(os.environ) else PATIENCE
    return asyncio.run(_interruptible(Demo(show, os.environ, Attempt(show, report, patience), stay=stay)))


def _model(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("ASSISTANT_MODEL"))


class Played(Protocol):
    """What is played: `good` if all was as it should be, `finished` if it came to its end."""

    @property
    def good(self) -> bool: ...

    @property
    def finished(self) -> bool: ...

    async def all(self, github: StandIn, began: float) -> None:
        """Play and print; raises DemoFailed. `began` is the monotonic time of the start."""
        ...


async def _interruptible(made: "Demo") -> int:
    """Ctrl-C, SIGTERM and a closed terminal end the processes in order; a second one does not disturb that."""
    task = asyncio.ensure_future(made.run())
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, made.interrupt, task)
    return await task


@dataclass(slots=True)
class Demo:
    """One run. `environment` is the caller's."""

    show: Show
    environment: Mapping[str, str]
    playing: Played
    stay: bool = False
    interrupted: bool = False

    def interrupt(self, task: asyncio.Future[int]) -> None:
        """Begin to end; once is enough."""
        if not self.interrupted:
            self.interrupted = True
            task.cancel()

    async def run(self) -> int:
        """The exit code. Afterwards nothing runs, and only what explains a failure is left on the disk."""
        folder = Path(tempfile.mkdtemp(prefix="assistant-demo-"))
        playing = self.playing
        good = False
        try:
            await self._play(folder)
            good = playing.good
        except DemoFailed as error:
            self.show.say(f"\nThe demo cannot go on: {error}.", "bold red")
        except asyncio.CancelledError:
            self.show.say("\nStopped." if playing.finished else "\nStopped before the end.")
            good = playing.good
        except SystemExit:
            # Nobody reads the output any more: `make demo | head`.
            self.interrupted = True
            raise
        finally:
            # Also when something unforeseen ended it.
            explains = not good and not (self.interrupted and not playing.finished)
            _tidy(folder, keep_logs=explains)
        if explains:
            self.show.log(log_of(folder))
        return 0 if good else 1

    async def _play(self, folder: Path) -> None:
        began = time.monotonic()
        self.show.say("Starting a stand-in GitHub, a database and the assistant, on this machine only …")
        async with running(folder, self.environment) as found, aiohttp.ClientSession(trust_env=False) as session:
            github = StandIn(
                session, found.sandbox_url, found.server_url, found.app_id, found.webhook_secret, found.check
            )
            await github.settings(webhook_url=found.webhook_url)
            self._introduce(time.monotonic() - began)
            await self.playing.all(github, began)
            if self.stay:
                await self._stay(found.sandbox_url)

    def _introduce(self, seconds: float) -> None:
        model, address = self.environment.get("ASSISTANT_MODEL"), self.environment.get("OPENAI_BASE_URL")
        if model:
            told = f"The model is {model} at {address or 'the default address'}; rules go first."
        elif address:
            told = "No model: OPENAI_BASE_URL is set, but ASSISTANT_MODEL is not. Rules decide."
        else:
            told = "No model: rules decide. Set OPENAI_BASE_URL and ASSISTANT_MODEL to see one at work."
        self.show.say(f"Ready after {seconds:.1f} s.\n{told}")

    async def _stay(self, url: str) -> None:
        self.show.say(f"\nAll of it keeps running: open {url}/_sandbox/ to open issues and try commands.", "bold")
        self.show.say("Ctrl-C ends it.")
        await asyncio.Event().wait()


def _tidy(folder: Path, *, keep_logs: bool) -> None:
    """Remove what the run left: all, or all but the logs."""
    if not keep_logs:
        shutil.rmtree(folder, ignore_errors=True)
        return
    shutil.rmtree(folder / "data", ignore_errors=True)
    (folder / "app.pem").unlink(missing_ok=True)
