"""A repository's configuration: YAML to frozen values; every mistake comes with its line and column."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from bot.domain.capability import Manifest, Mode, Options

PATH: Final = ".github/contribution-assistant.yml"
_MAX_SIZE: Final = 64 * 1024
_MAX_DEPTH: Final = 12
_MAX_NODES: Final = 5000
_REMEMBERED: Final = 256
DEFAULT_LABELS: Final = ("bug", "enhancement", "question", "documentation", "needs-info")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)  # guard: unknown-keys (22): without extra


class Labels(_Section):
    """Labels that the assistant may set by itself, where they exist, and the one that asks for information."""

    allow: tuple[str, ...] = Field(default=DEFAULT_LABELS, max_length=100)
    needs_info: str = Field(default="needs-info", min_length=1, max_length=50)


class Budgets(_Section):
    """Events that are handled per day; people who may triage are exempt."""

    events_per_author_day: int = Field(default=200, ge=1, le=100_000)
    events_per_thread_day: int = Field(default=300, ge=1, le=100_000)
    events_per_repository_day: int = Field(default=5000, ge=1, le=1_000_000)


class Links(_Section):
    """Further addresses that comments may link to: each an https prefix ending at a path border."""

    prefixes: tuple[str, ...] = Field(default=(), max_length=20)


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a configuration; line and column are 1-based."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class RepoConfig:
    """A checked configuration. `options` holds each capability's section by id."""

    mode: Mode
    labels: Labels
    budgets: Budgets
    links: Links
    options: Mapping[str, Options]

    def mode_of(self, manifest: Manifest) -> Mode:
        """The capability's own mode, else the repository's; a capability that is opt-in is off without its own.

        What is not measured cannot earn anything: it suggests.
        """
        own = self.options[manifest.id].mode
        mode = own if own is not None else self.mode if manifest.default else Mode.OFF
        return Mode.SUGGEST if mode is Mode.EARNED and not manifest.earns else mode

    def allowed_labels(self) -> frozenset[str]:
        """The allow-list: the general one and what the capabilities' options add."""
        extra = [one.extra_labels() for one in self.options.values()]
        return frozenset(self.labels.allow).union({self.labels.needs_info}, *extra)


