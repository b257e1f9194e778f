"""Issue forms and Markdown templates, good and odd ones."""

from typing import Final

import pytest

from bot.domain.facts import FormField, IssueForm
from bot.domain.forms import load_yaml, parse_form

PATH: Final = ".github/ISSUE_TEMPLATE/bug.yml"
FORM: Final = """name: Bug report
description: Something is wrong.
title: "[Bug]: "
labels: [bug, "needs-info"]
body:
  - type: markdown
    attributes: {value: Thanks!}
  - type: input
    id: version
    attributes: {label: Version, placeholder: "1.2"}
    validations: {required: true}
  - type: textarea
    attributes: {label: " What happened? ", value: "Tell us"}
    validations: {required: false}
  - type: dropdown
    attributes: {label: System, options: [Linux, macOS, 11]}
  - type: checkboxes
    attributes: {label: Terms, options: [{label: I agree, required: true}, {label: ""}]}
  - type: upload
    attributes: {label: Log}
"""


def test_an_issue_form() -> None:
    assert parse_form(PATH, FORM) == IssueForm(
        path=PATH,
        name="Bug report",
        title="[Bug]:",
        labels=("bug", "needs-info"),
        fields=(
            FormField("Version", required=True, kind="input", hint="1.2"),
            FormField("What happened?", required=False, kind="textarea", default="Tell us"),
            FormField("System", required=False, kind="dropdown", options=("Linux", "macOS", "11")),
            FormField("Terms", required=False, kind="checkboxes", options=("I agree",)),
            FormField("Log", required=False, kind="upload"),
        ),
    )


NOT_FORMS: Final[dict[str, tuple[str, str]]] = {
    "the chooser": ("config.yml", "blank_issues_enabled: false\n"),
    "the chooser with a body": ("config.yaml", FORM),
    "another kind of file": ("bug.txt", FORM),
    "nothing": ("bug.yml", ""),
    "a list": ("bug.yml", "- body\n"),
    "no body": ("bug.yml", "name: Bug\n"),
    "a body of words": ("bug.yml", "body: words\n"),
    "cut": ("bug.yml", "body: [\n"),
    "aliases": ("bug.yml", "body: &a [*a]\n"),
    "a Python object": ("bug.yml", "body: !!python/object/apply:os.system ['true']\n"),
    "too deep": ("bug.yml", "body: " + "[" * 5_000),
    "too large": ("bug.yml", FORM + "#" * 64 * 1024),
    "a large template": ("bug.md", "# " * 64 * 1024),
}


@pytest.mark.parametrize(("name", "text"), NOT_FORMS.values(), ids=NOT_FORMS)
def test_what_is_no_form(name: str, text: str) -> None:
    assert parse_form(f".github/ISSUE_TEMPLATE/{name}", text) is None


ODD: Final = {
    "not a mapping": "words",
    "no type": "{attributes: {label: A}}",
    "an unknown type": "{type: slider, attributes: {label: A}}",
    "no attributes": "{type: input}",
    "attributes of words": "{type: input, attributes: words}",
}


@pytest.mark.parametrize("entry", ODD.values(), ids=ODD)
def test_an_odd_entry_is_passed_over(entry: str) -> None:
    found = parse_form(PATH, f"body:\n  - {entry}\n  - {{type: input, attributes: {{label: Good}}}}\n")
    assert found is not None
    assert [one.label for one in found.fields] == ["Good"]


@pytest.mark.parametrize("required", ['"true"', "1", "yes please", "null", "[true]"])
def test_only_true_makes_a_question_required(required: str) -> None:
    text = f"body:\n  - {{type: input, attributes: {{label: A}}, validations: {{required: {required}}}}}\n"
    found = parse_form(PATH, text)
    assert found is not None
    assert not found.fields[0].required


def test_sixty_questions_are_enough() -> None:
    text = "body:\n" + "  - {type: input, attributes: {label: A}}\n" * 80
    found = parse_form(PATH, text)
    assert found is not None
    assert len(found.fields) == 60


def test_a_form_without_a_name_is_called_like_its_file() -> None:
    found = parse_form(PATH, "name: [odd]\nlabels: {odd: 1}\nbody: []\n")
    assert found == IssueForm(PATH, "bug.yml", "", (), ())


# a template, its name, labels, headings and text
TEMPLATES: Final = {
    "with front matter": (
        "---\nname: Bug\nlabels: bug, help wanted\n---\n## Steps\n\n### Version\n", "Bug", ("bug", "help wanted"),
        ["Steps", "Version"], "## Steps\n\n### Version\n",
    ),
    "with labels in a list": ("---\nlabels: [a, '', 5, b]\n---\nText\n", "bug.md", ("a", "b"), [], "Text\n"),
    "without": ("# One\n\nTwo\n---\n", "bug.md", (), ["One", "Two"], "# One\n\nTwo\n---\n"),
    "front matter that does not end": ("---\nname: Bug\n", "bug.md", (), [], "---\nname: Bug\n"),
    "front matter that cannot be read": ("---\nname: [\n---\n# A\n", "bug.md", (), ["A"], "# A\n"),
    "a heading in code": ("```\n# no\n```\n# yes\n", "bug.md", (), ["yes"], "```\n# no\n```\n# yes\n"),
    "empty": ("", "bug.md", (), [], ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name", "labels", "headings", "body"), TEMPLATES.values(), ids=TEMPLATES)
def test_markdown_templates(text: str, name: str, labels: tuple[str, ...], headings: list[str], body: str) -> None:
    found = parse_form(".github/ISSUE_TEMPLATE/bug.md", text)
    assert found is not None
    assert (found.name, found.labels, [one.label for one in found.fields], found.text) == (name, labels, headings, body)
    assert not any(one.required for one in found.fields)


@pytest.mark.parametrize("text", ["a: *b\n", "a: &b [*b]\n", "[", "a: 2026-99-99\n", "\x00", "[" * 5_000])
def test_yaml_that_cannot_be_read_is_nothing(text: str) -> None:
    assert load_yaml(text) is None
