"""OpenAPI 3.0 schemas as JSON Schema draft 4, which they are but for `nullable`."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema_rs import Draft4Validator, Registry

_BASE: Final = "urn:github"
_COMBINED: Final = ("allOf", "anyOf", "oneOf")


def draft4(node: Any) -> Any:
    """The same schema with `nullable` said as a type."""
    if isinstance(node, list):
        return [draft4(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: draft4(value) for name, value in node.items()}
    return _nullable(made) if made.get("nullable") is True else made


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in schema.items() if name != "nullable"}
    if not isinstance(rest.get("type"), str) or rest.keys() & {*_COMBINED, "$ref"}:
        return {"anyOf": [rest, {"type": "null"}]}
    rest["type"] = [rest["type"], "null"]
    return rest | ({"enum": [*rest["enum"], None]} if "enum" in rest else {})


class Schemas:
    """Checks values against schemas of one description (already draft 4)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._registry = Registry([(_BASE, dict(document))])
        self._validators: dict[int, tuple[Any, Draft4Validator]] = {}

    def follow(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference leads to; anything else as it is."""
        while "$ref" in node:
            steps = str(node["$ref"]).removeprefix("#/").split("/")
            node = functools.reduce(lambda found, step: found[step], steps, self._document)
        return node

    def faults(self, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        """Why the value does not fit, one line each, with the place in the value."""
        for error in self._validator(schema).iter_errors(value):
            yield f"/{'/'.join(str(one) for one in error.instance_path)}: {error.message[:300]}"

    def undeclared(self, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        """Properties of objects that the schema, open as it may be, does not know."""
        yield from self._undeclared([schema], value, "")

    def _undeclared(self, schemas: list[Mapping[str, Any]], value: Any, where: str) -> Iterator[str]:
        branches = [one for schema in schemas for one in self._branches(schema, value)]
        if isinstance(value, list):
            items = [one["items"] for one in branches if "items" in one]
            for index, entry in enumerate(value):
                yield from self._undeclared(items, entry, f"{where}/{index}")
        elif isinstance(value, dict):
            yield from self._in_object(branches, value, where)

    def _in_object(self, branches: list[Mapping[str, Any]], value: dict[str, Any], where: str) -> Iterator[str]:
        known = [one["properties"] for one in branches if "properties" in one]
        # An object without any declared property takes any, as does one that says so.
        is_open = not known or any(one.get("additionalProperties") for one in branches)
        for name, entry in value.items():
            deeper = [properties[name] for properties in known if name in properties]
            if deeper:
                yield from self._undeclared(deeper, entry, f"{where}/{name}")
            elif not is_open:
                yield f"{where}/{name}: not a property that GitHub documents"

    def _branches(self, schema: Mapping[str, Any], value: Any) -> Iterator[Mapping[str, Any]]:
        """The schema and all of its parts that hold for the value."""
        found = self.follow(schema)
        yield found
        for keyword in _COMBINED:
            for one in found.get(keyword, ()):
                if keyword == "allOf" or self._validator(one).is_valid(value):
                    yield from self._branches(one, value)

    def _validator(self, schema: Mapping[str, Any]) -> Draft4Validator:
        # The schema is kept with its validator: an id is unique among living objects only.
        if id(schema) not in self._validators:
            made = Draft4Validator(_absolute(schema), registry=self._registry, validate_formats=True)
            self._validators[id(schema)] = (schema, made)
        return self._validators[id(schema)][1]


def _absolute(node: Any) -> Any:
    """The schema with its references leading into the description."""
    if isinstance(node, list):
        return [_absolute(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: _BASE + value if name == "$ref" and isinstance(value, str) else _absolute(value)
        for name, value in node.items()
    }
