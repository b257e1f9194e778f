"""Every variable of the environment: unset, set, malformed; and no error repeats a value."""

import base64
import os
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bot.domain.errors import SettingsError
from bot.endpoints import Privacy
from bot.settings import Settings, load_settings

_RSA: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_OLD, _NEW = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8


def pem(
    form: serialization.PrivateFormat = _OLD,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = _RSA,
    password: str = "",
) -> str:
    hidden = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, hidden).decode()


KEY: Final = pem()
SECRET: Final = "canary-webhook-secret"
APP: Final = {"GITHUB_APP_ID": "12345", "GITHUB_PRIVATE_KEY": KEY, "GITHUB_WEBHOOK_SECRET": SECRET}
MODEL: Final = {"ASSISTANT_MODEL": "qwen3"}
_CURVE: Final = pem(_NEW, ec.generate_private_key(ec.SECP256R1()))
_LINES: Final = base64.encodebytes(KEY.encode()).decode()
_CANARY: Final = "canary"

GOOD: Final[dict[str, tuple[dict[str, str], str, object]]] = {
    "nothing": ({}, "app", None),
    "no model": ({}, "model", None),
    "no model by address alone": ({"OPENAI_BASE_URL": "http://localhost:1/v1"}, "model", None),
    "the embedded database": ({}, "database_url", None),
    "the default folder": ({}, "data_folder", Path("data")),
    "a folder": ({"ASSISTANT_DATA_DIR": "/var/lib/assistant"}, "data_folder", Path("/var/lib/assistant")),
    "the default host": ({}, "host", "127.0.0.1"),
    "the default port": ({}, "port", 8080),
    "a platform's port": ({"PORT": "5000"}, "port", 5000),
    "a platform's port is for all addresses": ({"PORT": "5000"}, "host", "0.0.0.0"),
    "a host beats a platform": ({"PORT": "5000", "HOST": "127.0.0.1"}, "host", "127.0.0.1"),
    "a host of IPv6": ({"HOST": "::1"}, "host", "::1"),
    "any free port": ({"PORT": "0"}, "port", 0),
    "the default level": ({}, "log_level", "info"),
    "a level in capitals": ({"LOG_LEVEL": "DEBUG"}, "log_level", "debug"),
    "the default format": ({}, "log_format", "console"),
    "a format": ({"LOG_FORMAT": "json"}, "log_format", "json"),
    "the default retention": ({}, "retention_days", 30),
    "a retention": ({"ASSISTANT_RETENTION_DAYS": "7"}, "retention_days", 7),
    "the default concurrency": ({}, "concurrency", 8),
    "a concurrency": ({"ASSISTANT_CONCURRENCY": "2"}, "concurrency", 2),
    "an empty value is unset": ({"PORT": " ", "LOG_LEVEL": ""}, "port", 8080),
    "space around a value": ({"PORT": " 81 \n"}, "port", 81),
    "a database": ({"DATABASE_URL": "postgresql://u:p@h:5432/db"}, "database_url", "postgresql://u:p@h:5432/db"),
    "a database of a platform": ({"DATABASE_URL": "postgres://u:p@h/db"}, "database_url", "postgres://u:p@h/db"),
    "a database on a socket": ({"DATABASE_URL": "postgresql:///d?host=/r"}, "database_url", "postgresql:///d?host=/r"),
    "two databases": ({"DATABASE_URL": "postgresql://h:1,i:2/d"}, "database_url", "postgresql://h:1,i:2/d"),
}

