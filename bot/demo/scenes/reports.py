"""Reports of all kinds, and what becomes of them without anybody's doing."""

from collections.abc import Iterator
from typing import Final

from bot.demo import expect, texts
from bot.demo.scene import Check, Scene
from bot.demo.stage import Stage
from bot.demo.threads import Thread


async def _incomplete(stage: Stage) -> None:
    # GitHub sets the form's own labels when an issue is opened by it.
    number = await stage.opens("jonas", texts.EMPTY_LEVEL_TITLE, texts.EMPTY_LEVEL, ("bug",))
    await stage.sees(number, "jonas fills in the bug form, but not the version")
    await stage.edits(number, "jonas", texts.EMPTY_LEVEL_WITH_VERSION)
    await stage.sees(number, "jonas edits the version into the form")


def _asked_and_withdrawn(seen: tuple[Thread, ...]) -> Iterator[str]:
    before, after = seen
    yield from expect.labels(before, "bug", "needs-info")
    yield from expect.comments(before, 1)
    yield from expect.says(before.bot_text, "- `Version`")
    yield from expect.says_not(before.bot_text, ("`Operating system`", "`Steps to reproduce`", "`What happened?`"))
    yield from expect.labels(after, "bug")
    yield from expect.comments(after, 1)
    yield from expect.says_not(after.bot_text, ("`Version`",))
    yield from expect.says(after.bot_text, "nothing is missing any more")


async def _complete(stage: Stage) -> None:
    number = await stage.opens("aiko", texts.ZONE_TITLE, texts.ZONE)
    await stage.sees(number, "aiko, who is new here, reports a crash in her own words")


def _labelled_and_welcomed(seen: tuple[Thread, ...]) -> Iterator[str]:
    (thread,) = seen
    yield from expect.labels(thread, "bug")
    yield from expect.comments(thread, 1)
    yield from expect.says(thread.bot_text, "first issue", "CONTRIBUTING.md")
    yield from expect.says_not(thread.bot_text, ("still need", "@aiko"))


async def _feature(stage: Stage) -> None:
    number = await stage.opens("jonas", texts.CSV_TITLE, texts.CSV)
    await stage.sees(number, "jonas wishes for something new")


async def _question(stage: Stage) -> None:
    number = await stage.opens("aiko", texts.TWO_GAUGES_TITLE, texts.TWO_GAUGES)
    await stage.sees(number, "aiko asks how to do something")


def _only_label(label: str) -> Check:
    def faults(seen: tuple[Thread, ...]) -> Iterator[str]:
        (thread,) = seen
        yield from expect.labels(thread, label)
        yield from expect.silent(thread)

    return faults


async def _german(stage: Stage) -> None:
    number = await stage.opens("jonas", texts.GERMAN_TITLE, texts.GERMAN)
    await stage.sees(number, "jonas reports something in German")


async def _puzzling(stage: Stage) -> None:
    number = await stage.opens("jonas", texts.PUZZLE_TITLE, texts.PUZZLE)
    await stage.sees(number, "jonas writes something that could be anything")


def _at_most_one_kind(seen: tuple[Thread, ...]) -> Iterator[str]:
    (thread,) = seen
    if len(thread.labels) > 1 or not set(thread.labels) <= texts.KINDS:
        yield f"the labels are {', '.join(thread.labels)}"
    yield from expect.silent(thread)


async def _of_a_bot(stage: Stage) -> None:
    await stage.joins("renovate[bot]", "Bot")
    number = await stage.opens("renovate[bot]", texts.BOT_TITLE, texts.BOT)
    await stage.sees(number, "Another bot opens an issue that speaks of errors")


def _nothing_at_all(seen: tuple[Thread, ...]) -> Iterator[str]:
    (thread,) = seen
    yield from expect.labels(thread)
    yield from expect.silent(thread)


INCOMPLETE: Final = Scene(
    "A bug report without a version",
    "asked once for the version; question and label go when it is there",
    _incomplete,
    _asked_and_withdrawn,
)
COMPLETE: Final = Scene("A complete bug report", "labelled, welcomed, nothing asked", _complete, _labelled_and_welcomed)
FEATURE: Final = Scene("A feature request", "labelled, no comment", _feature, _only_label("enhancement"))
QUESTION: Final = Scene("A question", "labelled, no comment", _question, _only_label("question"))
GERMAN: Final = Scene("A report in German", "left alone: the rules read English only", _german, _nothing_at_all)
OF_A_BOT: Final = Scene("An issue by another bot", "left alone", _of_a_bot, _nothing_at_all)
PUZZLE: Final = Scene(
    "A report that could be anything", "left alone: the rules are not sure", _puzzling, _nothing_at_all
)
PUZZLE_FOR_A_MODEL: Final = Scene(
    "A report that could be anything",
    "the model is asked: one label of a kind, or none",
    _puzzling,
    _at_most_one_kind,
)
