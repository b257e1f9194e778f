"""Who is welcomed, and with what."""

import pytest

from bot.capabilities.welcome import CAPABILITY
from bot.capabilities.welcome.config import WelcomeOptions
from bot.domain.actions import SetSection
from bot.domain.events import Actor
from bot.domain.facts import AuthorHistory, Community, Facts
from bot.domain.plan import Plan, Skip
from tests.unit.capabilities.build import BOT, actions_of, context, facts, read_text, rendered

NEW = AuthorHistory(issues=0, pulls=0)
PAGES = Community(
    contributing="https://github.com/octo/rocket/blob/main/CONTRIBUTING.md",
    code_of_conduct="https://github.com/octo/.github/blob/main/CODE_OF_CONDUCT.md",
)


def decide(given: Facts, options: WelcomeOptions | None = None) -> Plan | Skip:
    return CAPABILITY.decide(given, None, context(options or WelcomeOptions()))


def text_of(given: Facts, options: WelcomeOptions | None = None) -> str:
    (section,) = actions_of(decide(given, options))
    assert isinstance(section, SetSection)
    assert not section.quiet
    return read_text(section.text)


WELCOMED = {
    "first issue": (facts(author=NEW), "first issue"),
    "first issue after pull requests": (facts(author=AuthorHistory(0, 3)), "first issue"),
    "first pull request": (facts("pull_request.opened", author=NEW), "first pull request"),
    "first pull request after issues": (facts("pull_request.opened", author=AuthorHistory(4, 0)), "first pull request"),
    "whatever the association says": (facts(author=NEW, item_association="CONTRIBUTOR"), "first issue"),
}


@pytest.mark.parametrize(("given", "words"), WELCOMED.values(), ids=WELCOMED)
def test_welcomed(given: Facts, words: str) -> None:
    assert words in text_of(given)


KNOWN = {
    "second issue": facts(author=AuthorHistory(1, 0)),
    "second pull request": facts("pull_request.opened", author=AuthorHistory(0, 1)),
    "history unread": facts(author=None, item_association="FIRST_TIMER"),
    "owner": facts(author=NEW, item_association="OWNER"),
    "member": facts(author=NEW, item_association="MEMBER"),
    "collaborator": facts(author=NEW, item_association="COLLABORATOR"),
    "bot": facts(author=NEW, item_author=BOT),
    "deleted account": facts(author=NEW, item_author=Actor("ghost", 10137)),
    "closed at once": facts(author=NEW, item_state="closed"),
    "locked": facts(author=NEW, item_locked=True),
}


@pytest.mark.parametrize("given", KNOWN.values(), ids=KNOWN)
def test_not_welcomed(given: Facts) -> None:
    assert isinstance(decide(given), Skip)


@pytest.mark.parametrize(
    ("given", "waits"),
    [
        (facts("pull_request.opened", author=NEW), False),
        (facts("pull_request.opened", author=NEW, checks_waiting=True), True),
        (facts("pull_request.opened", author=NEW, item_from_fork=True), True),
        (facts(author=NEW, checks_waiting=True), False),
    ],
    ids=["own branch", "checks wait", "fork", "an issue has no checks"],
)
def test_says_why_checks_wait(given: Facts, waits: bool) -> None:
    assert ("checks may wait" in text_of(given)) is waits


def test_nothing_is_said_about_what_others_may_ask() -> None:
    text = text_of(facts(author=NEW))
    assert text == (
        "Thanks for your first issue here! A maintainer will look at it and answer here. With a bug, it helps them to "
        "know what happens, how to make it happen again and in which version."
    )


def test_links_only_pages_that_exist() -> None:
    (section,) = actions_of(decide(facts(author=NEW, community=PAGES)))
    assert isinstance(section, SetSection)
    assert rendered(section.text).count("https://github.com/octo/") == 2
    assert "http" not in text_of(facts(author=NEW))


def test_the_operators_sentence_replaces_the_first_one() -> None:
    options = WelcomeOptions(issue_text="Ahoy,\n\nsailor!", pull_text="Hello, builder!")
    assert text_of(facts(author=NEW), options).startswith("Ahoy, sailor! A maintainer will look")
    assert text_of(facts("pull_request.opened", author=NEW), options).startswith("Hello, builder! A maintainer")


@pytest.mark.parametrize("kind", ["issues.opened", "pull_request.opened"])
def test_at_most_six_lines_and_no_mention(kind: str) -> None:
    long = "\n\n".join(["line"] * 40)
    given = facts(kind, author=NEW, community=PAGES, item_from_fork=True)
    text = text_of(given, WelcomeOptions(issue_text=long, pull_text=long))
    assert len(text.splitlines()) <= 6
    assert "ada" not in text