BAD: Final[dict[str, tuple[dict[str, str], str]]] = {
    "only the id": ({"GITHUB_APP_ID": "1"}, "GITHUB_WEBHOOK_SECRET"),
    "only the key": ({"GITHUB_PRIVATE_KEY": KEY}, "GITHUB_APP_ID"),
    "only the key's path": ({"GITHUB_PRIVATE_KEY_PATH": "/nowhere"}, "GITHUB_APP_ID"),
    "only the secret": ({"GITHUB_WEBHOOK_SECRET": SECRET}, "GITHUB_APP_ID"),
    "no id": ({**APP, "GITHUB_APP_ID": ""}, "GITHUB_APP_ID"),
    "no key": ({**APP, "GITHUB_PRIVATE_KEY": ""}, "GITHUB_PRIVATE_KEY"),
    "no secret": ({**APP, "GITHUB_WEBHOOK_SECRET": ""}, "GITHUB_WEBHOOK_SECRET"),
    "a name as id": ({**APP, "GITHUB_APP_ID": "canary"}, "GITHUB_APP_ID"),
    "a client id as id": ({**APP, "GITHUB_APP_ID": "Iv1.canary"}, "GITHUB_APP_ID"),
    "a negative id": ({**APP, "GITHUB_APP_ID": "-1"}, "GITHUB_APP_ID"),
    "id 0": ({**APP, "GITHUB_APP_ID": "0"}, "GITHUB_APP_ID"),
    "an id of 5,000 digits": ({**APP, "GITHUB_APP_ID": "1" * 5000}, "GITHUB_APP_ID"),
    "digits of another script": ({**APP, "GITHUB_APP_ID": "١٢"}, "GITHUB_APP_ID"),
    "commas as secret": ({**APP, "GITHUB_WEBHOOK_SECRET": ", ,"}, "GITHUB_WEBHOOK_SECRET"),
    "a secret that is no text": ({**APP, "GITHUB_WEBHOOK_SECRET": "canary\udcff"}, "GITHUB_WEBHOOK_SECRET"),
    "a key that is none": ({**APP, "GITHUB_PRIVATE_KEY": "canary"}, "GITHUB_PRIVATE_KEY"),
    "a key that is base64 of something": (
        {**APP, "GITHUB_PRIVATE_KEY": base64.b64encode(b"canary").decode()},
        "GITHUB_PRIVATE_KEY",
    ),
    "a key that is base64 of bytes": ({**APP, "GITHUB_PRIVATE_KEY": "/////w=="}, "GITHUB_PRIVATE_KEY"),
    "half a key": ({**APP, "GITHUB_PRIVATE_KEY": KEY[:900]}, "GITHUB_PRIVATE_KEY"),
    "a key with a password": ({**APP, "GITHUB_PRIVATE_KEY": pem(_NEW, password="canary")}, "GITHUB_PRIVATE_KEY"),
    "a key of a curve": ({**APP, "GITHUB_PRIVATE_KEY": _CURVE}, "GITHUB_PRIVATE_KEY"),
    "a key's path to nowhere": (
        {**APP, "GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": "/canary/key.pem"},
        "GITHUB_PRIVATE_KEY_PATH",
    ),
    "a key's path to a folder": (
        {**APP, "GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": "/"},
        "GITHUB_PRIVATE_KEY_PATH",
    ),
    "GitHub without scheme": ({**APP, "GITHUB_API_URL": "canary.example/api/v3"}, "GITHUB_API_URL"),
    "GitHub with a login": ({**APP, "GITHUB_API_URL": "https://me:canary@example.com"}, "GITHUB_API_URL"),
    "GitHub with a password alone": ({**APP, "GITHUB_API_URL": "https://:canary@example.com"}, "GITHUB_API_URL"),
    "a model's address of another scheme": ({**MODEL, "OPENAI_BASE_URL": "ftp://canary"}, "OPENAI_BASE_URL"),
    "a model's address with a login": ({**MODEL, "OPENAI_BASE_URL": "https://u:canary@h/v1"}, "OPENAI_BASE_URL"),
    "a model's address with a query": ({**MODEL, "OPENAI_BASE_URL": "https://h/v1?k=canary"}, "OPENAI_BASE_URL"),
    "a model's address with a fragment": ({**MODEL, "OPENAI_BASE_URL": "https://h/v1#canary"}, "OPENAI_BASE_URL"),
    "a model's address with a bad port": ({**MODEL, "OPENAI_BASE_URL": "https://h:canary/v1"}, "OPENAI_BASE_URL"),
    "a model's address with a huge port": ({**MODEL, "OPENAI_BASE_URL": "https://h:99999/v1"}, "OPENAI_BASE_URL"),
    "a model's address with a space": ({**MODEL, "OPENAI_BASE_URL": "https://h/can ary"}, "OPENAI_BASE_URL"),
    "a model's address in two lines": ({**MODEL, "OPENAI_BASE_URL": "https://h/\ncanary"}, "OPENAI_BASE_URL"),
    "a model's address half IPv6": ({**MODEL, "OPENAI_BASE_URL": "http://[::1/v1"}, "OPENAI_BASE_URL"),
    "money in words": ({**MODEL, "ASSISTANT_MONEY_PER_DAY": "canary"}, "ASSISTANT_MONEY_PER_DAY"),
    "negative money": ({**MODEL, "ASSISTANT_MONEY_PER_DAY": "-1"}, "ASSISTANT_MONEY_PER_DAY"),
    "money with a comma": ({**MODEL, "ASSISTANT_MONEY_PER_DAY": "0,5"}, "ASSISTANT_MONEY_PER_DAY"),
    "a model and a file of endpoints": ({**MODEL, "ASSISTANT_ENDPOINTS": "canary.toml"}, "ASSISTANT_ENDPOINTS"),
    "a model's key in two lines": ({**MODEL, "OPENAI_API_KEY": "canary\nX-Other: 1"}, "OPENAI_API_KEY"),
    "a model's key with a letter that no header holds": ({**MODEL, "OPENAI_API_KEY": "canaryé"}, "OPENAI_API_KEY"),
    "a private text of neither": ({**MODEL, "ASSISTANT_PRIVATE_TEXT": "canary"}, "ASSISTANT_PRIVATE_TEXT"),
    "tokens as words": ({**MODEL, "ASSISTANT_TOKENS_PER_DAY": "canary"}, "ASSISTANT_TOKENS_PER_DAY"),
    "another database": ({"DATABASE_URL": "mysql://u:canary@h/db"}, "DATABASE_URL"),
    "a database for another library": ({"DATABASE_URL": "postgresql+psycopg://u:canary@h/db"}, "DATABASE_URL"),
    "a database with half an address": ({"DATABASE_URL": "postgresql://u:canary@[::1/db"}, "DATABASE_URL"),
    "a database with an unknown option": ({"DATABASE_URL": "postgresql://u:canary@h/d?canary=1"}, "DATABASE_URL"),
    "no days": ({"ASSISTANT_RETENTION_DAYS": "0"}, "ASSISTANT_RETENTION_DAYS"),
    "too many workers": ({"ASSISTANT_CONCURRENCY": "65"}, "ASSISTANT_CONCURRENCY"),
    "a port too high": ({"PORT": "65536"}, "PORT"),
    "a port as words": ({"PORT": "canary"}, "PORT"),
    "an address as host": ({"HOST": "http://canary"}, "HOST"),
    "an unknown level": ({"LOG_LEVEL": "canary"}, "LOG_LEVEL"),
    "an unknown format": ({"LOG_FORMAT": "canary"}, "LOG_FORMAT"),
}

