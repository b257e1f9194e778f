"""Which numbers are taken for the version that a form asks for, where its own answer is empty."""

import time

import pytest

from bot.capabilities.missing_info.topics import tells
from bot.domain.report import read

FOUND = {
    "after the word": "This is version 1.4.",
    "after the word and a colon": "Version: 1.4",
    "after the word in bold": "**Version**: 1.4",
    "after the word and a verb": "The version I have installed is 1.4",
    "before the word": "I use the 1.4 release.",
    "with a v": "It broke in v1.2",
    "three parts": "Broken here (1.2.3), fine before.",
    "a release candidate": "Same with 2.0rc1",
    "after an upgrade": "It fails since I upgraded to 1.4",
    "after an upgrade from and to": "It fails since I updated from 1.3 to 1.4",
    "upgraded by name": "It fails since I upgraded tidepool to 1.4",
    "after the name": "tidepool 1.4 stops here",
    "after the name in a code span": "`tidepool 1.4` stops here",
    "a pin in a code span": "I did `pip install tidepool==1.4`",
    "an archive": "I unpacked tidepool-1.4 and ran it",
    "since": "It fails since 2.5.",
    "in": "It fails in 1.2.",
    "installed": "Installed: 1.4",
    "running": "I am running 1.4 here",
    "behind other numbers": "At 06:00 the level is 1.21 m, with tidepool 1.4",
    "four parts after the word": "version 1.4.0.2",
    "the newest": "I have the latest version.",
    "a calendar version after the name": "tidepool 2024.05.01",
    "a calendar version": "It fails in 2024.5.1",
    "a pin in a block": "It fails.\n\n```\npip install tidepool==1.4.0\n```",
    "a two-part pin in a block": "It fails.\n\n```\ntidepool==1.4\n```",
    "the name in a block": "It fails.\n\n```\ntidepool 1.4.0 starting\n```",
    "its full name": "I've tested with Tidepool Core 23.0.",
    "its short name": "I am using TP 1.4 here",
    "its own version for a language": "tidepool python version: 1.4",
    "a line of the About page in a block": "It fails.\n\n```\nVersion: 1.83.0-insider\nCommit: abc\n```",
    "its full name in a block": "It fails.\n\n```\nTidepool Core version v24.0.1 (release)\n```",
    "the name in an error message": "It fails.\n\n```\nerror: Tidepool(4.8.0-dev) lost it\n```",
    "the command's answer in a block": "It fails.\n\n```console\n$ tidepool --version\n1.4.0\n```",
}

NOT_FOUND = {
    "a line of a log": "2024-05-01T06:00;1.21;m",
    "a log in a block": "It fails.\n\n```text\n2024-05-01T06:00;1.21;m\n2024-05-01T06:10;1.24;m\n```",
    "a log in an indented block": "It fails.\n\n    2024-05-01T06:00;1.21;m\n",
    "a log in HTML": "It fails.\n\n<pre>\nversion 1.2.3\n</pre>",
    "three parts in a block": "It fails.\n\n```\nconnected to 1.2.3\n```",
    "a measured value": "The level rose to 1.21 today",
    "a measured value with its unit": "It stops in 1.2 seconds",
    "a measured value with its unit attached": "I am using 1.5GB",
    "a size": "I am running 1.5 GB of logs",
    "a position": "The gauge moved to 1.21",
    "a percentage": "It fails in 50.5% of the cases",
    "a percentage with a space": "It fails in 50.5 % of the cases",
    "a time": "It fails since 06.00 h",
    "a date": "It fails since 01.05.2024",
    "a date, the year first": "It fails since 2024.05.01",
    "a day": "It fails since 12.05. in the evening",
    "an address": "It is running on 192.168.1.10",
    "an address with a port": "I opened http://127.0.0.1:8000 and it failed",
    "coordinates": "The gauge stands in 52.37, 4.89",
    "a bare number": "1.21",
    "a number of nothing": "The offset 1.5 is lost",
    "the system": "It fails on Ubuntu 22.04",
    "the system's version": "My Windows version is 10.0",
    "the system's version, the word first": "Windows version 10.0.19045",
    "the system beside the name": "I run tidepool on Ubuntu 22.04",
    "the system after the name": "tidepool, Ubuntu 22.04",
    "a value beside the name in a block": "It fails.\n\n```\ntidepool.parser: 1.21\n```",
    "the language's answer in a block": "It fails.\n\n```\n$ python --version\n3.12.1\n```",
    "the language in a block": "It fails.\n\n```\ntidepool Python 3.12.1\n```",
    "a section": "See the heading Level 1.21",
    "the language": "I am using Python 3.12",
    "the language in three parts": "With Python 3.12.1 it fails",
    "the browser": "Chrome Version 108.0.5359.71",
    "another name's pin in a block": "It fails.\n\n```\nnumpy==1.26.0\n```",
    "the name and a value in a block": "It fails.\n\n```\ntidepool harbour 1.21\n```",
    "the name and a measured value": "It fails.\n\n```\ntidepool: 1.21 m\n```",
}


