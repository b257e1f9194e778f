"""Areas of issues: only allowed labels, only by what the text names, only suggested."""

from dataclasses import replace
from typing import Any

import pytest

from bot.capabilities.triage.areas import areas_of_issue
from bot.capabilities.triage.config import TriageOptions
from bot.domain.actions import AddLabels, SetSection
from bot.domain.facts import Label
from bot.domain.learned import Lesson
from tests.unit.capabilities.build import actions_of, context, facts, removed_by_people, rendered
from tests.unit.capabilities.triage.test_decide import decide

OPTIONS = TriageOptions(areas={"docs-site": ("docs/**",)})
LABELS = (
    Label("bug"), Label("area: cli"), Label("component/http-server"), Label("area: docs", "Everything below `docs/`."),
    Label("docs-site"), Label("area: secret"), Label("module: io"),
)  # fmt: skip
ALLOWED = frozenset({"bug", "area: cli", "component/http-server", "area: docs", "docs-site", "module: io"})

CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "the title names it": ({"title": "The CLI prints nothing"}, ("area: cli",)),
    "as a prefix": ({"title": "cli: nothing is printed"}, ("area: cli",)),
    "in brackets": ({"title": "[http-server] stops"}, ("component/http-server",)),
    "a path of it": ({"title": "Crash", "body": "See src/cli/main.py, line 3."}, ("area: cli",)),
    "a path in its description": ({"title": "Typo", "body": "In docs/guide.md"}, ("area: docs", "docs-site")),
    "a short name in prose only": ({"title": "Radio", "body": "The audio is gone."}, ()),
    "part of a word": ({"title": "Clip the image"}, ()),
    "an address": ({"title": "Crash", "body": "https://example.org/cli/main.py"}, ()),
    "not allowed": ({"title": "The secret is gone"}, ()),
    "set already": ({"title": "The CLI", "item_labels": frozenset({"area: cli"})}, ()),
    "taken off by a person": ({"title": "The CLI", "label_events": removed_by_people("area: cli")}, ()),
    "nothing": ({"title": "Hello"}, ()),
    "learned, before what is named": (
        {"title": "The CLI", "lesson": Lesson(1, (), areas=(("module: io", "9 of 9"),))}, ("module: io", "area: cli"),
    ),
    "learned, but no area": ({"title": "Hello", "lesson": Lesson(1, (), areas=(("bug", "9 of 9"),))}, ()),
    "learned, but not allowed": ({"title": "Hello", "lesson": Lesson(1, (), areas=(("area: secret", "x"),))}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("given", "labels"), CASES.values(), ids=CASES)
def test_areas(given: dict[str, Any], labels: tuple[str, ...]) -> None:
    made = replace(context(OPTIONS), labels=ALLOWED)
    assert tuple(one.label for one in areas_of_issue(facts(labels=LABELS, **given), made, OPTIONS)) == labels


def test_areas_are_named_and_never_set() -> None:
    given = facts(title="[BUG] The cli prints nothing", body="It shows a white page.")
    options = TriageOptions(areas={"area: cli": ("src/cli/",)})
    labels, section = actions_of(decide(given, options=options))
    assert isinstance(labels, AddLabels)
    assert labels.labels == ("bug",)
    assert isinstance(section, SetSection)
    text = rendered(section.text)
    assert "It may belong to `area: cli` (the title names “cli”); `/label area: cli` sets it." in text