KEYS: Final = {
    "PEM": KEY,
    "PEM of the other form": pem(_NEW),
    "PEM in one line": KEY.replace("\n", "\\n"),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 in lines": _LINES,
    "base64 of PEM in one line": base64.b64encode(KEY.replace("\n", "\\n").encode()).decode(),
}


@pytest.mark.parametrize(("env", "name", "value"), GOOD.values(), ids=GOOD)
def test_good_values(env: dict[str, str], name: str, value: object) -> None:
    assert getattr(load_settings(env), name) == value


@pytest.mark.parametrize(("env", "named"), BAD.values(), ids=BAD)
def test_bad_values_are_named_in_one_sentence_that_does_not_repeat_them(env: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(env)
    text = str(caught.value)
    assert text.startswith(named)
    assert text.endswith(".")
    assert "\n" not in text
    assert not any(line in text for line in (_CANARY, *KEY.splitlines()))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("text", KEYS.values(), ids=KEYS)
def test_a_key_in_any_form_is_the_same_key(text: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(text)
    by_path = {**APP, "GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": str(path)}
    for env in ({**APP, "GITHUB_PRIVATE_KEY": text}, by_path):
        loaded = serialization.load_pem_private_key(
            load_settings(env).required_app().private_key.encode(), password=None
        )
        assert isinstance(loaded, rsa.RSAPrivateKey)
        assert loaded.private_numbers() == _RSA.private_numbers()


def test_the_app() -> None:
    app = load_settings(APP).required_app()
    assert (app.app_id, app.webhook_secrets, app.api_url) == (12345, (SECRET.encode(),), "https://api.github.com")


def test_an_enterprise_server() -> None:
    app = load_settings({**APP, "GITHUB_API_URL": "https://github.example.com/api/v3/"}).required_app()
    assert app.api_url == "https://github.example.com/api/v3"


def test_two_secrets_while_rotating() -> None:
    app = load_settings({**APP, "GITHUB_WEBHOOK_SECRET": " new-secret , old-secret,"}).required_app()
    assert app.webhook_secrets == (b"new-secret", b"old-secret")


def test_without_an_app_a_command_that_needs_one_says_what_to_do() -> None:
    with pytest.raises(SettingsError, match=r"GITHUB_APP_ID.*GITHUB_PRIVATE_KEY.*GITHUB_WEBHOOK_SECRET.*README"):
        load_settings({}).required_app()


def test_the_model_by_default() -> None:
    model = load_settings(MODEL).model
    assert model is not None
    (one,) = model.endpoints
    assert (one.model, one.base_url, one.api_key) == ("qwen3", "https://api.openai.com/v1", "")
    assert (one.privacy, model.tokens_per_day, model.money_per_day) == (Privacy.NEAR, 500_000, None)


def test_the_model_as_the_operator_wants_it() -> None:
    env = {**MODEL, "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1/", "OPENAI_API_KEY": "key"}
    model = load_settings({**env, "ASSISTANT_PRIVATE_TEXT": "Yes", "ASSISTANT_TOKENS_PER_DAY": "0"}).model
    assert model is not None
    (one,) = model.endpoints
    assert (one.base_url, one.api_key) == ("http://127.0.0.1:8080/v1", "key")
    assert (one.privacy, model.tokens_per_day) == (Privacy.ALWAYS, 0)


@pytest.mark.parametrize(
    ("text", "millionths"), [("0", 0), ("2", 2_000_000), ("0.50", 500_000), ("1.000001", 1_000_001)]
)
def test_money_is_counted_in_millionths(text: str, millionths: int) -> None:
    model = load_settings({**MODEL, "ASSISTANT_MONEY_PER_DAY": text}).model
    assert model is not None
    assert model.money_per_day == millionths


def everything() -> Settings:
    return load_settings(
        {**APP, **MODEL, "OPENAI_API_KEY": "canary-api-key", "DATABASE_URL": "postgresql://user:can%40ary@host/db"}
    )


def test_all_secrets_are_known_to_the_logs() -> None:
    known = set(everything().secrets)
    assert {KEY.strip(), SECRET, "canary-api-key", "can%40ary", "can@ary"} <= {one.strip() for one in known}


def test_the_endpoint_of_embeddings_needs_no_model_and_its_key_is_known_to_the_logs() -> None:
    made = load_settings({"ASSISTANT_EMBEDDING_MODEL": "small", "OPENAI_API_KEY": "canary-of-vectors"})
    assert made.model is None
    assert made.embedding is not None
    assert made.embedding.endpoints[0].model == "small"
    assert "canary-of-vectors" in made.secrets
    assert load_settings(MODEL).embedding is None


def test_settings_do_not_show_their_values() -> None:
    made = everything()
    for shown in (repr(made), str(made.app), f"{made.model}"):
        assert _CANARY not in shown
        assert "BEGIN" not in shown


def test_an_empty_environment_is_not_the_process_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1234")
    assert load_settings({}).port == 8080
    assert load_settings().port == 1234


def test_strangers_in_the_environment_do_not_matter() -> None:
    assert load_settings({"LS_COLORS": "\udcff", "HOME": os.sep}).port == 8080
