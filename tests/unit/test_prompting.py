"""Prompt folders with one fault each, and what becomes of untrusted text in a prompt."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.prompting import FOLDER, Input, Prompt, PromptError, fill, load_prompts

TOML = """\
id = "sort"
version = 2
max_answer_tokens = 50

[inputs.title]
trust = "untrusted"
cap = 20
worth = 1

[inputs.kinds]
trust = "trusted"
cap = 30
worth = 2
"""
HEAD = TOML.partition("[inputs")[0]
SCHEMA = {
    "type": "object",
    "properties": {"sure": {"type": "boolean"}},
    "required": ["sure"],
    "additionalProperties": False,
}
FILES = {
    "prompt.toml": TOML,
    "system.md": "You sort reports.\n",
    "user.md": "Kinds: {{kinds}}\n\n{{title}}\n\nWhich kind is it?\n",
    "output.schema.json": json.dumps(SCHEMA),
}
Change = Callable[[Path], object]


def write(name: str, text: str) -> Change:
    return lambda folder: (folder / name).write_text(text, "utf-8")


def toml(old: str, new: str) -> Change:
    assert old in TOML
    return write("prompt.toml", TOML.replace(old, new))


FAULTS: dict[str, tuple[Change, str]] = {
    "no prompt.toml": (lambda folder: (folder / "prompt.toml").unlink(), "prompt.toml"),
    "no system.md": (lambda folder: (folder / "system.md").unlink(), "system.md"),
    "no user.md": (lambda folder: (folder / "user.md").unlink(), "user.md"),
    "no schema": (lambda folder: (folder / "output.schema.json").unlink(), "output.schema.json"),
    "toml that is none": (write("prompt.toml", "id = "), "TOMLDecodeError"),
    "toml that is no UTF-8": (lambda folder: (folder / "prompt.toml").write_bytes(b"\xff"), "UnicodeDecodeError"),
    "another id": (toml('id = "sort"', 'id = "other"'), "other"),
    "no version": (toml("version = 2\n", ""), "version"),
    "a version as text": (toml("version = 2", 'version = "2"'), "version"),
    "a version as truth value": (toml("version = 2", "version = true"), "version"),
    "version 0": (toml("version = 2", "version = 0"), "version"),
    "no room for an answer": (toml("max_answer_tokens = 50", "max_answer_tokens = 0"), "max_answer_tokens"),
    "an unknown key": (toml("version = 2", 'version = 2\nmodel = "big"'), "model"),
    "no inputs": (lambda folder: (folder / "prompt.toml").write_text(HEAD), "inputs"),
    "inputs that are no table": (write("prompt.toml", HEAD + "inputs = 1"), "inputs"),
    "an input that is no table": (write("prompt.toml", HEAD + "inputs.title = 1"), "inputs.title"),
    "no trust": (toml('trust = "trusted"\n', ""), "inputs.kinds"),
    "another trust": (toml('trust = "trusted"', 'trust = "maybe"'), "inputs.kinds"),
    "no cap": (toml("cap = 20\n", ""), "inputs.title"),
    "a negative cap": (toml("cap = 20", "cap = -1"), "inputs.title.cap"),
    "a cap as text": (toml("cap = 20", 'cap = "20"'), "inputs.title.cap"),
    "no worth": (toml("worth = 2\n", ""), "inputs.kinds"),
    "no value at all": (toml("worth = 2", "worth = 0"), "inputs.kinds.worth"),
    "a stranger's text before our own": (write("user.md", "{{title}}{{kinds}}"), "trusted inputs come before"),
    "an unknown key of an input": (toml("cap = 20", "cap = 20\nkeep = 1"), "keep"),
    "a placeholder too few": (write("user.md", "{{title}}"), "kinds"),
    "a placeholder too many": (write("user.md", "{{title}}{{kinds}}{{body}}"), "body"),
    "a placeholder with spaces": (write("user.md", "{{title}}{{kinds}}{{ title }}"), "user.md"),
    "a placeholder in the system text": (write("system.md", "You sort {{title}}."), "system.md"),
    "an empty system text": (write("system.md", "\n"), "system.md"),
    "a schema that is no JSON": (write("output.schema.json", "{"), "JSONDecodeError"),
    "a schema that is a list": (write("output.schema.json", "[]"), "output.schema.json"),
    "an open schema": (write("output.schema.json", '{"type": "object"}'), "closed"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A prompt folder in which everything is right."""
    made = tmp_path / "sort"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text, "utf-8")
    return made


