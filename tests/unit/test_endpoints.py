"""The file of endpoints: each mistake in one sentence with file and line, and no key in it."""

from pathlib import Path
from typing import Final

import pytest

from bot.domain.errors import SettingsError
from bot.endpoints import Endpoint, Level, Privacy, read_embedding, read_endpoints
from bot.settings import ModelSettings, load_settings

GOOD: Final = """\
# the preferred one first
[[endpoint]]
name = "local"
url = "http://127.0.0.1:11434/v1/"
model = "qwen3:4b"
private = true

[[endpoint]]
name = "cloud"
url = "https://api.example.com/v1"
model = "small"
api_key_env = "CLOUD_KEY"
first_token_timeout = 10
timeout = 20.5
concurrency = 2
context = 32768
level = "json_object"
price_in = 0.15
price_out = 0.6
tokens_per_day = 100000
reasoning_tokens = 500

[embedding]
url = "https://vectors.example.com/v1"
model = "vectors"
api_key_env = "VECTORS_KEY"
timeout = 15
price_in = 0.02
"""
ENV: Final = {"CLOUD_KEY": "canary-key", "VECTORS_KEY": "canary-of-vectors"}


def written(folder: Path, text: str) -> Path:
    path = folder / "endpoints.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    assert read_endpoints(written(tmp_path, GOOD), ENV) == (
        Endpoint("http://127.0.0.1:11434/v1", "", "qwen3:4b", "local", Privacy.ALWAYS),
        Endpoint(
            "https://api.example.com/v1", "canary-key", "small", "cloud", Privacy.NEVER, 10, 20.5, 2, 32768,
            Level.OBJECT, 0.15, 0.6, 100_000, 500,
        ),
    )  # fmt: skip


def test_the_endpoint_of_embeddings(tmp_path: Path) -> None:
    assert read_embedding(written(tmp_path, GOOD), ENV) == Endpoint(
        "https://vectors.example.com/v1", "canary-of-vectors", "vectors", "embedding", Privacy.NEVER, timeout=15,
        price_in=0.02,
    )  # fmt: skip
    private = read_embedding(written(tmp_path, GOOD.replace("price_in = 0.02", "private = true")), ENV)
    assert private is not None
    assert private.privacy is Privacy.ALWAYS
    assert read_embedding(written(tmp_path, GOOD.partition("[embedding]")[0]), ENV) is None


