"""The environment, part by part: one mistake does not keep the other parts from being looked at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar

from bot.doctor.checks import Check, failure, ok
from bot.domain.errors import SettingsError
from bot.settings import ModelSettings, Settings, load_embedding, load_settings

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

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Environment:
    """The settings as far as they can be read: what is wrong has its default, and a check that says so."""

    settings: Settings
    embedding: ModelSettings | None
    checks: tuple[Check, ...]


def read(given: Mapping[str, str]) -> Environment:
    """Each part by itself; the sentences are the settings' own."""
    found = _Mistakes()
    if any(given.get(name, "").strip() for name in _KEY):
        # Whatever the App's other variables are like.
        whole = {**_only(given, _KEY), "GITHUB_APP_ID": "1", "GITHUB_WEBHOOK_SECRET": "-"}
        found.part("private key", partial(load_settings, whole))
    app = found.part("environment: GitHub App", partial(load_settings, _only(given, _APP)))
    model = found.part("environment: model", partial(load_settings, _only(given, _MODEL)))
    embedding = found.part("environment: embeddings", partial(load_embedding, _only(given, _MODEL)))
    right = {}
    for name in _SINGLE:
        alone = _only(given, frozenset({name}))
        if name in given and found.part(f"environment: {name}", partial(load_settings, alone)) is not None:
            right[name] = given[name]
    settings = replace(load_settings(right), app=app.app if app else None, model=model.model if model else None)
    checks = tuple(found.checks.values()) or (ok("environment", _told(given)),)
    return Environment(settings, embedding, checks)


@dataclass(slots=True)
class _Mistakes:
    """By their sentences: one that two parts meet is told once."""

    checks: dict[str, Check] = field(default_factory=dict)

    def part(self, name: str, load: Callable[[], T]) -> T | None:
        try:
            return load()
        except SettingsError as error:
            self.checks.setdefault(str(error), failure(name, str(error), _REMEDY))
            return None


def _only(given: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    """These variables, and those that only the operator knows: a file of endpoints names them for its keys."""
    return {name: value for name, value in given.items() if name in names or name not in _KNOWN}


def _told(given: Mapping[str, str]) -> str:
    count = sum(1 for name, value in given.items() if name in _KNOWN and value.strip())
    return f"variables set: {count}; each can be read"
