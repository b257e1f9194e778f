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
from bot.logs import redact

FOLDER: Final = Path(__file__).parent.parent / "prompts"
_PLACEHOLDER: Final = re.compile(r"\{\{([a-z_]+)\}\}")
_TRUST: Final = ("trusted", "untrusted")


class PromptError(AssistantError):
    """A prompt folder, or the inputs for it, are not what they must be."""


@dataclass(frozen=True, slots=True)
class Input:
    """A typed input; longer text is cut to `cap` characters.

    Where an endpoint's context has no room for all inputs, those of the highest `worth` keep theirs.
    """

    trusted: bool
    cap: int
    worth: int = 1


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
    """All prompts by id; raises PromptError, naming the folder and the fault, if one is not whole."""
    try:
        found = sorted(one for one in folder.iterdir() if one.is_dir() and one.name[0] not in "._")
    except OSError as error:
        raise PromptError(f"the prompts cannot be read: {type(error).__name__}: {error}") from error
    return {prompt.id: prompt for prompt in map(_load, found)}


def fill(
    prompt: Prompt, inputs: Mapping[str, str], *, fence: str | None = None, rooms: Mapping[str, int] | None = None
) -> Messages:
    """The prompt with its inputs. Each untrusted one stands between lines with a random word that it cannot know.

    `rooms` may leave an input fewer characters than its cap.
    `fence` fixes that word (the cache and the tests want the same prompt twice); where it occurs in an input,
    another one is taken. What looks like a token or a key in an untrusted input is hidden.
    """
    if inputs.keys() != prompt.inputs.keys():
        raise PromptError(f"prompt {prompt.id} takes {sorted(prompt.inputs)}, not {sorted(inputs)}")
    word = fence or secrets.token_hex(8)
    while any(word in text for text in inputs.values()):  # guard: fences-of-prompts (2, 18)
        word = secrets.token_hex(8)
    caps = {name: min(rule.cap, (rooms or {}).get(name, rule.cap)) for name, rule in prompt.inputs.items()}
    parts = {name: _part(inputs[name], rule.trusted, caps[name], word) for name, rule in prompt.inputs.items()}
    cut = tuple(name for name, cap in caps.items() if len(inputs[name]) > cap)
    return Messages(prompt.system, _PLACEHOLDER.sub(lambda match: parts[match[1]], prompt.user), cut)


def _part(text: str, trusted: bool, cap: int, word: str) -> str:
    # A lone surrogate, which GitHub's JSON may hold, cannot be sent.
    text = text.encode("utf-8", "replace").decode()
    if trusted:
        return text[:cap]
    # Hidden before it is cut: half a token has no form to know it by.
    # guard: capped-prompts (25): without [:cap]
    return f"<<<data {word}\n{redact(text)[:cap]}\n>>>end {word}"  # guard: redacted-prompts (16): without redact


def _load(folder: Path) -> Prompt:
    try:
        prompt = _prompt(folder, tomllib.loads((folder / "prompt.toml").read_text("utf-8")))
        _check(prompt, folder.name)
    except (OSError, TypeError, ValueError) as error:
        raise PromptError(f"prompts/{folder.name}: {type(error).__name__}: {error}") from error
    return prompt


def _prompt(folder: Path, meta: dict[str, Any]) -> Prompt:
    _exactly("prompt.toml", meta, ("id", "version", "max_answer_tokens", "inputs"))
    if not isinstance(meta["inputs"], dict) or not meta["inputs"]:
        raise ValueError("inputs is a table of inputs")
    return Prompt(
        id=str(meta["id"]),
        version=_positive("version", meta["version"]),
        max_answer_tokens=_positive("max_answer_tokens", meta["max_answer_tokens"]),
        inputs={name: _input(name, rule) for name, rule in meta["inputs"].items()},
        system=(folder / "system.md").read_text("utf-8").strip(),
        user=(folder / "user.md").read_text("utf-8").strip(),
        schema=json.loads((folder / "output.schema.json").read_text("utf-8")),
    )


def _input(name: str, rule: object) -> Input:
    if not isinstance(rule, dict):
        raise ValueError(f"inputs.{name} is not a table")
    _exactly(f"inputs.{name}", rule, ("trust", "cap", "worth"))
    if rule["trust"] not in _TRUST:
        raise ValueError(f"inputs.{name}: trust is one of {_TRUST}")
    cap, worth = (_positive(f"inputs.{name}.{key}", rule[key]) for key in ("cap", "worth"))
    return Input(rule["trust"] == "trusted", cap, worth)


def _exactly(where: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    if table.keys() != set(keys):
        raise ValueError(f"{where} holds {', '.join(keys)}, not {', '.join(sorted(table)) or 'nothing'}")


def _positive(where: str, value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"{where} must be a whole number above 0")
    return value


def _check(prompt: Prompt, folder: str) -> None:
    if prompt.id != folder:
        raise ValueError(f"the id {prompt.id} is not the folder's name")
    if not prompt.system or "{{" in prompt.system:
        raise ValueError("system.md must hold text without placeholders")
    used = set(_PLACEHOLDER.findall(prompt.user))
    if used != set(prompt.inputs) or "{{" in _PLACEHOLDER.sub("", prompt.user):
        raise ValueError(f"user.md names {sorted(used)}, prompt.toml {sorted(prompt.inputs)}")
    order = [prompt.inputs[name].trusted for name in _PLACEHOLDER.findall(prompt.user)]
    if order != sorted(order, reverse=True):
        # Servers keep the beginning of a prompt that they saw before; the fence's random word ends it.
        raise ValueError("user.md: trusted inputs come before untrusted ones")
    if not isinstance(prompt.schema, dict) or prompt.schema.get("additionalProperties") is not False:
        raise ValueError("output.schema.json: the answer's schema must be closed")
