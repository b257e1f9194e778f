"""Which sentences say how bad it is."""

import pytest

from bot.capabilities.priority.evidence import Evidence, Harm, evidence

SAYS = {
    "data loss": ("Saving twice loses all my notes.", Harm.DATA_LOSS),
    "data loss, passive": ("After the update my database was corrupted.", Harm.DATA_LOSS),
    "data loss, named": ("This causes data loss for us.", Harm.DATA_LOSS),
    "a crash": ("It crashes as soon as I open the window.", Harm.CRASH),
    "a crash and what follows": ("It crashes and I cannot save.", Harm.CRASH),
    "a signal": ("The process ends with SIGSEGV on every run.", Harm.CRASH),
    "a regression": ("This worked in 1.4.2 and is broken since 1.5.0.", Harm.REGRESSION),
    "an upgrade": ("After upgrading from 2.1 to 2.2 the plugin does nothing.", Harm.REGRESSION),
    "many users": ("This affects all of our users in the lab.", Harm.MANY_USERS),
    "a number of people": ("In our company 40 people are unable to log in with it.", Harm.MANY_USERS),
}
SAYS_NOTHING = {
    "denied": "It does not crash, but the output is wrong.",
    "denied, with an apostrophe": "It doesn’t crash, but the output is wrong.",
    "feared": "I am afraid that this could corrupt files.",
    "asked": "Does it crash for you as well?",
    "prevented": "This option is there to avoid data loss.",
    "possible": "A wrong value may delete files.",
    "a regression without a version": "This used to work, but now it is broken.",
    "one user": "This affects me and it is the only thing that I see.",
    "losing focus": "The window loses focus when I click on the list.",
    "another language": "Es stürzt ab: crash! Alle Daten sind weg, und das ist nicht gut für die Leute.",
    "a row of a table": "|Process|--crash-reporter-id 12| it is the crash of the thing",
    "a command line": "Run the tool with --crash-reporter and then it is the same for me.",
    "a reason": "Since Rocket 1.15 is no longer supported, I use the other one.",
    "some time": "It works again after 2 seconds on Ubuntu 22.04 and that is it.",
    "nothing": "",
}


@pytest.mark.parametrize(("sentence", "harm"), SAYS.values(), ids=SAYS)
def test_a_sentence_is_found_and_quoted(sentence: str, harm: Harm) -> None:
    body = f"Hello, this is what I see when I use it. {sentence} Thanks for the help with this."
    assert evidence("A problem with the window", body, frozenset()) == (Evidence(harm, sentence),)


@pytest.mark.parametrize("sentence", SAYS_NOTHING.values(), ids=SAYS_NOTHING)
def test_other_sentences_say_nothing(sentence: str) -> None:
    assert evidence("", sentence, frozenset()) == ()


def test_code_quotes_and_templates_are_not_the_reporters_words() -> None:
    body = "Is this the way to do it?\n\n> It crashes\n\n```\nit crashes\n```\n\nTell us if it crashes."
    assert evidence("", body, frozenset({"Tell us if it crashes."})) == ()


def test_the_body_comes_before_the_title() -> None:
    (found,) = evidence("It crashes", "When I open the file it crashes at once.", frozenset())
    assert found.quote == "When I open the file it crashes at once."