MISTAKES: Final[dict[str, tuple[str, str, int | None, str]]] = {
    "an unknown key": ("concurrency = 2", "workers = 2", 15, "unknown key 'workers'"),
    "an unknown table": ('[[endpoint]]\nname = "cloud"', '[[endpoints]]\nname = "cloud"', 8, "unknown key 'endpoints'"),
    "an unknown key outside": ("# the preferred one first", "timeout = 5", 1, "unknown key 'timeout'"),
    "no name": ('name = "cloud"\n', "", 8, "name is missing"),
    "a name with an address": ('name = "cloud"', 'name = "http://canary"', 9, "name: "),
    "the same name twice": ('name = "cloud"', 'name = "local"', 9, "'local' is used twice"),
    "no address": ('url = "https://api.example.com/v1"\n', "", 8, "url is missing"),
    "an address with a login": ("api.example.com", "me:canary@example.com", 10, "url must be"),
    "an address of another kind": ("https://api", "ftp://api", 10, "url must be"),
    "no model": ('model = "small"\n', "", 8, "model is missing"),
    "a key in the file": ('api_key_env = "CLOUD_KEY"', 'api_key = "canary"', 12, "keys do not belong in this file"),
    "a key in the place of its variable": ("CLOUD_KEY", "sk-canary", 12, "api_key_env: "),
    "a variable that is not set": ("CLOUD_KEY", "OTHER_KEY", 12, "OTHER_KEY, which should hold the key, is not set"),
    "a key with a line break": ("CLOUD_KEY", "BROKEN_KEY", 12, "BROKEN_KEY holds characters"),
    "a time as text": ("timeout = 20.5", 'timeout = "20"', 14, "timeout: "),
    "no time at all": ("timeout = 20.5", "timeout = 0", 14, "timeout: "),
    "a time without end": ("timeout = 20.5", "timeout = inf", 14, "timeout: "),
    "half a question": ("concurrency = 2", "concurrency = 2.5", 15, "concurrency: "),
    "a context of nothing": ("context = 32768", "context = 1", 16, "context: "),
    "another level": ('level = "json_object"', 'level = "yaml"', 17, "level: "),
    "a negative price": ("price_in = 0.15", "price_in = -1", 18, "price_in: "),
    "private by a word": ("private = true", 'private = "yes"', 6, "private: "),
    "a table that is none": ('[[endpoint]]\nname = "cloud"', '[endpoint]\nname = "cloud"', None, "not TOML"),
    "an embedding's unknown key": ("timeout = 15", "context = 15", 27, "(known: url, model, api_key_env, timeout, "),
    "an embedding's price": ("price_in = 0.02", 'price_in = "0.02"', 28, "price_in: "),
    "an embedding without a model": ('model = "vectors"\n', "", 23, "model is missing"),
    "an embedding's address": ("vectors.example.com/v1", "canary?key=1", 24, "url must be"),
    "an embedding's key that is not set": ("VECTORS_KEY", "OTHER_KEY", 26, "OTHER_KEY, which should hold the key,"),
    "two embeddings": ("[embedding]", "[[embedding]]", 23, "there may be one [embedding] table"),
    "no TOML": ("context = 32768", "context = ", None, "not TOML"),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_one_sentence(tmp_path: Path, old: str, new: str, line: int | None, words: str) -> None:
    assert GOOD.count(old) >= 1
    path = written(tmp_path, new.join(GOOD.rsplit(old, 1)))
    with pytest.raises(SettingsError) as caught:
        load_settings({**ENV, "BROKEN_KEY": "canary\nX: 1", "ASSISTANT_ENDPOINTS": str(path)})
    text = str(caught.value)
    assert text.startswith(f"{path}, line {line}: " if line else f"{path} ")
    assert words in text
    assert "canary" not in text.removeprefix(str(path))
    assert "\n" not in text
    assert text.endswith(".")


@pytest.mark.parametrize("text", ["", "# nothing\n", "endpoint = []\n", "endpoint = 5\n", "endpoint = [5]\n"])
def test_a_file_without_endpoints(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"holds no \[\[endpoint\]\] table"):
        read_endpoints(written(tmp_path, text), {})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read: FileNotFoundError"):
        read_endpoints(tmp_path / "none.toml", {})


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    found = load_settings({**ENV, "ASSISTANT_ENDPOINTS": str(path), "ASSISTANT_TOKENS_PER_DAY": "7"})
    assert found.model is not None
    assert [one.name for one in found.model.endpoints] == ["local", "cloud"]
    assert found.model.tokens_per_day == 7
    assert {"canary-key", "canary-of-vectors"} <= set(found.secrets)
    assert found.embedding is not None
    assert (found.embedding.endpoints[0].model, found.embedding.tokens_per_day) == ("vectors", 7)
    assert "canary" not in f"{found.model} {found.model.endpoints}"


def test_embeddings_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "[embedding]" + GOOD.partition("[embedding]")[2])
    found = load_settings({**ENV, "ASSISTANT_ENDPOINTS": str(path), "ASSISTANT_MONEY_PER_DAY": "0.5"})
    assert found.model is None
    endpoint = read_embedding(path, ENV)
    assert endpoint is not None
    assert found.embedding == ModelSettings((endpoint,), money_per_day=500_000)


def test_one_place_for_embeddings_is_enough(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    with pytest.raises(SettingsError, match="one of them is enough"):
        load_settings({**ENV, "ASSISTANT_ENDPOINTS": str(path), "ASSISTANT_EMBEDDING_MODEL": "small"})
    alone = written(tmp_path, GOOD.partition("[embedding]")[0])
    found = load_settings({**ENV, "ASSISTANT_ENDPOINTS": str(alone), "ASSISTANT_EMBEDDING_MODEL": "small"})
    assert found.embedding is not None
    assert found.embedding.endpoints[0].model == "small"


@pytest.mark.parametrize(
    ("prices", "tokens", "millionths"),
    [((0, 0), (5_000, 100), 0), ((0.15, 0.6), (1_000, 100), 210), ((0.1, 0), (1, 0), 1)],
)
def test_what_a_request_costs(prices: tuple[float, float], tokens: tuple[int, int], millionths: int) -> None:
    assert Endpoint("", "", "", price_in=prices[0], price_out=prices[1]).cost(*tokens) == millionths