class ConfigSchema:
    """The configuration's schema, derived from the capabilities' manifests."""

    def __init__(self, manifests: tuple[Manifest, ...]) -> None:
        sections: dict[str, Any] = {
            one.id: (one.options, Field(one.options(), description=one.summary)) for one in manifests
        }
        self._ids = tuple(sections)
        self._model: type[BaseModel] = create_model(
            "ContributionAssistantConfiguration",
            __base__=_Section,
            mode=(Mode, Mode.ACT),
            labels=(Labels, Labels()),
            budgets=(Budgets, Budgets()),
            links=(Links, Links()),
            **sections,
        )
        # Every event asks for its repository's configuration, and the text is nearly always the same.
        self._parse = lru_cache(_REMEMBERED)(self._parse_anew)

    def json_schema(self) -> dict[str, Any]:
        """The published JSON Schema."""
        return self._model.model_json_schema()

    def default(self) -> RepoConfig:
        """What holds without a file."""
        return self._values(self._model())

    def parse(self, text: str, *, under: str | None = None) -> RepoConfig | tuple[Problem, ...]:
        """The checked configuration, or every mistake in it in the order of the file. Never raises.

        `under` is the organisation's configuration: what `text` leaves out is taken from there, if it can be read.
        """
        return self._parse(text, under)

    def _parse_anew(self, text: str, under: str | None) -> RepoConfig | tuple[Problem, ...]:
        read = self._read(text)
        if not isinstance(read, _Read):
            return read
        base = self._read(under) if under is not None else None
        data = (
            _merged(base.data, read.data) if isinstance(base, _Read) and not self.mistakes(under or "") else read.data
        )
        try:
            return self._values(self._model.model_validate(data))
        except ValidationError as error:
            return _problems(error, read.places)

    def mistakes(self, text: str) -> tuple[str, ...]:
        """Every mistake in a configuration file, as lines for people; empty if there is none."""
        parsed = self.parse(text)
        return () if isinstance(parsed, RepoConfig) else tuple(str(one) for one in parsed)

    def salvaged(self, text: str, *, under: str | None = None) -> RepoConfig:
        """The defaults (over the organisation's), with the `mode` of a broken file if that much can be read."""
        read = self._read(text)
        mode = read.data.get("mode") if isinstance(read, _Read) and isinstance(read.data, dict) else None
        usable = f"mode: {mode}\n" if mode in tuple(Mode) else ""
        parsed = self.parse(usable, under=under)
        return parsed if isinstance(parsed, RepoConfig) else self.default()

    def _read(self, text: str) -> "_Read | tuple[Problem, ...]":
        if len(text.encode("utf-8", "replace")) > _MAX_SIZE:  # guard: size-of-the-configuration (22)
            return (Problem(1, 1, "the file is larger than 64 kB"),)
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            data, places = _Reading().read(node) if node is not None else ({}, {})
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            return (Problem((mark.line if mark else 0) + 1, (mark.column if mark else 0) + 1, str(error.problem)),)
        except (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
            # PyYAML raises whatever Python raises for a value that does not fit its explicit tag.
            reason = str(error) if isinstance(error, _Unreadable) else "the file cannot be read"
            return (Problem(1, 1, reason),)
        return _Read({} if data is None else data, places)

    def _values(self, model: BaseModel) -> RepoConfig:
        values = {name: getattr(model, name) for name in type(model).model_fields}
        return RepoConfig(
            mode=values["mode"],
            labels=values["labels"],
            budgets=values["budgets"],
            links=values["links"],
            options={name: values[name] for name in self._ids},
        )


class _Unreadable(ValueError):
    pass


_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    data: Any
    places: Mapping[_Path, tuple[int, int]]


def _merged(base: Any, over: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return base | {key: _merged(base.get(key), value) for key, value in over.items()}


class _Reading:
    """Plain data and the place of every key, from a YAML tree; aliases, depth and size are refused."""

    def __init__(self) -> None:
        self._places: dict[_Path, tuple[int, int]] = {}
        self._seen: set[int] = set()
        self._loader = yaml.SafeLoader("")

    def read(self, node: yaml.Node) -> tuple[Any, dict[_Path, tuple[int, int]]]:
        return self._value(node, ()), self._places

    def _value(self, node: yaml.Node, path: _Path) -> Any:
        if id(node) in self._seen:  # guard: aliases-in-the-configuration (22)
            raise _Unreadable("anchors and aliases are not allowed")
        self._seen.add(id(node))
        if len(path) > _MAX_DEPTH or len(self._seen) > _MAX_NODES:  # guard: depth-of-the-configuration (22): each
            raise _Unreadable("the file is nested too deeply or has too many entries")
        self._places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(one, (*path, index)) for index, one in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: _Path) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            # YAML 1.1 reads on, off, yes and no as booleans; here they are what they look like.
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            mark = key_node.start_mark
            if key is None or key in found:
                raise yaml.MarkedYAMLError(
                    problem=f"“{key}” is there twice" if key else "a key must be text", problem_mark=mark
                )
            self._places[(*path, key)] = (mark.line + 1, mark.column + 1)
            found[key] = (
                self._mode(value_node, (*path, key)) if key == "mode" else self._value(value_node, (*path, key))
            )
        return found

    def _mode(self, node: yaml.Node, path: _Path) -> Any:
        return node.value if isinstance(node, yaml.ScalarNode) else self._value(node, path)


def _problems(error: ValidationError, places: Mapping[_Path, tuple[int, int]]) -> tuple[Problem, ...]:
    found = [_problem(one, places) for one in error.errors(include_url=False, include_context=False)]
    return tuple(sorted(set(found), key=lambda one: (one.line, one.column, one.message))[:20])


def _problem(error: Any, places: Mapping[_Path, tuple[int, int]]) -> Problem:
    location: _Path = tuple(error["loc"])
    while location and location not in places:
        location = location[:-1]
    line, column = places.get(location, (1, 1))
    name = ".".join(str(one) for one in error["loc"])
    text = f"“{name}” is not a known key" if error["type"] == "extra_forbidden" else f"{name}: {error['msg']}"
    return Problem(line, column, text)
