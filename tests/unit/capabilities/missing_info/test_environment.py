"""Ecosystems' environment reports: recognised in their true formats, asked for where nothing is there."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic import ValidationError

from bot.capabilities.missing_info import CAPABILITY
from bot.capabilities.missing_info.config import MissingInfoOptions
from bot.capabilities.missing_info.environment import chosen, lines_of, profiles, reported
from bot.capabilities.missing_info.questions import Thread, wanted
from bot.domain.actions import DropSection, SetSection
from bot.domain.facts import FormField, IssueForm
from bot.domain.plan import Plan, Skip
from bot.domain.report import read
from tests.unit.capabilities.build import AUTHOR, commented, context, facts, rendered
from tests.unit.capabilities.missing_info.environments import FURTHER, REPORTS
from tests.unit.capabilities.missing_info.test_decide import ASKING

CRASH = "It crashes when I call `fit()` with an empty list, and I do not know why."
PYTORCH = MissingInfoOptions(profile="pytorch")


def test_every_profile_has_a_report_here() -> None:
    assert set(REPORTS) == set(profiles())


SHAPES = {
    "in a fence": "{text} it fails\n\n```text\n{report}\n```\n\nthanks",
    "in details": "it fails\n\n<details>\n<summary>env</summary>\n\n```\n{report}\n```\n\n</details>",
    "pasted": "it fails\n\n{report}",
    "with Windows line ends": "it fails\r\n\r\n```\r\n{report}\r\n```",
}


PRINTED = {**{name: (name, *one) for name, one in REPORTS.items()}, **FURTHER}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("name", "text", "versions"), PRINTED.values(), ids=PRINTED)
def test_a_report_is_recognised(name: str, text: str, versions: Mapping[str, str], shape: str) -> None:
    body = read(shape.format(text="", report=text))
    found = profiles()[name].environment(lines_of(body.visible))
    assert versions.items() <= found.items()
    assert versions.keys() <= reported([body]).keys()


@pytest.mark.parametrize("name", REPORTS)
def test_running_text_is_no_report(name: str) -> None:
    profile = profiles()[name]
    body = read(f"{CRASH}\n\nI use {profile.title} on Linux. OS: yes, version: new.\n\n```python\nfit([])\n```")
    assert not profile.environment(lines_of(body.visible))
    assert not profile.in_prose(body)


NO_VERSIONS = (
    "Python is broken\nPython 3 crashes here",
    "go version is new",
    "Version: new\nAPI version: none",
    "release: 1.4\nhost: example.org",
    '{\n  "version": "1.13.1",\n  "commit": "9c2d1e0",\n  "platform": "web",\n  "python": "3.11.4",\n}',
    "Name: jonas\n\nVersion: 1.4",
)


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_lines_without_a_version_are_no_report(text: str) -> None:
    assert not reported([read(text)])


@pytest.mark.parametrize("name", REPORTS)
def test_a_version_in_running_text_is_found(name: str) -> None:
    profile = profiles()[name]
    assert profile.in_prose(read(f"{CRASH} I use {next(iter(sorted(profile.names)))} 2.4.1 on Linux."))


@pytest.mark.parametrize("name", REPORTS)
def test_a_failure_without_any_version_is_asked_for_exactly_that_command(name: str) -> None:
    plan = decided(CRASH, MissingInfoOptions(profile=name))
    assert isinstance(plan, Plan)
    (section,) = [one for one in plan.actions if isinstance(one, SetSection)]
    assert f"the output of `{profiles()[name].command}`" in rendered(section.text)


def test_the_question_is_taken_back_when_the_report_comes() -> None:
    answer = commented(f"Here:\n\n```\n{REPORTS['pytorch'][0]}\n```", by=AUTHOR, body=CRASH, **ASKING)
    plan = CAPABILITY.decide(answer, None, context(PYTORCH))
    assert isinstance(plan, Plan)
    assert any(isinstance(one, DropSection) for one in plan.actions)


OTHERS = {
    "Python": ("Python 3.11", "pytorch"),
    "Python, in full": (REPORTS["python"][0], "pytorch"),
    "Ollama": ("ollama version is 0.3.6", "pytorch"),
    "Go": (REPORTS["go"][0], "vllm"),
    "PyTorch": (REPORTS["pytorch"][0], "vllm"),
    "what looks like a part of Rust's": ("release: 1.4", "rust"),
}


@pytest.mark.parametrize(("printed", "profile"), OTHERS.values(), ids=OTHERS)
def test_another_ecosystems_output_answers_for_that_one_only(printed: str, profile: str) -> None:
    plan = decided(f"{CRASH}\n\n```\n{printed}\n```", MissingInfoOptions(profile=profile))
    assert isinstance(plan, Plan)
    assert any(isinstance(one, SetSection) for one in plan.actions)


def test_a_version_of_python_is_none_of_a_package_called_after_it() -> None:
    assert isinstance(decided(f"{CRASH} I use Python 3.11.", MissingInfoOptions(profile="llama-cpp-python")), Plan)
    assert isinstance(
        decided(f"{CRASH} I use llama-cpp-python 0.2.", MissingInfoOptions(profile="llama-cpp-python")), Skip
    )


def test_another_ecosystems_output_answers_where_it_names_the_component() -> None:
    assert isinstance(decided(f"{CRASH}\n\n```\n{REPORTS['transformers'][0]}\n```", PYTORCH), Skip)


NOT_ASKED = {
    "a version in the text": f"{CRASH} This is torch 2.4.1.",
    "the report is there": f"{CRASH}\n\n```\n{REPORTS['pytorch'][0]}\n```",
    "no failure": "How do I build a wheel?",
    "another language": "Das Programm stürzt ab, wenn ich eine leere Liste übergebe.",
}


@pytest.mark.parametrize("body", NOT_ASKED.values(), ids=NOT_ASKED)
def test_who_is_not_asked(body: str) -> None:
    assert isinstance(decided(body, PYTORCH), Skip)


def test_nobody_is_asked_without_a_profile() -> None:
    assert isinstance(decided(CRASH, MissingInfoOptions()), Skip)
    assert isinstance(decided(CRASH, MissingInfoOptions(profile="none")), Skip)


FORM = IssueForm(
    "bug.yml",
    "Bug",
    "",
    (),
    (
        FormField("Your airflow version", True, "input", hint="See `airflow info`."),
        FormField("Environment", True, "textarea"),
        FormField("What happened?", True, "textarea"),
    ),
)
EMPTY = "### Your airflow version\n\n_No response_\n\n### Environment\n\n_No response_\n\n### What happened?\n\n{}"


def test_a_report_answers_the_questions_of_a_form() -> None:
    body = EMPTY.format(f"It crashes.\n\n```\n{REPORTS['airflow'][0]}\n```")
    assert decided(body, MissingInfoOptions(), forms=(FORM,)) == Skip("nothing is missing")


SYSTEMS = {
    "nothing": ("", ("Operating system",)),
    "a version of Python": ("Python 3.11.4", ("Operating system",)),
    "an output without a system": (REPORTS["ollama"][0], ("Operating system",)),
    "an output with one": (REPORTS["scikit-learn"][0], ()),
}


@pytest.mark.parametrize(("printed", "missing"), SYSTEMS.values(), ids=SYSTEMS)
def test_only_an_output_with_a_system_answers_for_it(printed: str, missing: tuple[str, ...]) -> None:
    form = replace(FORM, fields=(FormField("Operating system", True, "input"), FormField("Story", True, "textarea")))
    body = f"### Operating system\n\n_No response_\n\n### Story\n\nIt crashes.\n\n```\n{printed}\n```"
    found = wanted(Thread("It crashes", body, (), "rocket"), (form,), None, without_form=True)
    assert found is not None
    assert found.fields == missing


def test_a_forms_question_comes_with_the_command() -> None:
    plan = decided(EMPTY.format("It crashes."), MissingInfoOptions(), forms=(FORM,))
    assert isinstance(plan, Plan)
    (section,) = [one for one in plan.actions if isinstance(one, SetSection)]
    assert "`airflow info` prints the versions." in rendered(section.text)


CHOSEN = {
    "by its repository": (None, "PyTorch/PyTorch", (), "pytorch"),
    "by the command in its form": (None, "acme/rocket", (FORM,), "airflow"),
    "by the command in its template": (
        None,
        "acme/rocket",
        (replace(FORM, fields=(), text="Run `rustc --version --verbose`"),),
        "rust",
    ),
    "configured": ("node", "pytorch/pytorch", (FORM,), "node"),
    "two commands": (None, "acme/rocket", (FORM, replace(FORM, fields=(), text="or `mlflow doctor`")), None),
    "nobody's": (None, "acme/rocket", (), None),
    "switched off": ("none", "pytorch/pytorch", (), None),
}


@pytest.mark.parametrize(("wanted", "repository", "forms", "expected"), CHOSEN.values(), ids=CHOSEN)
def test_which_profile(wanted: str | None, repository: str, forms: tuple[IssueForm, ...], expected: str | None) -> None:
    found = chosen(wanted, repository, forms)
    assert (found.id if found else None) == expected


def test_an_unknown_profile_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ValidationError, match="no such profile"):
        MissingInfoOptions(profile="pytorhc")


def test_hostile_lines_cost_little() -> None:
    line = "OS: " + "a " * 140
    assert not reported([read("\n".join([line] * 5_000))])


def decided(body: str, options: MissingInfoOptions, *, forms: tuple[IssueForm, ...] = ()) -> Plan | Skip:
    return CAPABILITY.decide(facts(body=body, forms=forms), None, context(options))