@pytest.mark.parametrize("body", FOUND.values(), ids=FOUND)
def test_a_version(body: str) -> None:
    assert tells("Version", read(body), "tidepool")


@pytest.mark.parametrize("body", NOT_FOUND.values(), ids=NOT_FOUND)
def test_no_version(body: str) -> None:
    assert not tells("Version", read(body), "tidepool")


REPLIES = {
    "bare": ("1.4", True),
    "with a verb": ("It is 1.4", True),
    "after an excuse": ("Sorry, I forgot: 1.4", True),
    "on a line of its own": ("Here you are:\n\n1.4\n\nThanks", True),
    "a measured value": ("It is 1.4 m", False),
    "something else": ("Between 1.2 and 1.4 it is worse", False),
}


@pytest.mark.parametrize(("comment", "found"), REPLIES.values(), ids=REPLIES)
def test_a_comment_may_hold_just_the_number(comment: str, found: bool) -> None:
    assert tells("Version", read(comment), "tidepool", reply=True) is found


NAMED = {
    "its own name": ("I have Home Assistant 2024.5 here", True),
    "its name a little before": ("Home Assistant: I am on 2024.5", True),
    "another name": ("tidepool 1.4.0 fails", False),
    "a pin in a block": ("It fails.\n\n```\nhome assistant 2024.5.1\n```", True),
    "a line without a name in a block": ("It fails.\n\n```\nVersion: 1.4.0\n```", False),
    "a measured value": ("Home Assistant takes 1.5 seconds", False),
}


@pytest.mark.parametrize(("body", "found"), NAMED.values(), ids=NAMED)
def test_a_question_about_something_else_needs_its_name(body: str, found: bool) -> None:
    assert tells("Home Assistant version", read(body), "tidepool") is found


STEPS = {
    "to reproduce": ("To reproduce, run `tidepool empty.tpl`.", True),
    "to reproduce, with a colon": ("To reproduce: `tidepool empty.tpl`", True),
    "when I run": ("When I run `tidepool empty.tpl`, it fails.", True),
    "running": ("Running `tidepool empty.tpl` prints nothing.", True),
    "I ran": ("I ran `tidepool empty.tpl` and it crashed.", True),
    "a list": ("1. open\n2. close", True),
    "a block": ("It crashes when I run this:\n```\ntidepool\n```", True),
    "no command": ("It crashes when I open the second file.", False),
    "a name only": ("`read_log` crashes on every log.", False),
    "another sentence": ("It crashes while running. The function is `read_log`.", False),
    "met by accident": ("I ran into a crash of `read_log`.", False),
    "a log": ("It crashes:\n\n```\nrunning `x`\n```", False),
}


@pytest.mark.parametrize(("body", "found"), STEPS.values(), ids=STEPS)
def test_steps_in_passing(body: str, found: bool) -> None:
    assert tells("Steps to reproduce", read(body), "tidepool") is found


@pytest.mark.parametrize(
    "piece", ["1.2 ", "version is ", "in 1.2, 3.4 ", "when i run ", "tidepool ", "`", "--version\n"]
)
def test_hostile_texts_end_soon(piece: str) -> None:
    for body in (piece * (65_000 // len(piece)), "```\n" + piece * (65_000 // len(piece))):
        start = time.monotonic()
        for label in ("Version", "Other version", "Steps"):
            tells(label, read(body), "tidepool")
        assert time.monotonic() - start < 5
