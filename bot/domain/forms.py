"""Issue forms and Markdown templates of a repository as values.

Syntax: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import yaml
from markdown_it import MarkdownIt

from bot.domain.commonmark import shared
from bot.domain.facts import FormField, IssueForm

FOLDER: Final = ".github/ISSUE_TEMPLATE"
_MAX_SIZE: Final = 64 * 1024
_MAX_FIELDS: Final = 60
_BLOCKS: Final = shared(MarkdownIt("commonmark"))


def parse_form(path: str, text: str) -> IssueForm | None:
    """The form in a file of the template folder; None if it is none (config.yml) or cannot be read."""
    if len(text) > _MAX_SIZE:  # guard: sizes-of-forms (22)
        return None
    if path.endswith((".yml", ".yaml")):
        return None if path.rsplit("/", 1)[-1].startswith("config.") else _issue_form(path, text)
    return _markdown_template(path, text) if path.endswith(".md") else None


def _issue_form(path: str, text: str) -> IssueForm | None:
    data = load_yaml(text)
    if not isinstance(data, Mapping) or not isinstance(data.get("body"), list):
        return None
    parsed = [_field(one) for one in data["body"][:_MAX_FIELDS] if isinstance(one, Mapping)]
    return IssueForm(
        path=path,
        name=_string(data.get("name")) or path.rsplit("/", 1)[-1],
        title=_string(data.get("title")),
        labels=_labels(data.get("labels")),
        fields=tuple(one for one in parsed if one is not None),
    )


def _field(data: Mapping[str, Any]) -> FormField | None:
    attributes = data.get("attributes")
    kind = _string(data.get("type"))
    if kind not in ("input", "textarea", "dropdown", "checkboxes", "upload") or not isinstance(attributes, Mapping):
        return None
    validations = data.get("validations")
    required = isinstance(validations, Mapping) and validations.get("required") is True
    options = attributes.get("options")
    names = [
        _string(one.get("label") if isinstance(one, Mapping) else one)
        for one in (options if isinstance(options, list) else [])
    ]
    return FormField(
        label=_string(attributes.get("label")),
        required=required,
        kind=kind,
        options=tuple(name for name in names if name),
        default=_string(attributes.get("value")),
        hint="\n".join(_string(attributes.get(one)) for one in ("description", "placeholder")).strip(),
    )


def _markdown_template(path: str, text: str) -> IssueForm | None:
    front: object = {}
    body = text
    if text.startswith("---"):
        head, separator, rest = text[3:].partition("\n---")
        if separator:
            front, body = load_yaml(head), rest.partition("\n")[2]
    meta = front if isinstance(front, Mapping) else {}
    return IssueForm(
        path=path,
        name=_string(meta.get("name")) or path.rsplit("/", 1)[-1],
        title=_string(meta.get("title")),
        labels=_labels(meta.get("labels")),
        fields=tuple(FormField(label=one, required=False, kind="heading") for one in _headings(body)),
        text=body,
    )


def _headings(body: str) -> list[str]:
    tokens = _BLOCKS.parse(body)
    pairs = pairwise(tokens)
    return [inline.content.strip() for opening, inline in pairs if opening.type == "heading_open"][:_MAX_FIELDS]


class _WithoutAliases(yaml.SafeLoader):
    """Refuses aliases while it composes, so that the text is scanned once."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # guard: aliases-in-forms (22)
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def load_yaml(text: str) -> object:
    """YAML without aliases (they can grow without bound) or None if it cannot be read."""
    try:
        loader = _WithoutAliases(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
        return None


def _labels(value: object) -> tuple[str, ...]:
    """Labels are a list or one comma-separated string."""
    names = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(name.strip() for name in names if isinstance(name, str) and name.strip())


def _string(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""
