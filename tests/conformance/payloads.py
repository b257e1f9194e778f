"""GitHub's example payloads, as npm `@octokit/webhooks-examples` has them."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.conformance.packages import package

_OPTIONAL = frozenset({"installation"})
"""Some examples come from webhooks of repositories, which have none, others from Apps."""
_OWN = frozenset({"permissions"})
"""Their keys are what an App asked for, not what GitHub's form is."""


@dataclass(frozen=True, slots=True)
class Example:
    event: str
    payload: Mapping[str, Any]


def all_examples() -> tuple[Example, ...]:
    """Every example, in the order of the package."""
    data = json.loads(package("@octokit", "webhooks-examples", "api.github.com", "index.json").read_bytes())
    return tuple(Example(entry["name"], payload) for entry in data for payload in entry["examples"])


def examples() -> dict[tuple[str, str | None], tuple[Mapping[str, Any], ...]]:
    """The payloads by event and action."""
    found = defaultdict(list)
    for one in all_examples():
        found[one.event, one.payload.get("action")].append(one.payload)
    return {key: tuple(value) for key, value in found.items()}


def missing_keys(known: tuple[Mapping[str, Any], ...], payload: Any) -> list[str]:
    """Keys that all examples have and the payload lacks, as paths; nothing is asked inside null and empty values."""
    return sorted(set.intersection(*(set(_missing(one, payload, "")) for one in known)))


def _missing(example: Any, value: Any, where: str) -> Iterator[str]:
    if isinstance(example, Mapping) and isinstance(value, Mapping) and value:
        for name, inner in example.items():
            if name in value and name not in _OWN:
                yield from _missing(inner, value[name], f"{where}/{name}")
            elif name not in value and name not in _OPTIONAL:
                yield f"{where}/{name}"
    elif isinstance(example, list) and isinstance(value, list) and example and value:
        yield from _missing(example[0], value[0], f"{where}/0")
