"""What the documentation tells people to write is what the program reads: recipes, .env.example, containers."""

import ast
import io
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import typer
import yaml
from dotenv import dotenv_values
from markdown_it import MarkdownIt

from bot import cli, settings
from bot.endpoints import Privacy, _Embedding, _Table
from bot.settings import Settings, load_embedding, load_settings

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("docs/models/README.md", "docs/models/recipes.md", "README.md")
_NAME: Final = re.compile(r"(?:GITHUB|OPENAI|ASSISTANT|LOG)_[A-Z_]+[A-Z]|DATABASE_URL|HOST|PORT")
_ASSIGNMENT: Final = re.compile(r"[A-Z][A-Z0-9_]*=.*")
_PROGRAM: Final = re.compile(r"\bcontribution-assistant +([a-z]+)\b(?! = )")


def names_that_are_read() -> frozenset[str]:
    """Every variable that the settings ask for by name."""
    tree = ast.parse(Path(settings.__file__).read_text())
    texts = (one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str))
    return frozenset(text for text in texts if _NAME.fullmatch(text))


NAMES: Final = names_that_are_read()


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: under which heading, in which language."""

    page: str
    heading: str
    language: str
    text: str

    @property
    def is_environment(self) -> bool:
        return self.language == "sh" and all(_ASSIGNMENT.fullmatch(line) for line in self.text.splitlines())

    def __str__(self) -> str:
        return f"{self.page}, {self.heading}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        heading, titled = "", False
        for token in MarkdownIt().parse((ROOT / page).read_text()):
            if token.type == "heading_open":
                titled = True
            elif token.type == "inline" and titled:
                heading, titled = token.content, False
            elif token.type == "fence":
                yield Block(page, heading, token.info, token.content)


BLOCKS: Final = tuple(blocks())
ENVIRONMENTS: Final = tuple(one for one in BLOCKS if one.is_environment and "OPENAI_BASE_URL" in one.text)
RECIPES: Final = frozenset(
    {
        "Ollama", "llama.cpp server", "vLLM", "LM Studio", "LiteLLM proxy", "transformers serve", "llama-cpp-python",
        "OpenAI", "Azure OpenAI", "Mistral",
    }
)  # fmt: skip
CLOUDS: Final = frozenset({"OpenAI", "Azure OpenAI", "Mistral"})


def read(text: str) -> dict[str, str]:
    """An environment as the program reads it from `.env`."""
    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value}


def test_the_names_are_those_of_the_settings() -> None:
    assert {"ASSISTANT_MODEL", "OPENAI_API_KEY", "DATABASE_URL", "PORT", "GITHUB_APP_ID", "LOG_FORMAT"} <= NAMES
    assert "ASSISTANT_NONSENSE" not in NAMES


def test_each_server_has_its_recipe() -> None:
    assert {one.heading for one in ENVIRONMENTS if one.page.endswith("recipes.md")} == RECIPES


@pytest.mark.parametrize("block", ENVIRONMENTS, ids=str)
def test_a_recipe_s_lines_are_an_endpoint(block: Block) -> None:
    given = read(block.text)
    assert given.keys() <= NAMES
    model = load_settings(given).model
    assert model is not None
    (endpoint,) = model.endpoints
    assert endpoint.base_url == given["OPENAI_BASE_URL"]
    assert endpoint.model == given["ASSISTANT_MODEL"]
    assert endpoint.api_key == given.get("OPENAI_API_KEY", "")
    assert endpoint.base_url.endswith("/v1")
    assert endpoint.base_url.startswith("https://" if block.heading in CLOUDS else "http://127.0.0.1:")
    assert bool(endpoint.api_key) or block.heading not in CLOUDS
    assert endpoint.privacy is Privacy.NEAR


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "toml"], ids=str)
def test_a_file_of_endpoints_is_read(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(block.text)
    keys = {one["api_key_env"] for one in tomllib.loads(block.text)["endpoint"] if "api_key_env" in one}
    model = load_settings({"ASSISTANT_ENDPOINTS": str(path), **dict.fromkeys(keys, "sk-x")}).model
    assert model is not None
    assert len(model.endpoints) == block.text.count("[[endpoint]]")
    embedding = load_embedding({"ASSISTANT_ENDPOINTS": str(path), **dict.fromkeys(keys, "sk-x")})
    assert (embedding is not None) is ("[embedding]" in block.text)


def test_the_table_of_keys_is_the_file_s_own() -> None:
    text = (ROOT / "docs/models/README.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    told = [name for line in rows for name in re.findall(r"`([a-z_]+)`", line.split("|")[1])]
    assert sorted(told) == sorted(_Table.model_fields)
    (same,) = re.findall(r"one `\[embedding\]` table in the file, with the keys (.*?)\n  of the table", text, re.DOTALL)
    assert re.findall(r"`([a-z_]+)`", same) == list(_Embedding.model_fields)
    for name, field in _Table.model_fields.items():
        if not field.is_required() and field.default is not None:
            (row,) = (line for line in rows if f"`{name}`" in line.split("|")[1])
            shown = str(field.default).lower() if isinstance(field.default, bool) else f"{field.default:g}"
            assert f"`{shown}`" in row.split("|")[3]


@pytest.mark.parametrize("page", [*PAGES, ".env.example", "compose.yaml", "Dockerfile"])
def test_every_variable_that_is_named_is_read(page: str) -> None:
    named = set(re.findall(r"\b(?:GITHUB|OPENAI|ASSISTANT|LOG)_[A-Z_]+[A-Z]\b", (ROOT / page).read_text()))
    assert named <= NAMES


@pytest.mark.parametrize("page", [*PAGES, "Dockerfile", "Procfile"])
def test_every_command_that_is_named_exists(page: str) -> None:
    commands = set(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
    text = (ROOT / page).read_text().replace('", "', " ")
    assert set(_PROGRAM.findall(text)) | set(re.findall(r"python -m bot ([a-z]+)", text)) <= commands


EXAMPLE: Final = tuple(
    line.removeprefix("# ")
    for line in (ROOT / ".env.example").read_text().splitlines()
    if _ASSIGNMENT.fullmatch(line.removeprefix("# "))
)


@pytest.mark.parametrize("line", EXAMPLE, ids=[line.partition("=")[0] for line in EXAMPLE])
def test_a_line_of_the_example_can_be_taken_as_it_is(line: str, tmp_path: Path) -> None:
    given = read(line)
    assert line.partition("=")[0] in NAMES
    for name, value in given.items():
        if name in ("ASSISTANT_MODEL_FILE", "ASSISTANT_ENDPOINTS"):
            assert " " not in value
            path = tmp_path / Path(value).name
            path.write_text("GGUF" if name.endswith("FILE") else '[[endpoint]]\nname="a"\nurl="http://h/v1"\nmodel="m"')
            given[name] = str(path)
    load_settings(given)


# -- containers

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE: Final = [
    line.split(maxsplit=1)
    for line in (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    if line and not line.startswith("#")
]


def composed(environment: dict[str, str]) -> Settings:
    """The settings of the assistant's container, with `${NAME…}` filled in as compose does."""
    values = {
        name: re.sub(
            r"\$\{([A-Z_]+)(?::[-?]([^}]*))?\}", lambda found: environment.get(found[1]) or str(found[2]), str(value)
        )
        for name, value in COMPOSE["services"]["assistant"]["environment"].items()
    }
    assert values.keys() <= NAMES
    return load_settings({**environment, **values})


