"""Small hand-written reports of two made-up projects, with their kinds."""

from typing import Final

from bot.learning.training.kinds import Example

KINDS: Final = ("bug", "feature", "question")

_BUGS = (
    ("Export crashes on empty tables", "It crashes.\n\n```\nValueError: no rows\n```\nSince 2.1 it no longer works."),
    ("Wrong colours after restart", "1. Open a chart\n2. Restart\n\nThe colours are wrong."),
    ("Import fails with an error", "The import fails with `KeyError: name`. Expected: it works."),
    ("Segmentation fault when saving", "Saving ends with a segmentation fault on Linux, version 2.0.1."),
    ("Broken layout in the sidebar", "The sidebar is broken and overlaps the table."),
    ("Crash when closing the window", "It hangs and then crashes after closing the window."),
)
_FEATURES = (
    ("Add export to CSV", "It would be nice to have an export to CSV."),
    ("Support dark mode", "Please add a dark mode. I would love to use it at night."),
    ("Allow sorting by date", "Allow users to sort by date; there is no way to do it today."),
    ("Provide an option for the page size", "A new option for the page size would be useful."),
    ("Feature request: keyboard shortcuts", "I propose keyboard shortcuts for all menus."),
    ("Make the limit configurable", "It should be possible to change the limit in the settings."),
)
_QUESTIONS = (
    ("How do I export a table?", "Hi, I am trying to export a table. How can I do this? Thanks in advance"),
    ("What does the option mean?", "I do not understand the option. Can someone explain it?"),
    ("Where are the settings stored?", "Hello, where can I find the settings file?"),
    ("Is there a way to undo?", "How to undo the last step? Any help is appreciated."),
    ("Which version should I use?", "I installed two versions. Which one should I use?"),
    ("Why is the list sorted twice?", "Could you please help me to understand why it is sorted?"),
)


def examples(*repositories: str) -> list[Example]:
    """All reports in each of the repositories."""
    texts = zip(KINDS, (_BUGS, _FEATURES, _QUESTIONS), strict=True)
    return [Example(name, kind, *one) for kind, group in texts for one in group for name in repositories]
