"""What ecosystems' own commands print about an installation: recognised in a report, and asked for by name.

A profile is a file in profiles/: `lines` of the output, where `{system}` stands for the rest of the line, `{_}` for
anything, and any other name for a version of that component, with or without details behind it. Its `details` are lines
that others print as well: they add versions, and tell nothing about whose output it is.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from bot.capabilities.missing_info import numbers
from bot.domain.facts import IssueForm
from bot.domain.report import Report

_MAX_LINE: Final = 300
_MAX_LINES: Final = 3_000
_FIELD: Final = re.compile(r"\\{([\w.\\-]+)\\}")
_DECORATION: Final = re.compile(r"^[\s>*•-]+|[`*]")
_PADDING: Final = re.compile(r" :(?= |$)")
_SHOWN_NAME: Final = "Name: "
_SHOWN_VERSION: Final = "Version: "
_NOTHING: Final = frozenset({"n/a", "none", "could not collect"})


@dataclass(frozen=True, slots=True)
class Profile:
    """An ecosystem. `component` is what a report must name a version of; `names` are its words in running text.

    `at_least` is how many different `lines` make an output of `command`; the component's own must be among them.
    """

    id: str
    title: str
    command: str
    repositories: frozenset[str]
    component: str
    names: frozenset[str]
    lines: tuple[re.Pattern[str], ...]
    details: tuple[re.Pattern[str], ...]
    at_least: int

    def environment(self, lines: Iterable[str]) -> Mapping[str, str]:
        """Versions by component, from the command's output among the lines of a text; empty if it is not there."""
        found: dict[str, str] = {}
        seen = set()
        for line in lines:
            for pattern in (*self.lines, *self.details):
                match = pattern.fullmatch(line)
                if match is None:
                    continue
                seen.add(pattern)
                values = {_component(name): value for name, value in match.groupdict().items()}
                found |= {name: value for name, value in values.items() if value.casefold() not in _NOTHING}
        complete = len(seen.intersection(self.lines)) >= self.at_least and self.component in found
        return MappingProxyType(found if complete else {})

    def in_prose(self, text: Report) -> bool:
        """Whether the report names a version of the component in its own words, or pins one in code."""
        others = {name for one in profiles().values() if one.id != self.id for name in one.names}
        words = frozenset(word for name in self.names for word in re.findall(r"[^\W\d_]+", name)) - others
        return numbers.beside(text.written, words) or any(
            numbers.in_code(code, words, unnamed=False) for code in text.code
        )


@cache
def profiles() -> Mapping[str, Profile]:
    """All profiles by id, read once from the package they are a part of."""
    folder = resources.files(__package__) / "profiles"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    found = (_profile(one.name.removesuffix(".toml"), one.read_text(encoding="utf-8")) for one in files)
    return MappingProxyType({one.id: one for one in found})


def chosen(wanted: str | None, repository: str, forms: Iterable[IssueForm]) -> Profile | None:
    """The profile that a repository ("owner/name") is asked by: the configured one; else its own; else the only one
    whose command its forms name."""
    known = profiles()
    if wanted is not None:
        return known.get(wanted)
    own = next((one for one in known.values() if repository.casefold() in one.repositories), None)
    if own is not None:
        return own
    texts = [text for form in forms for text in (form.text, *(f"{one.hint}\n{one.default}" for one in form.fields))]
    named = [one for one in known.values() if any(one.command in text for text in texts)]
    return named[0] if len(named) == 1 else None


def reported(texts: Sequence[Report]) -> Mapping[str, str]:
    """Versions by component, from any ecosystem's output in any of the texts."""
    found: dict[str, str] = {}
    plain = [tuple(lines_of(text.visible)) for text in texts]
    for profile in profiles().values():
        for lines in plain:
            found |= profile.environment(lines)
    return found


def lines_of(text: str) -> Iterator[str]:
    """The lines without decoration and padding, and those of `pip show` also as `pip list` has them."""
    plain = [_plain(line) for line in text.split("\n")[:_MAX_LINES] if len(line) <= _MAX_LINE]
    yield from plain
    for name, version in pairwise(plain):
        if name.startswith(_SHOWN_NAME) and version.startswith(_SHOWN_VERSION):
            yield f"{name.removeprefix(_SHOWN_NAME)} {version.removeprefix(_SHOWN_VERSION)}"


def _plain(line: str) -> str:
    return _PADDING.sub(":", " ".join(_DECORATION.sub("", line).split()))


def _profile(name: str, text: str) -> Profile:
    data = tomllib.loads(text)
    return Profile(
        id=name,
        title=data["title"],
        command=data["command"],
        repositories=frozenset(data["repositories"]),
        component=data["component"],
        names=frozenset(data["names"]),
        lines=tuple(_pattern(one) for one in data["lines"]),
        details=tuple(_pattern(one) for one in data.get("details", ())),
        at_least=data.get("at_least", 2),
    )


def _pattern(line: str) -> re.Pattern[str]:
    """`OS: {system}` as an expression for the whole line."""
    return re.compile(_FIELD.sub(_value, re.escape(line)), re.IGNORECASE)


def _value(field: re.Match[str]) -> str:
    match field[1].replace("\\", ""):
        case "_":
            return ".{0,200}?"
        case "system":
            return r"(?P<system>\S.{0,120}?)"
        case name:
            return rf"(?P<{_group(name)}>(?:v|go|f)?\d\S{{0,80}}|[0-9a-f]{{40}})(?: [(|-].{{0,200}})?"


def _group(component: str) -> str:
    return component.replace("-", "__").replace(".", "___")


def _component(group: str) -> str:
    return group.replace("___", ".").replace("__", "-")
