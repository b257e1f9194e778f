"""Where models are: one value per endpoint, from a TOML file (the plain variables are read in `settings`)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.errors import SettingsError

# What a request line or header can hold.
VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_HEADER: Final = re.compile(r"\s*\[+\s*[\"']?([^\"'\]\s]+)[\"']?\s*\]")
_ENDPOINT: Final = "endpoint"
_EMBEDDING: Final = "embedding"
_KEYS: Final = frozenset({"api_key", "key", "token", "openai_api_key"})


class Level(StrEnum):
    """How an answer's form is asked for, the strictest first."""

    STRICT = "json_schema"
    LENIENT = "json_schema_lenient"
    TOOL = "tool_call"
    OBJECT = "json_object"
    TEXT = "text"


class Privacy(StrEnum):
    """Where text of private repositories may go: not to this endpoint; only if its address is loopback or private;
    to it in any case."""

    NEVER = "never"
    NEAR = "near"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-endpoints (16): without repr
class Endpoint:
    """An OpenAI-compatible endpoint and one model there. `name` is the operator's, for metrics and messages.

    Times are seconds: until the first token, and for one whole request. `context` (tokens) and `level` are learned
    where they are None. Prices are per million tokens, in any currency: that is millionths per token.
    `tokens_per_day` is for all repositories together. `reasoning_tokens` is the room that models get which think first.
    """

    base_url: str
    api_key: str
    model: str
    name: str = "model"
    privacy: Privacy = Privacy.NEAR
    first_token_timeout: float = 30.0
    timeout: float = 60.0
    concurrency: int = 4
    context: int | None = None
    level: Level | None = None
    price_in: float = 0.0
    price_out: float = 0.0
    tokens_per_day: int | None = None
    reasoning_tokens: int = 2_000
    identity: str = ""

    @property
    def key(self) -> str:
        """What is learned about the endpoint is remembered under this; its address may change from start to start."""
        return self.identity or f"{self.base_url} {self.model}"

    def cost(self, prompt_tokens: int, answer_tokens: int) -> int:
        """The price of a request in millionths of the currency, rounded up."""
        return -int(-(prompt_tokens * self.price_in + answer_tokens * self.price_out) // 1)


class _Embedding(BaseModel):
    """The [embedding] table of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    url: str
    model: Annotated[str, Field(min_length=1, max_length=200)]
    api_key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] | None = None
    timeout: Annotated[float, Field(gt=0, le=600)] = 60.0
    price_in: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    private: bool = False


class _Table(_Embedding):
    """One [[endpoint]] table of the file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    first_token_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    concurrency: Annotated[int, Field(ge=1, le=256)] = 4
    context: Annotated[int, Field(ge=512, le=10_000_000)] | None = None
    level: Literal["json_schema", "json_schema_lenient", "tool_call", "json_object", "text"] | None = None
    price_out: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    tokens_per_day: Annotated[int, Field(ge=0, le=10**12)] | None = None
    reasoning_tokens: Annotated[int, Field(ge=0, le=100_000)] = 2_000


def usable_url(url: str) -> bool:
    """Whether it is an http(s) address without credentials, query and fragment."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and "@" not in parts.netloc and not any(one in url for one in "?#\\")
    except ValueError:
        return False
    return usable and VISIBLE.fullmatch(url) is not None


def read_endpoints(path: Path, environment: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """The endpoints of a TOML file in their order, the preferred one first; keys come from the environment.

    Empty where there is an [embedding] table alone. Raises SettingsError in one sentence with the file and the line.
    """
    text, tables = _read(path)
    given = tables.get(_ENDPOINT, [])
    usable = isinstance(given, list) and all(isinstance(one, dict) for one in given)
    if not usable or not (given or _EMBEDDING in tables):
        raise SettingsError(f"{path} holds no [[endpoint]] table.")
    found = tuple(
        _endpoint(_Source(path, text, _ENDPOINT, number), table, environment) for number, table in enumerate(given, 1)
    )
    for number, one in enumerate(found, 1):
        if one.name in (other.name for other in found[: number - 1]):
            raise _Source(path, text, _ENDPOINT, number).mistake("name", f"the name {one.name!r} is used twice")
    return found


def read_embedding(path: Path, environment: Mapping[str, str]) -> Endpoint | None:
    """The endpoint of the file's [embedding] table, if there is one. Raises as `read_endpoints` does."""
    text, tables = _read(path)
    if _EMBEDDING not in tables:
        return None
    source = _Source(path, text, _EMBEDDING)
    if not isinstance(tables[_EMBEDDING], dict):
        raise source.mistake(_EMBEDDING, "there may be one [embedding] table")
    read = _validated(source, _Embedding, tables[_EMBEDDING])
    return Endpoint(
        base_url=read.url.rstrip("/"), api_key=_key(source, read, environment), model=read.model, name="embedding",
        privacy=_privacy(read), timeout=read.timeout, price_in=read.price_in,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Source:
    """A table's place in the file: the nth (1-based) of its name; without a name the whole file."""

    path: Path
    text: str
    table: str = ""
    number: int = 1

    def mistake(self, key: str, what: str) -> SettingsError:
        return SettingsError(f"{self.path}, line {self._line(key)}: {what}.")

    def _line(self, key: str) -> int:
        """The line (1-based) of a key in the table, or anywhere; else the table's own."""
        assignment = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.\]]|\s*\[+\s*{re.escape(key)}\b")
        head, within, seen = 1, not self.table, 0
        for number, line in enumerate(self.text.splitlines(), 1):
            header = _HEADER.match(line) if self.table else None
            if header:
                seen += header[1] == self.table
                within = header[1] == self.table and seen == self.number
                head = number if within else head
            elif within and assignment.match(line):
                return number
        return head


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """The file's text and its tables, of which each is of a known name."""
    try:
        text = path.read_text("utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"ASSISTANT_ENDPOINTS: {path} cannot be read: {type(error).__name__}.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from None
    for key in (one for one in tables if one not in (_ENDPOINT, _EMBEDDING)):
        raise _Source(path, text).mistake(
            key, f"unknown key {key!r}; there are only [[endpoint]] tables and one [embedding] table"
        )
    return text, tables


def _endpoint(source: _Source, table: dict[str, Any], environment: Mapping[str, str]) -> Endpoint:
    read = _validated(source, _Table, table)
    return Endpoint(
        base_url=read.url.rstrip("/"), api_key=_key(source, read, environment), model=read.model, name=read.name,
        privacy=_privacy(read), first_token_timeout=read.first_token_timeout, timeout=read.timeout,
        concurrency=read.concurrency, context=read.context, level=Level(read.level) if read.level else None,
        price_in=read.price_in, price_out=read.price_out,
        tokens_per_day=read.tokens_per_day, reasoning_tokens=read.reasoning_tokens,
    )  # fmt: skip


_Kind = TypeVar("_Kind", bound=_Embedding)


def _validated(source: _Source, kind: type[_Kind], table: dict[str, Any]) -> _Kind:
    try:
        read = kind.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        key = str(first["loc"][0])
        raise source.mistake(key, _mistake(key, first["type"], first["msg"], kind)) from None
    if not usable_url(read.url):
        raise source.mistake("url", "url must be an http(s) address without credentials, query and fragment")
    return read


def _key(source: _Source, read: _Embedding, environment: Mapping[str, str]) -> str:
    key = environment.get(read.api_key_env, "").strip() if read.api_key_env else ""
    if read.api_key_env and not key:
        raise source.mistake(
            "api_key_env", f"the variable {read.api_key_env}, which should hold the key, is not set"
        )  # fmt: skip
    if key and not VISIBLE.fullmatch(key):
        raise source.mistake("api_key_env", f"{read.api_key_env} holds characters that a key cannot have")
    return key


def _privacy(read: _Embedding) -> Privacy:
    return Privacy.ALWAYS if read.private else Privacy.NEVER


def _mistake(key: str, kind: str, message: str, table: type[_Embedding]) -> str:
    if kind == "missing":
        return f"{key} is missing"
    if key in _KEYS:
        return f"{key}: keys do not belong in this file; name a variable in api_key_env"
    if kind == "extra_forbidden":
        return f"unknown key {key!r} (known: {', '.join(table.model_fields)})"
    return f"{key}: {message[:1].lower()}{message[1:]}"
