"""GitHub's OpenAPI description: is a request one that GitHub documents, is an answer one that it gives?"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from tests.conformance.schemas import Schemas, draft4

_METHODS: Final = ("get", "put", "post", "delete", "patch", "head")
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_JSON: Final = "application/json"
_UNLISTED: Final = frozenset({301, 304, 307, 400, 401, 403, 404, 410, 422, 429})
"""Answers that any route may give; the description does not repeat them everywhere."""

# A renamed repository's address redirects here, so that clients must use it, but GitHub documents no such route.
_UNDOCUMENTED: Final = {("GET", r"/repositories/\d+"): "/repos/{owner}/{repo}"}


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One documented route; parameters by name, with their schemas."""

    method: str
    template: str
    pattern: re.Pattern[str]
    path: Mapping[str, Mapping[str, Any]]
    query: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]
    body: Mapping[str, Any] | None
    answers: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


class Description:
    """The operations, to look up and to check against."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = draft4(document)
        _mend(self._document)
        self._schemas = Schemas(self._document)
        self._operations = sorted(self._all(), key=_looseness)

    @classmethod
    def load(cls, path: Path) -> "Description":
        return cls(json.loads(path.read_bytes()))

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a raw (still encoded) path: of several, the one that says most of it literally."""
        for (other, pattern), template in _UNDOCUMENTED.items():
            if method == other and re.fullmatch(pattern, path):
                return next(one for one in self._operations if (one.method, one.template) == (method, template))
        fitting = (one for one in self._operations if one.method == method and one.pattern.fullmatch(path))
        return next(fitting, None)

    def request_faults(self, method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
        """Everything about a request that GitHub does not document; empty if there is nothing."""
        operation = self.find(method, path)
        if operation is None:
            return [f"{method} {path}: no such route"]
        found = [
            *self._path_faults(operation, path),
            *self._query_faults(operation, query),
            *self._body_faults(operation, body),
        ]
        return [f"{method} {path}: {one}" for one in found]

    def answer_faults(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Everything about an answer that is not as described. `body` is parsed JSON; None when empty."""
        operation = self.find(method, path)
        if operation is None:
            return [f"{method} {path}: no such route"]
        return [f"{operation.name} {status}: {one}" for one in self._answer_faults(operation, status, body)]

    def webhook_faults(self, event: str, action: str | None, payload: Any) -> list[str]:
        """Everything about a webhook's payload that is not as described."""
        name = "-".join(one for one in (event, action) if one).replace("_", "-")
        described = self._document["x-webhooks"].get(name)
        if described is None:
            return [f"{name}: no such webhook"]
        schema = described["post"]["requestBody"]["content"][_JSON]["schema"]
        return [f"{name}: {one}" for one in self._schemas.faults(schema, payload)]

    def _answer_faults(self, operation: Operation, status: int, body: Any) -> Iterator[str]:
        answer = operation.answers.get(str(status))
        if answer is None and status not in _UNLISTED:
            yield "no answer with this status is described"
        elif answer is None and status != 304:
            yield from self._schemas.faults(self._document["components"]["schemas"]["basic-error"], body)
        elif answer is not None:
            content = self._schemas.follow(answer).get("content", {})
            if _JSON in content:
                yield from self._schemas.faults(content[_JSON]["schema"], body)
            elif not content and body:
                yield "a body, where none is described"

    def _path_faults(self, operation: Operation, path: str) -> Iterator[str]:
        match = operation.pattern.fullmatch(path)
        for name, text in match.groupdict().items() if match else ():
            yield from self._value_faults(name, operation.path[name], unquote(text))

    def _query_faults(self, operation: Operation, query: Mapping[str, str]) -> Iterator[str]:
        yield from (f"query {name}: missing" for name in sorted(operation.required - query.keys()))
        for name, text in query.items():
            if name not in operation.query:
                yield f"query {name}: not documented"
            else:
                yield from self._value_faults(f"query {name}", operation.query[name], text)

    def _body_faults(self, operation: Operation, body: Any) -> Iterator[str]:
        if body is None:
            return
        if operation.body is None:
            yield "a body, where none is documented"
            return
        yield from self._schemas.faults(operation.body, body)
        yield from self._schemas.undeclared(operation.body, body)

    def _value_faults(self, name: str, schema: Mapping[str, Any], text: str) -> Iterator[str]:
        value = _typed(self._schemas.follow(schema), text)
        yield from (f"{name} {one}" for one in self._schemas.faults(schema, value))

    def _all(self) -> Iterator[Operation]:
        for template, item in self._document["paths"].items():
            for method in item.keys() & set(_METHODS):
                yield self._operation(method.upper(), template, item, item[method])

    def _operation(self, method: str, template: str, item: Mapping[str, Any], data: Mapping[str, Any]) -> Operation:
        parameters = [self._schemas.follow(one) for one in (*item.get("parameters", ()), *data.get("parameters", ()))]
        query = [one for one in parameters if one["in"] == "query"]
        wide = {one["name"] for one in parameters if one.get("x-multi-segment")}
        body = self._schemas.follow(data.get("requestBody", {})).get("content", {}).get(_JSON, {})
        return Operation(
            method=method,
            template=template,
            pattern=re.compile(_pattern(template, wide)),
            path={one["name"]: one["schema"] for one in parameters if one["in"] == "path"},
            query={one["name"]: one["schema"] for one in query},
            required=frozenset(one["name"] for one in query if one.get("required")),
            body=body.get("schema"),
            answers=data["responses"],
        )


def _mend(document: dict[str, Any]) -> None:
    """The list of installations demands an account that is a user and an enterprise at once; one alone has it right."""
    answers = document["paths"]["/app/installations"]["get"]["responses"]
    answers["200"]["content"][_JSON]["schema"]["items"] = {"$ref": "#/components/schemas/installation"}


def _looseness(operation: Operation) -> tuple[int, int]:
    segments = operation.template.count("/")
    return operation.template.count("{") - segments, -segments


def _pattern(template: str, wide: set[str]) -> str:
    """Parameters of several segments take slashes too; `{path}` of contents may be empty: the root."""
    parts = _PARAMETER.split(template)
    for place in range(1, len(parts), 2):
        name = parts[place]
        value = ".*" if name == "path" else ".+"
        parts[place] = f"(?P<{name}>{value if name in wide else '[^/]+'})"
    return "".join(part if place % 2 else re.escape(part) for place, part in enumerate(parts))


def _typed(schema: Mapping[str, Any], text: str) -> Any:
    """A parameter's text as the value that its schema speaks of; text that is none stays text."""
    kinds = schema.get("type", "string")
    if "integer" in kinds and re.fullmatch(r"-?\d+", text, re.ASCII):
        return int(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text.split(",") if "array" in kinds else text
