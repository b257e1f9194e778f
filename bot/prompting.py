"""Loads the prompts in prompts/ and fills them: unknown or missing inputs are errors, untrusted ones are fenced."""

import json
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.domain.errors import AssistantError

FOLDER: Final = Path(__file__).parent.parent / "prompts"
_PLACEHOLDER: Final = re.compile(r"\{\{([a-z_]+)\}\}")
_TRUST: Final = ("trusted", "untrusted")


class PromptError(AssistantError):
    """A prompt folder, or the inputs for it, are not what they must be."""


@dataclass(frozen=True, slots=True)
class Input:
    """A typed input; longer text is cut to `cap` characters."""

    trusted: bool
    cap: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as it stands in its folder. `schema` is the closed JSON Schema of the answer."""

    id: str
    version: int
    max_answer_tokens: int
    inputs: Mapping[str, Input]
    system: str
    user: str
    schema: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.id} {self.version}"


@dataclass(frozen=True, slots=True)
class Messages:
    """What is sent to a model; `cut` names the inputs that were too long."""

    system: str
    user: str
    cut: tuple[str, ...]


def load_prompts(folder: Path = FOLDER) -> dict[str, Prompt]:
    """All prompts by id; raises PromptError, naming file and fault, if one is not whole."""
    return {prompt.id: prompt for prompt in map(_load, sorted(one for one in folder.iterdir() if one.is_dir()))}


def fill(prompt: Prompt, inputs: Mapping[str, str], *, fence: str | None = None) -> Messages:
    """The prompt with its inputs. Each untrusted one stands between lines with a random word that it cannot know.

    `fence` fixes that word (the cache and the tests want the same prompt twice); it must not occur in the inputs.
    """
    if inputs.keys() != prompt.inputs.keys():
        raise PromptError(f"prompt {prompt.id} takes {sorted(prompt.inputs)}, not {sorted(inputs)}")
    word = fence or secrets.token_hex(8)
    while any(word in text for text in inputs.values()):
        word = secrets.token_hex(8)
    parts = {name: _part(inputs[name], rule, word) for name, rule in prompt.inputs.items()}
    cut = tuple(name for name, rule in prompt.inputs.items() if len(inputs[name]) > rule.cap)
    return Messages(prompt.system, _PLACEHOLDER.sub(lambda match: parts[match[1]], prompt.user), cut)


def _part(text: str, rule: Input, word: str) -> str:
    kept = text[: rule.cap]
    if rule.trusted:
        return kept
    return f"<<<data {word}\n{kept}\n>>>end {word}"


def _load(folder: Path) -> Prompt:
    try:
        meta = tomllib.loads((folder / "prompt.toml").read_text("utf-8"))
        schema = json.loads((folder / "output.schema.json").read_text("utf-8"))
        prompt = Prompt(
            id=str(meta["id"]),
            version=int(meta["version"]),
            max_answer_tokens=int(meta["max_answer_tokens"]),
            inputs={name: _input(rule) for name, rule in meta["inputs"].items()},
            system=(folder / "system.md").read_text("utf-8").strip(),
            user=(folder / "user.md").read_text("utf-8").strip(),
            schema=schema,
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PromptError(f"prompts/{folder.name}: {type(error).__name__}: {error}") from error
    _check(prompt, folder.name)
    return prompt


def _input(rule: Mapping[str, Any]) -> Input:
    if rule["trust"] not in _TRUST:
        raise ValueError(f"trust is one of {_TRUST}")
    return Input(rule["trust"] == "trusted", int(rule["cap"]))


def _check(prompt: Prompt, folder: str) -> None:
    used = set(_PLACEHOLDER.findall(prompt.user))
    if prompt.id != folder or used != set(prompt.inputs) or _PLACEHOLDER.search(prompt.system):
        raise PromptError(f"prompts/{folder}: id, placeholders and inputs do not agree")
    if prompt.schema.get("additionalProperties") is not False:
        raise PromptError(f"prompts/{folder}: the answer's schema must be closed")
