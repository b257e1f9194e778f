"""The environment as frozen settings: everything is checked at the start, in one sentence per mistake."""

import base64
import binascii
import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.domain.errors import SettingsError
from bot.endpoints import VISIBLE, Endpoint, Privacy, read_embedding, read_endpoints, usable_url

_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")
_OURS: Final = re.compile(r"(GITHUB|OPENAI|ASSISTANT|LOG)_[A-Z_]+|DATABASE_URL|HOST|PORT")
_HOST: Final = re.compile(r"[A-Za-z0-9.:_%-]{1,253}")
_MONEY: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_TOKENS_PER_DAY: Final = 500_000
_OTHER_MODELS: Final = ("ASSISTANT_ENDPOINTS", "ASSISTANT_MODEL_FILE")


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-app-settings (16): without repr
class AppSettings:
    """The GitHub App. `webhook_secrets` holds the new and the old one while rotating."""

    app_id: int
    private_key: str
    webhook_secrets: tuple[bytes, ...]
    api_url: str


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Endpoints, the preferred one first, and what a repository may use of them in a day.

    `money_per_day` is in millionths of the currency that the endpoints' prices are in; None means no limit.
    `file` is a model of our own, preferred to all endpoints.
    """

    endpoints: tuple[Endpoint, ...]
    tokens_per_day: int = _TOKENS_PER_DAY
    money_per_day: int | None = None
    file: Path | None = None

    @classmethod
    def plain(
        cls, base_url: str, api_key: str, model: str, *, private_text: bool = False,
        tokens_per_day: int = _TOKENS_PER_DAY, money_per_day: int | None = None,
    ) -> "ModelSettings":  # fmt: skip
        """One endpoint, as the three plain variables name it."""
        privacy = Privacy.ALWAYS if private_text else Privacy.NEAR
        return cls((Endpoint(base_url, api_key, model, privacy=privacy),), tokens_per_day, money_per_day)


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-settings (16): without repr
class Settings:
    """All settings. `database_url` None means the embedded database in `data_folder`.

    `public_url` is where GitHub reaches the service, without the path of the webhook.
    """

    app: AppSettings | None
    model: ModelSettings | None
    database_url: str | None
    data_folder: Path
    retention_days: int
    host: str
    port: int
    log_level: str
    log_format: str
    concurrency: int
    public_url: str | None = None
    embedding: ModelSettings | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never appear in a log."""
        # guard: secrets-of-the-app (16): as ()
        app = (self.app.private_key, *(one.decode() for one in self.app.webhook_secrets)) if self.app else ()
        # guard: secrets-of-the-model (16): as ()
        model = tuple(one.api_key for of in (self.model, self.embedding) if of for one in of.endpoints)
        # guard: secrets-of-the-database (16): as ()
        database = (self.database_url, *_passwords(self.database_url)) if self.database_url else ()
        return tuple(one for one in (*app, *model, *database) if len(one) >= 6)

    def required_app(self) -> AppSettings:
        """The App's settings; raises SettingsError where none are set."""
        if self.app is None:
            raise SettingsError(
                "GITHUB_APP_ID, GITHUB_PRIVATE_KEY (or GITHUB_PRIVATE_KEY_PATH) and GITHUB_WEBHOOK_SECRET are not "
                "set: create the App as the README describes, or try `make demo`, which needs none of them."
            )
        return self.app


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; raises SettingsError in one sentence that names the variable."""
    given = os.environ if environment is None else environment
    env = _ours(given)
    port = _number(env, "PORT", 8080, 0, 65535)
    return Settings(
        app=_app(env),
        model=load_model(given),
        database_url=_database(env),
        data_folder=Path(env.get("ASSISTANT_DATA_DIR", "./data")),
        retention_days=_number(env, "ASSISTANT_RETENTION_DAYS", 30, 1, 3650),
        # A platform that gives the port expects the service on all addresses.
        host=_host(env, "0.0.0.0" if "PORT" in env else "127.0.0.1"),  # noqa: S104
        port=port,
        log_level=_choice(env, "LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        log_format=_choice(env, "LOG_FORMAT", "console", ("console", "json")),
        concurrency=_number(env, "ASSISTANT_CONCURRENCY", 8, 1, 64),
        public_url=_url(env, "ASSISTANT_PUBLIC_URL", "") if "ASSISTANT_PUBLIC_URL" in env else None,
        embedding=load_embedding(given),
    )


def _app(env: Mapping[str, str]) -> AppSettings | None:
    names = ("GITHUB_APP_ID", "GITHUB_WEBHOOK_SECRET")
    key_names = ("GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_PATH")
    if not any(name in env for name in (*names, *key_names)):
        return None
    for name in names:
        if name not in env:
            raise SettingsError(f"{name} is not set, but other variables of the App are.")
    if not any(name in env for name in key_names):
        raise SettingsError(
            "GITHUB_PRIVATE_KEY (or GITHUB_PRIVATE_KEY_PATH) is not set, but other variables of the App are."
        )
    secrets = tuple(one.strip().encode() for one in env["GITHUB_WEBHOOK_SECRET"].split(",") if one.strip())
    if not secrets:
        raise SettingsError("GITHUB_WEBHOOK_SECRET holds no secret.")
    return AppSettings(
        app_id=_number(env, "GITHUB_APP_ID", 0, 1, 2**53),
        private_key=_private_key(env),
        webhook_secrets=secrets,
        api_url=_url(env, "GITHUB_API_URL", "https://api.github.com"),
    )


def _private_key(env: Mapping[str, str]) -> str:
    name = "GITHUB_PRIVATE_KEY"
    text = env.get(name, "")
    if not text:
        name = "GITHUB_PRIVATE_KEY_PATH"
        try:
            text = Path(env[name]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name} cannot be read: {type(error).__name__}.") from None
    if "-----BEGIN" not in text:
        try:
            # `base64` breaks its lines.
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            raise SettingsError(f"{name} is neither PEM text nor base64 of it.") from None
    text = text.replace("\\n", "\n")
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{name} is not a PEM private key without a password.") from None
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError(f"{name} is not an RSA key, which GitHub Apps use.")
    return text


def load_model(environment: Mapping[str, str]) -> ModelSettings | None:
    """The endpoints for questions, whatever the other variables are like; None where no model is named.

    Raises SettingsError in one sentence that names the variable.
    """
    return _model(_ours(environment), environment)


def _ours(given: Mapping[str, str]) -> dict[str, str]:
    env = {key: value.strip() for key, value in given.items() if value.strip() and _OURS.fullmatch(key)}
    for name, value in env.items():
        if not _is_text(value):
            raise SettingsError(f"{name} holds bytes that are not UTF-8 text.")
    return env


def _model(env: Mapping[str, str], given: Mapping[str, str]) -> ModelSettings | None:
    """`given` is the whole environment: the operator chooses the names of the variables that hold keys."""
    tokens = _tokens(env)
    money = _money(env, "ASSISTANT_MONEY_PER_DAY")
    file = _model_file(env)
    if "ASSISTANT_ENDPOINTS" in env:
        if "ASSISTANT_MODEL" in env:
            raise SettingsError(
                "ASSISTANT_ENDPOINTS and ASSISTANT_MODEL are both set: the file names its models itself."
            )
        listed = read_endpoints(Path(env["ASSISTANT_ENDPOINTS"]), given)
        return ModelSettings(listed, tokens, money, file) if listed or file else None
    if "ASSISTANT_MODEL" not in env:
        return None if file is None else ModelSettings((), tokens, money, file)
    plain = ModelSettings.plain(
        base_url=_url(env, "OPENAI_BASE_URL", "https://api.openai.com/v1"),
        api_key=_api_key(env),
        model=env["ASSISTANT_MODEL"],
        private_text=_choice(env, "ASSISTANT_PRIVATE_TEXT", "0", (*_TRUE, *_FALSE)) in _TRUE,
        tokens_per_day=tokens,
        money_per_day=money,
    )
    return replace(plain, file=file)


def _model_file(env: Mapping[str, str]) -> Path | None:
    """A file in llama.cpp's format, which begins with its name."""
    name = "ASSISTANT_MODEL_FILE"
    if name not in env:
        return None
    path = Path(env[name])
    try:
        with path.open("rb") as file:
            begins = file.read(4)
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {type(error).__name__}.") from None
    if begins != b"GGUF":
        raise SettingsError(f"{name} is not a model in llama.cpp's format (GGUF).")
    if importlib.util.find_spec("xllamacpp") is None:
        raise SettingsError(f"{name} needs llama.cpp: pip install 'contribution-assistant[local]'.")
    return path


