"""Actions as JSON and back: what was decided survives the process. A closed list of types, each under its name."""

from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from bot.domain import actions
from bot.domain.actions import Action
from bot.domain.text import Details, Prose

_TYPES: Final[dict[str, type[Any]]] = {
    one.__name__: one
    for one in (
        Prose, Details, actions.SetSection, actions.DropSection, actions.AddLabels, actions.RemoveLabels,
        actions.React, actions.Reply, actions.LineComment, actions.Review, actions.Source, actions.Reaction,
    )
}  # fmt: skip

_LATER: Final = frozenset({"numbers", "alone"})
"""Fields that a release before did not have: empty ones are left out, so that its workers read the rest."""


def encode(value: object) -> Any:
    """JSON for an action or a part of one; raises TypeError for any other type."""
    if value is None or isinstance(value, bool | int) or type(value) is str:
        return value
    if isinstance(value, tuple):
        return [encode(one) for one in value]
    name = type(value).__name__
    if _TYPES.get(name) is not type(value):  # guard: known-types (3)
        raise TypeError(f"{name} is not part of an action")
    if isinstance(value, Enum):
        return {"type": name, "value": value.value}
    return {"type": name, **{key: encode(part) for key, part in _parts(value) if key not in _LATER or part}}


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    return ((one.name, getattr(value, one.name)) for one in fields(value))


def decode(data: Any) -> Any:
    """The value that `encode` wrote; raises KeyError or TypeError for anything else."""
    if isinstance(data, list):
        return tuple(decode(one) for one in data)
    if not isinstance(data, dict):
        return data
    kind = _TYPES[data["type"]]
    if issubclass(kind, Enum):
        return kind(data["value"])
    return kind(**{key: decode(value) for key, value in data.items() if key != "type"})


def decode_actions(data: Any) -> tuple[Action, ...]:
    """A plan's actions as stored."""
    return tuple(decode(one) for one in data)
