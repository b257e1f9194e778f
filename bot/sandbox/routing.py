"""The route table and its strictness: unknown routes, query parameters and body fields are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bot.sandbox.answers import ApiError, Result
from bot.sandbox.model import Json

if TYPE_CHECKING:
    from bot.sandbox.call import Call


class Access(Enum):
    """Who may call a route that needs no repository permission."""

    APP = "app"
    INSTALLATION = "installation"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Field:
    """What a body field may hold; `items` is the type or the fields of a list's entries."""

    kind: type | tuple[type, ...]
    required: bool = False
    nullable: bool = False
    items: type | Mapping[str, Field] | None = None
    fields: Mapping[str, Field] | None = None
    """The fields of an object; None: any."""


Spec = Mapping[str, Field]
TEXT = Field(str, required=True)
PAGED = frozenset({"per_page", "page"})


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `needs`: an Access, or permissions like `issues:write` of which one is enough."""

    method: str
    path: str
    handler: Callable[[Call], Result]
    needs: Access | Sequence[str]
    query: frozenset[str] = frozenset()
    body: Spec | None = None
    media: frozenset[str] = field(default_factory=frozenset)
    """Media types beyond JSON that it can answer with, for example `application/vnd.github.raw`."""

    def match(self, raw_path: str) -> dict[str, str] | None:
        """Return the path parameters, percent-decoded, or None. A last part `{name*}` takes slashes too."""
        wanted, given = self.path.strip("/").split("/"), raw_path.strip("/").split("/")
        greedy = wanted[-1].endswith("*}")
        if len(given) != len(wanted) and not (greedy and len(given) >= len(wanted)):
            return None
        if greedy:
            cut = len(wanted) - 1
            given = [*given[:cut], "/".join(given[cut:])]
        found: dict[str, str] = {}
        for part, value in zip(wanted, given, strict=True):
            if part.startswith("{"):
                found[part.strip("{}*")] = unquote(value)
            elif part != value:
                return None
        return found


def find_route(routes: Sequence[Route], method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
    """Return the route and its parameters; ApiError 404 (unknown) when there is none."""
    for route in routes:
        if route.method == method:
            params = route.match(raw_path)
            if params is not None:
                return route, params
    raise ApiError(404, "Not Found", unknown=True)


def check_query(route: Route, query: Mapping[str, str]) -> None:
    """ApiError 422 (unknown) for a parameter that GitHub's documentation does not list for the route."""
    strange = sorted(set(query) - route.query)
    if strange:
        raise ApiError(422, f"Unknown query parameter: {', '.join(strange)}", unknown=True)


def parse_body(route: Route, raw: bytes) -> Json:
    """Return the JSON body checked against the route; ApiError 400 or 422 as GitHub words it."""
    if not raw.strip():
        if route.body is None:
            return {}
        value: Any = {}
    else:
        try:
            value = json.loads(raw)
        except ValueError:
            raise ApiError(400, "Problems parsing JSON") from None
    if not isinstance(value, dict):
        raise ApiError(400, "Body should be a JSON object")
    _check_fields(route.body or {}, value, "")
    return value


def _check_fields(spec: Spec, value: Mapping[str, Any], where: str) -> None:
    strange = sorted(set(value) - set(spec))
    if strange:
        raise ApiError(422, f"Unknown body field: {where}{', '.join(strange)}", unknown=True)
    for name, wanted in spec.items():
        if name not in value:
            if wanted.required:
                raise ApiError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
            continue
        _check_value(wanted, value[name], f"{where}{name}")


def _check_value(wanted: Field, value: Any, where: str) -> None:
    if value is None and wanted.nullable:
        return
    # bool is an int in Python, not in JSON
    wrong = isinstance(value, bool) and wanted.kind is int
    if wrong or not isinstance(value, wanted.kind):
        raise ApiError(422, f"Invalid request.\n\nFor 'properties/{where}', {value!r} is of the wrong type.")
    if isinstance(value, dict) and wanted.fields is not None:
        _check_fields(wanted.fields, value, f"{where}.")
    if isinstance(value, list) and wanted.items is not None:
        for entry in value:
            if isinstance(wanted.items, type):
                _check_value(Field(wanted.items), entry, f"{where}[]")
            else:
                _check_value(Field(dict, fields=wanted.items), entry, f"{where}[]")
