"""People at work with the assistant: a first pull request, commands, a difference of opinion."""

from collections.abc import Iterator
from typing import Final

from bot.demo import expect, texts
from bot.demo.scene import Scene
from bot.demo.stage import MAINTAINER, WHY, Stage
from bot.demo.threads import Thread


async def _first_pull(stage: Stage) -> None:
    files = {texts.GUIDE_PATH: texts.GUIDE_CHANGED}
    number = await stage.opens_pull("stranger", texts.GUIDE_PULL_TITLE, texts.GUIDE_PULL, files)
    await stage.sees(number, "stranger opens a first pull request, from a fork")


def _welcomed_and_reviewed(seen: tuple[Thread, ...]) -> Iterator[str]:
    (thread,) = seen
    yield from expect.labels(thread, "documentation")
    yield from expect.comments(thread, 1)
    yield from expect.says(thread.bot_text, "first pull request")
    dead_link = (texts.DEAD_LINK_LINE, texts.DEAD_LINK)
    yield from expect.one_review(thread, texts.GUIDE_PATH, texts.GUIDE_FIXES, dead_link)


async def _maintainer(stage: Stage) -> None:
    number = await stage.opens("jonas", texts.UNITS_TITLE, texts.UNITS)
    await stage.settled()
    await stage.comments(number, MAINTAINER, texts.UNITS_COMMAND)
    await stage.sees(number, "jonas finds a gap in the guide; mira, a maintainer, comments with a command")
    await stage.comments(number, MAINTAINER, WHY)
    await stage.sees(number, "mira asks for the reasons")


def _obeyed_and_explained(seen: tuple[Thread, ...]) -> Iterator[str]:
    before, after = seen
    yield from expect.labels(before, "documentation", "good first issue")
    yield from expect.silent(before)
    yield from expect.reacted(expect.last_of(before, MAINTAINER), wanted="+1")
    yield from expect.labels(after, "documentation", "good first issue")
    yield from expect.comments(after, 1)
    yield from expect.says(after.bot_text, "triage: labelled documentation")


async def _outsider(stage: Stage) -> None:
    number = await stage.opens("jonas", texts.SEVERAL_TITLE, texts.SEVERAL)
    await stage.settled()
    await stage.comments(number, "stranger", texts.STRANGER_COMMAND)
    await stage.sees(number, "stranger, who has no rights here, tries a command")
    await stage.comments(number, "stranger", "/help")
    await stage.sees(number, "stranger asks what is possible")


def _refused_and_helped(seen: tuple[Thread, ...]) -> Iterator[str]:
    before, after = seen
    yield from expect.labels(before, "enhancement")
    yield from expect.comments(before, 1)
    yield from expect.says(before.bot_text, "Sorry", "`/label`", "triage role")
    yield from expect.labels(after, "enhancement")
    yield from expect.comments(after, 2)
    reply = after.by_bot[-1].body if after.by_bot else ""
    yield from expect.says(reply, "/help", "/why")
    table = reply.partition("People with")[0]
    yield from expect.says_not(table, ("/label", "/triage", "/unlabel"))


async def _disputed(stage: Stage) -> None:
    number = await stage.opens("aiko", texts.DISPUTED_TITLE, texts.DISPUTED)
    await stage.sees(number, "aiko reports something that the rules take for a bug")
    await stage.takes_off(number, "tom", "bug")
    await stage.edits(number, "aiko", texts.DISPUTED_EDITED)
    await stage.sees(number, "tom takes the label off, then aiko edits her report")


def _not_put_back(seen: tuple[Thread, ...]) -> Iterator[str]:
    before, after = seen
    yield from expect.labels(before, "bug")
    yield from expect.labels(after)
    yield from expect.silent(after)


FIRST_PULL: Final = Scene(
    "A newcomer's pull request",
    "welcomed; fixes suggested on exactly the wrong lines",
    _first_pull,
    _welcomed_and_reviewed,
)
MAINTAINERS_COMMANDS: Final = Scene(
    "Commands by a maintainer",
    "label set with a thumbs-up and no words; /why answered",
    _maintainer,
    _obeyed_and_explained,
)
STRANGERS_COMMANDS: Final = Scene(
    "Commands by a stranger", "/label kindly refused, no label; /help answered", _outsider, _refused_and_helped
)
DISPUTED: Final = Scene("A label that a person took off", "it stays off after an edit", _disputed, _not_put_back)