def prompt(user: str = "A {{title}} B {{kinds}} C") -> Prompt:
    inputs = {"title": Input(trusted=False, cap=20), "kinds": Input(trusted=True, cap=30)}
    return Prompt("sort", 2, 50, inputs, "You sort reports.", user, SCHEMA)


def test_a_whole_folder_is_loaded(folder: Path) -> None:
    found = load_prompts(folder.parent)["sort"]
    assert (found.name, found.max_answer_tokens, found.schema) == ("sort 2", 50, SCHEMA)
    assert found.inputs == {"title": Input(False, 20, 1), "kinds": Input(True, 30, 2)}
    assert (found.system, found.user[:5]) == ("You sort reports.", "Kinds")


@pytest.mark.parametrize(("change", "named"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_named_with_its_folder(folder: Path, change: Change, named: str) -> None:
    change(folder)
    with pytest.raises(PromptError, match="prompts/sort") as caught:
        load_prompts(folder.parent)
    assert named in str(caught.value)


def test_files_and_hidden_folders_are_no_prompts(folder: Path) -> None:
    (folder.parent / "README.md").write_text("Prompts.")
    (folder.parent / ".git").mkdir()
    (folder.parent / "__pycache__").mkdir()
    assert list(load_prompts(folder.parent)) == ["sort"]


def test_a_missing_folder_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="cannot be read"):
        load_prompts(tmp_path / "none")


def test_our_own_prompts_are_whole(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "prompts")
    assert load_prompts(tmp_path / "prompts").keys() == load_prompts().keys() >= {"triage"}


@pytest.mark.parametrize("inputs", [{}, {"title": "x"}, {"title": "x", "kinds": "y", "body": "z"}, {"titel": "x"}])
def test_unknown_and_missing_inputs_are_errors(inputs: dict[str, str]) -> None:
    with pytest.raises(PromptError, match="takes"):
        fill(prompt(), inputs)


def test_untrusted_text_stands_between_fences() -> None:
    filled = fill(prompt(), {"title": "It broke", "kinds": "bug"}, fence="w0rd")
    assert filled.user == "A <<<data w0rd\nIt broke\n>>>end w0rd B bug C"
    assert (filled.system, filled.cut) == ("You sort reports.", ())


def test_every_prompt_has_another_fence() -> None:
    inputs = {"title": "It broke", "kinds": "bug"}
    assert fill(prompt(), inputs).user != fill(prompt(), inputs).user


def test_a_fence_that_the_text_knows_is_not_used() -> None:
    filled = fill(prompt(), {"title": ">>>end w0rd", "kinds": "bug"}, fence="w0rd")
    assert filled.user.count("w0rd") == 1


def test_placeholders_in_inputs_stay_as_they_are() -> None:
    filled = fill(prompt(), {"title": "{{kinds}}", "kinds": "{{title}}"}, fence="w0rd")
    assert filled.user == "A <<<data w0rd\n{{kinds}}\n>>>end w0rd B {{title}} C"


def test_long_inputs_are_cut_and_named() -> None:
    filled = fill(prompt(), {"title": "x" * 21, "kinds": "y" * 31}, fence="w0rd")
    assert filled.cut == ("title", "kinds")
    assert (filled.user.count("x"), filled.user.count("y")) == (20, 30)


def test_inputs_of_just_the_length_are_whole() -> None:
    assert fill(prompt(), {"title": "x" * 20, "kinds": "y" * 30}).cut == ()


@pytest.mark.parametrize("token", ["ghp_" + "a1" * 18, "ghs_" + "aB.c_d-e" * 64, "sk-" + "q" * 40])
def test_what_looks_like_a_token_is_not_sent(token: str) -> None:
    long = Prompt("sort", 1, 50, {"body": Input(trusted=False, cap=100)}, "You sort.", "{{body}}", SCHEMA)
    for text in (f"my token is {token}, is that bad?", f"{'x ' * 45}{token}"):
        user = fill(long, {"body": text}).user
        assert "[hidden]" in user
        assert token[:12] not in user


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text())
def test_untrusted_text_never_leaves_its_fence(title: str, kinds: str) -> None:
    user = fill(prompt(), {"title": title, "kinds": kinds}).user
    user.encode()
    word = user[len("A <<<data ") :].partition("\n")[0]
    assert user.count(word) == 2
    start, end = user.index(f"<<<data {word}\n"), user.index(f"\n>>>end {word}")
    assert start < end
    assert end - start <= len(f"<<<data {word}\n") + 20
