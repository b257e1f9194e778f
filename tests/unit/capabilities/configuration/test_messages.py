"""How mistakes in the configuration are told."""

import pytest

from bot.capabilities.configuration import messages
from bot.domain.text import Text
from tests.unit.capabilities.build import rendered

FILE = "`.github/contribution-assistant.yml`"
TOLD = {
    "one in a pull request": (
        messages.mistakes_in_pull(("line 1: a",)),
        f"This change to {FILE} has a mistake; merged like this, it would not be used:",
    ),
    "two in a pull request": (messages.mistakes_in_pull(("a", "b")), f"This change to {FILE} has 2 mistakes; merged"),
    "one in use": (messages.mistakes_on_default_branch(("a",)), f"{FILE} has a mistake, so the last good"),
    "two in use": (messages.mistakes_on_default_branch(("a", "b")), f"{FILE} has 2 mistakes, so the last good"),
    "many": (messages.mistakes_in_pull(("a",) * 11), "- and 1 more"),
}


@pytest.mark.parametrize(("text", "words"), TOLD.values(), ids=TOLD)
def test_told(text: Text, words: str) -> None:
    assert words in rendered(text)