def test_the_containers_have_the_settings_that_are_meant() -> None:
    found = composed({"POSTGRES_PASSWORD": "abc123"})
    assert found.database_url == "postgresql://assistant:abc123@database/assistant"
    assert (found.host, found.port, str(found.data_folder)) == ("0.0.0.0", 8080, "/data")
    assert found.model is not None
    assert found.model.endpoints[0].base_url == "http://ollama:11434/v1"
    assert found.model.endpoints[0].model == "qwen3:4b-instruct"
    other = composed({"POSTGRES_PASSWORD": "abc123", "ASSISTANT_MODEL": "llama3.2:3b"})
    assert other.model is not None
    assert other.model.endpoints[0].model == "llama3.2:3b"


def test_no_recipe_starts_a_model_that_always_thinks() -> None:
    """Ollama's `qwen3:4b` cannot be told not to (ollama/ollama issue 12917): without a graphics card that takes longer
    than a request may."""
    named = [one.text for one in BLOCKS] + [(ROOT / "compose.yaml").read_text()]
    assert any("qwen3:4b-instruct" in one for one in named)
    assert not [one for one in named if re.search(r"qwen3[:-]4b(?!-instruct|-2507)", one, re.IGNORECASE)]


def test_the_containers_fit_together() -> None:
    services = COMPOSE["services"]
    assert {"assistant", "database", "ollama"} == services.keys()
    assert services["assistant"]["depends_on"].keys() <= services.keys()
    for service in services.values():
        assert {one.partition(":")[0] for one in service["volumes"]} <= COMPOSE["volumes"].keys()
    database = services["database"]["environment"]
    assert (database["POSTGRES_USER"], database["POSTGRES_DB"]) == ("assistant", "assistant")
    told = re.findall(r"docker compose exec (\w+)", (ROOT / "docs/models/recipes.md").read_text())
    assert set(told) <= services.keys()
    assert services["assistant"]["ports"] == ["127.0.0.1:8080:8080"]


def test_the_image_is_built_of_what_is_there() -> None:
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = [one for kind, rest in DOCKERFILE if kind == "COPY" for one in rest.split()[:-1]]
    assert copied
    assert set(copied) <= sent
    assert all((ROOT / one).exists() for one in copied)


def test_the_image_s_settings_and_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    steps = dict(DOCKERFILE)
    environment = dict(one.split("=") for one in steps["ENV"].split())
    assert environment.keys() <= NAMES
    assert load_settings(environment).port == int(steps["EXPOSE"]) == 8080
    assert yaml.safe_load(steps["CMD"])[0] in project["scripts"]
    version = tuple(map(int, steps["FROM"].removeprefix("python:").partition("-")[0].split(".")))
    assert version >= tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
