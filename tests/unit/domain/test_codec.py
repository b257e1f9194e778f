"""Actions survive the process as JSON, and nothing but actions does."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from bot.domain.actions import (
    Action,
    AddLabels,
    DropSection,
    LineComment,
    React,
    Reaction,
    RemoveLabels,
    Reply,
    Review,
    SetSection,
    Source,
)
from bot.domain.codec import decode, decode_actions, encode
from bot.domain.plan import Explanation
from bot.domain.text import Details, Prose

TEXT: Final = (Prose("Wörds \u0007 “quoted”"), Details("more", "```\ncode\n```"))
ACTIONS: Final[tuple[Action, ...]] = (
    SetSection(TEXT, quiet=True),
    SetSection(TEXT, numbers=(3, 4)),
    SetSection(TEXT, alone=True),
    DropSection(()),
    AddLabels(("bug", "good first issue"), Source.MODEL),
    RemoveLabels((), Source.COMMAND, any_owner=True),
    Reply(TEXT),
    *(React(one) for one in Reaction),
    Review("a" * 40, TEXT, (LineComment("a.md", 3, TEXT, 1, ("new",), ("old", "")), LineComment("b.md", 1, ()))),
)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda one: type(one).__name__)
def test_an_action_comes_back_as_it_was(action: Action) -> None:
    stored = json.loads(json.dumps([encode(action)]))
    assert decode_actions(stored) == (action,)


def test_names_are_stable() -> None:
    """A worker of this release reads what one of another release wrote."""
    assert encode(AddLabels(("bug",), Source.RULES)) == {
        "type": "AddLabels", "labels": ["bug"], "source": {"type": "Source", "value": "rules"},
    }  # fmt: skip


def test_what_a_release_before_does_not_know_is_left_out_where_it_is_empty() -> None:
    assert encode(SetSection((Prose("x"),))) == {
        "type": "SetSection", "text": [{"type": "Prose", "markdown": "x"}], "quiet": False,
    }  # fmt: skip


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value", [1.5, b"x", ["a"], {"a": 1}, {1}, datetime.now(UTC), object(), Text("x"), dict, Explanation("x")]
)
def test_nothing_else_is_encoded(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [{"type": "Path", "args": "x"}, {"value": "rules"}, {"type": "AddLabels", "labels": []}, {"type": "Reply", "x": 1}],
)
def test_nothing_else_is_decoded(data: Any) -> None:
    with pytest.raises((KeyError, TypeError)):
        decode(data)


def test_an_unknown_member_is_refused() -> None:
    with pytest.raises(ValueError, match="sudo"):
        decode({"type": "Source", "value": "sudo"})
