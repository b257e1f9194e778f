"""The expectations object to every thread that is not what people should see."""

from dataclasses import replace

import pytest

from bot.demo import texts
from bot.demo.scenes import conversations, reports, trouble
from bot.demo.story import BROKEN, scenes
from bot.demo.threads import Comment, Thread
from tests.unit.demo.threads import THREAD, by_bot, comment, review

ASKED = replace(THREAD, labels=("bug", "needs-info"), comments=(by_bot("still need:\n\n- `Version`"),))
WITHDRAWN = replace(THREAD, labels=("bug",), comments=(by_bot("Thanks, nothing is missing any more."),))
REMARKS = tuple(
    by_bot(f"x\n\n```suggestion\n{right}\n```", path=texts.GUIDE_PATH, line=line)
    for line, right in texts.GUIDE_FIXES.items()
)
DEAD_LINK = by_bot(f"`{texts.DEAD_LINK}` does not exist", path=texts.GUIDE_PATH, line=texts.DEAD_LINK_LINE)
PULL = replace(
    THREAD,
    is_pull=True,
    labels=("documentation",),
    comments=(by_bot("Thanks for your first pull request here!"),),
    reviews=(review(*REMARKS, DEAD_LINK),),
)
ORDERED = replace(THREAD, labels=("bug",), comments=(by_bot("Thanks for your first issue here!"),))
BYSTANDER = replace(THREAD, number=12)


def test_titles_differ_and_the_broken_scene_is_played() -> None:
    for model in (False, True):
        titles = [one.title for one in scenes(model=model)]
        assert len(set(titles)) == len(titles) >= 12
        assert BROKEN in scenes(model=model)


def test_a_report_is_asked_once_and_the_question_withdrawn() -> None:
    faults = reports.INCOMPLETE.faults
    assert not list(faults((ASKED, WITHDRAWN)))
    assert list(faults((WITHDRAWN, WITHDRAWN)))
    assert list(faults((ASKED, ASKED)))
    twice = replace(WITHDRAWN, comments=(*WITHDRAWN.comments, by_bot("again")))
    assert list(faults((ASKED, twice)))


@pytest.mark.parametrize(
    "thread",
    [
        replace(THREAD, labels=("bug",)),
        replace(THREAD, labels=("bug", "enhancement")),
        replace(THREAD, labels=("enhancement",), comments=(by_bot("Hello"),)),
    ],
)
def test_a_label_and_nothing_else(thread: Thread) -> None:
    assert list(reports.FEATURE.faults((thread,)))
    assert not list(reports.FEATURE.faults((replace(THREAD, labels=("enhancement",)),)))


def _pull_with(*remarks: Comment) -> Thread:
    return replace(PULL, reviews=(review(*remarks),))


@pytest.mark.parametrize(
    "thread",
    [
        replace(PULL, reviews=()),
        replace(PULL, reviews=(*PULL.reviews, *PULL.reviews)),
        _pull_with(*REMARKS),
        _pull_with(*REMARKS[1:], DEAD_LINK),
        _pull_with(*REMARKS, DEAD_LINK, by_bot("x", path=texts.GUIDE_PATH, line=1)),
        _pull_with(*REMARKS[1:], replace(REMARKS[0], body="```suggestion\nwrong\n```"), DEAD_LINK),
        _pull_with(*REMARKS, replace(DEAD_LINK, path="docs/install.md")),
    ],
)
def test_suggestions_stand_on_exactly_the_wrong_lines(thread: Thread) -> None:
    assert not list(conversations.FIRST_PULL.faults((PULL,)))
    assert list(conversations.FIRST_PULL.faults((thread,)))


@pytest.mark.parametrize(
    "thread",
    [
        replace(ORDERED, labels=("good first issue",)),
        replace(ORDERED, state="closed"),
        replace(ORDERED, locked=True),
        replace(ORDERED, assignees=("mira",)),
        replace(ORDERED, comments=(by_bot("Thanks @mira!"),)),
        replace(ORDERED, comments=(by_bot("See https://tidepool-patch.example"),)),
        replace(ORDERED, comments=(by_bot("See #12"),)),
    ],
)
def test_orders_are_neither_followed_nor_repeated(thread: Thread) -> None:
    assert not list(trouble.ORDERS.faults((ORDERED, BYSTANDER)))
    assert list(trouble.ORDERS.faults((thread, BYSTANDER)))
    assert list(trouble.ORDERS.faults((ORDERED, replace(BYSTANDER, state="closed"))))


def test_an_event_that_comes_again_changes_nothing() -> None:
    assert not list(trouble.AGAIN.faults((ASKED, ASKED)))
    assert list(trouble.AGAIN.faults((ASKED, replace(ASKED, comments=(*ASKED.comments, *ASKED.comments)))))


def test_what_a_person_took_off_stays_off() -> None:
    before = replace(THREAD, labels=("bug",))
    assert not list(conversations.DISPUTED.faults((before, THREAD)))
    assert list(conversations.DISPUTED.faults((before, before)))


def test_a_command_is_receipted_and_explained() -> None:
    labelled = replace(THREAD, labels=("documentation", "good first issue"))
    order = comment("mira", "/label", reactions={"+1": 1})
    before = replace(labelled, comments=(order,))
    after = replace(before, comments=(order, by_bot("triage: labelled documentation")))
    faults = conversations.MAINTAINERS_COMMANDS.faults
    assert not list(faults((before, after)))
    assert list(faults((replace(before, comments=(comment("mira", "/label"),)), after)))
    assert list(faults((before, before)))


def test_a_comment_must_say_that_it_is_automated() -> None:
    silent = replace(ASKED, comments=(replace(ASKED.comments[0], body="- `Version`"),))
    assert list(trouble.AGAIN.faults((silent, silent)))