def _money(env: Mapping[str, str], name: str) -> int | None:
    """An amount such as 0.50 in millionths; None where it is not set."""
    text = env.get(name)
    if text is None:
        return None
    if not _MONEY.fullmatch(text):
        raise SettingsError(f"{name} must be an amount such as 0.50.")
    whole, _, part = text.partition(".")
    return int(whole) * 10**6 + int(part.ljust(6, "0") if part else 0)


def load_embedding(environment: Mapping[str, str] | None = None) -> ModelSettings | None:
    """The endpoint for embeddings, which needs no App: that of the file's table, or of the plain variables; None where
    no embedding model is named.

    Raises SettingsError in one sentence that names the variable.
    """
    given = os.environ if environment is None else environment
    env = _ours(given)
    name = env.get("ASSISTANT_EMBEDDING_MODEL")
    listed = read_embedding(Path(env["ASSISTANT_ENDPOINTS"]), given) if "ASSISTANT_ENDPOINTS" in env else None
    if listed is not None:
        if name is not None:
            raise SettingsError(
                "ASSISTANT_EMBEDDING_MODEL is set, and the file in ASSISTANT_ENDPOINTS has an [embedding] table: "
                "one of them is enough."
            )
        return ModelSettings((listed,), _tokens(env), _money(env, "ASSISTANT_MONEY_PER_DAY"))
    if name is None:
        return None
    alone = {key: value for key, value in env.items() if key not in _OTHER_MODELS}
    return _model({**alone, "ASSISTANT_MODEL": name}, given)


