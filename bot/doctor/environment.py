"""The environment, part by part: one mistake does not keep the other parts from being looked at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from typing import Final, TypeVar

from bot.doctor.checks import Check, failure, ok, warning
from bot.domain.errors import SettingsError
from bot.settings import ModelSettings, Settings, load_embedding, load_model, load_settings

_REMEDY: Final = "Mend it in the environment or in .env; .env.example says what each variable is for."
_KEY: Final = frozenset({"GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_PATH"})
_APP: Final = _KEY | {"GITHUB_APP_ID", "GITHUB_WEBHOOK_SECRET", "GITHUB_API_URL"}
_MODEL: Final = frozenset(
    {
        "OPENAI_BASE_URL", "OPENAI_API_KEY", "ASSISTANT_MODEL", "ASSISTANT_MODEL_FILE", "ASSISTANT_ENDPOINTS",
        "ASSISTANT_PRIVATE_TEXT", "ASSISTANT_TOKENS_PER_DAY", "ASSISTANT_MONEY_PER_DAY", "ASSISTANT_EMBEDDING_MODEL",
    }
)  # fmt: skip
_SINGLE: Final = (
    "DATABASE_URL", "ASSISTANT_DATA_DIR", "ASSISTANT_PUBLIC_URL", "ASSISTANT_RETENTION_DAYS", "ASSISTANT_CONCURRENCY",
    "HOST", "PORT", "LOG_LEVEL", "LOG_FORMAT",
)  # fmt: skip
_KNOWN: Final = _APP | _MODEL | frozenset(_SINGLE)

_MONEY: Final = "ASSISTANT_MONEY_PER_DAY"
_ALIKE: Final = 0.8
MODEL: Final = "environment: model"
EMBEDDINGS: Final = "environment: embeddings"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Environment:
    """The settings as far as they can be read: what is wrong has its default, and a check that says so.

    `unread` names the parts that could not be read.
    """

    settings: Settings
    embedding: ModelSettings | None
    checks: tuple[Check, ...]
    unread: frozenset[str] = frozenset()


def read(given: Mapping[str, str]) -> Environment:
    """Each part by itself; the sentences are the settings' own."""
    found = _Mistakes()
    if any(given.get(name, "").strip() for name in _KEY):
        # Whatever the App's other variables are like.
        whole = {**_only(given, _KEY), "GITHUB_APP_ID": "1", "GITHUB_WEBHOOK_SECRET": "-"}
        found.part("private key", partial(load_settings, whole))
    app = found.part("environment: GitHub App", partial(load_settings, _only(given, _APP)))
    model = found.part(MODEL, partial(load_model, _only(given, _MODEL)))
    embedding = found.part(EMBEDDINGS, partial(load_embedding, _only(given, _MODEL)))
    right = {}
    for name in _SINGLE:
        alone = _only(given, frozenset({name}))
        if name in given and found.part(f"environment: {name}", partial(load_settings, alone)) is not None:
            right[name] = given[name]
    settings = replace(load_settings(right), app=app.app if app else None, model=model)
    checks = tuple(found.checks.values()) or (ok("environment", _told(given)),)
    doubts = () if found.unread & {MODEL, EMBEDDINGS} else _doubts(given, model, embedding)
    return Environment(settings, embedding, (*checks, *doubts), frozenset(found.unread))


def _doubts(given: Mapping[str, str], model: ModelSettings | None, embedding: ModelSettings | None) -> Iterator[Check]:
    """What can be read, but hardly is what was meant."""
    for name in given:
        strange = name.startswith("ASSISTANT_") and name not in _KNOWN
        meant = get_close_matches(name, _KNOWN, 1, _ALIKE) if strange else ()
        if meant:
            yield warning(f"environment: {name}", "no variable of this name is read", f"Is {meant[0]} meant?")
    if model is None and embedding is None and given.get("OPENAI_BASE_URL", "").strip():
        yield warning(
            MODEL, "OPENAI_BASE_URL is set and ASSISTANT_MODEL is not: no model is asked",
            "Name a model of that endpoint in ASSISTANT_MODEL.",
        )  # fmt: skip
    endpoints = [one for of in (model, embedding) if of for one in of.endpoints]
    if given.get(_MONEY, "").strip() and not any(one.price_in or one.price_out for one in endpoints):
        yield warning(
            f"environment: {_MONEY}", "it limits nothing: no endpoint has a price",
            "Give the endpoints their prices in ASSISTANT_ENDPOINTS: docs/models/README.md.",
        )  # fmt: skip


@dataclass(slots=True)
class _Mistakes:
    """By their sentences: one that two parts meet is told once."""

    checks: dict[str, Check] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def part(self, name: str, load: Callable[[], T]) -> T | None:
        try:
            return load()
        except SettingsError as error:
            self.unread.add(name)
            self.checks.setdefault(str(error), failure(name, str(error), _REMEDY))
            return None


def _only(given: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    """These variables, and those that only the operator knows: a file of endpoints names them for its keys."""
    return {name: value for name, value in given.items() if name in names or name not in _KNOWN}


def _told(given: Mapping[str, str]) -> str:
    count = sum(1 for name, value in given.items() if name in _KNOWN and value.strip())
    return f"variables set: {count}; each can be read"