def _tokens(env: Mapping[str, str]) -> int:
    return _number(env, "ASSISTANT_TOKENS_PER_DAY", _TOKENS_PER_DAY, 0, 10**12)


def _api_key(env: Mapping[str, str]) -> str:
    key = env.get("OPENAI_API_KEY", "")
    if key and not VISIBLE.fullmatch(key):
        raise SettingsError("OPENAI_API_KEY holds characters that a key cannot have.")
    return key


def _database(env: Mapping[str, str]) -> str | None:
    url = env.get("DATABASE_URL")
    if url is None:
        return None
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError("DATABASE_URL must begin with postgresql:// (other databases are not supported).")
    # Loaded only where it is needed; it knows all forms of these addresses.
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        raise SettingsError("DATABASE_URL is not a whole PostgreSQL address.") from None
    return url


def _passwords(url: str) -> tuple[str, ...]:
    """The password in a database's address, as written and as meant."""
    raw = url.partition("://")[2].partition("/")[0].rpartition("@")[0].partition(":")[2]
    return tuple({raw, unquote(raw)})


def _host(env: Mapping[str, str], default: str) -> str:
    host = env.get("HOST", default)
    if not _HOST.fullmatch(host):
        raise SettingsError("HOST must be an address or a host name to listen on, without scheme and port.")
    return host


def _url(env: Mapping[str, str], name: str, default: str) -> str:
    url = env.get(name, default).rstrip("/")
    if not usable_url(url):
        raise SettingsError(f"{name} must be an http(s) address without credentials, query and fragment.")
    return url


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, str(default))
    # The length first: Python refuses to read numbers of thousands of digits.
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and low <= int(text) <= high):
        raise SettingsError(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _choice(env: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name, default).lower()
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}.")
    return value
