"""`contribution-assistant doctor`: everything well, and each thing that can be wrong, by the check that names it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import psycopg
import pytest
from aiohttp import web

from bot.cli import main
from bot.doctor.checks import Check, State, as_json, well, without_secrets
from bot.doctor.environment import read
from bot.doctor.examine import examine
from bot.doctor.github import EVENTS, PERMISSIONS
from bot.doctor.run import show
from bot.sandbox import Sandbox
from bot.sandbox.auth import LEVELS
from bot.store.database import migrate
from tests.support.model_modes import Api, error
from tests.support.stand_in_model import Asked, Reply, StandIn, completion, reset, saying, sending, stand_in

KEY: Final = "sk-canary-key-of-doctor"
MODEL: Final = "model-one"
AWAY: Final = "postgresql://somebody:pw-canary@127.0.0.1:9/x"
PUBLIC: Final = "https://assistant.example.org"
TRIAGE: Final = {"kind": "bug", "confidence": 0.9, "evidence": "it stops"}
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "version": {"type": "string"},
        "ok": {"type": "boolean"},
        "checks": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "state": {"enum": ["ok", "warning", "failure", "skipped"]},
                    "detail": {"type": "string", "minLength": 1},
                    "remedy": {"type": "string"},
                },
                "required": ["name", "state", "detail", "remedy"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["version", "ok", "checks"],
    "additionalProperties": False,
}


async def good(asked: Asked) -> web.StreamResponse:
    """Holds its model to whatever schema it is given."""
    if asked.request.path.endswith("/embeddings"):
        rows = [{"index": at, "embedding": [1.0, float(at)]} for at in range(len(asked.body["input"]))]
        return web.json_response({"data": rows})
    form: Any = asked.body.get("response_format", {}).get("json_schema", {})
    data = {"code": "quartz-7", "sure": True} if form.get("name") == "probe" else TRIAGE
    told = completion(json.dumps(data))
    told["usage"] = {"prompt_tokens": 80, "completion_tokens": 20, "total_tokens": 100}
    return web.json_response(told)


def api(chat: Reply = good, *, model: str = MODEL, context: int = 16_000) -> Reply:
    routes = Api(chat, models=[{"id": model, "max_model_len": context}])

    async def reply(asked: Asked) -> web.StreamResponse:
        return await (good if asked.request.path.endswith("/embeddings") else routes)(asked)

    return reply


@pytest.fixture
async def model() -> AsyncIterator[StandIn]:
    async with stand_in(api()) as server:
        yield server


@pytest.fixture
async def given(sandbox: Sandbox, database_url: str, model: StandIn, tmp_path: Path) -> dict[str, str]:
    """The environment of an installation in which everything is well."""
    await migrate(database_url)
    sandbox.hooks.url = f"{PUBLIC}/webhooks/github"
    for one in sandbox.state.installations.values():
        one.permissions, one.events = dict(PERMISSIONS), sorted(EVENTS)
    return {
        "GITHUB_APP_ID": str(sandbox.app_id), "GITHUB_PRIVATE_KEY": sandbox.private_key,
        "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret, "GITHUB_API_URL": sandbox.url,
        "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": KEY, "ASSISTANT_MODEL": MODEL,
        "ASSISTANT_EMBEDDING_MODEL": "vectors-one", "ASSISTANT_DATA_DIR": str(tmp_path),
        "DATABASE_URL": database_url, "ASSISTANT_PUBLIC_URL": PUBLIC,
    }  # fmt: skip


async def checked(given: dict[str, str], capsys: pytest.CaptureFixture[str] | None = None) -> dict[str, Check]:
    """The checks by name; whatever they say, no secret is among it, in no form of the output."""
    checks = await examine(read(given), lambda _part: None)
    found = {one.name: one for one in checks}
    assert len(found) == len(checks)
    jsonschema_rs.validator_for(SCHEMA).validate(json.loads(as_json(checks)))
    assert all(one.remedy for one in checks if one.state in (State.FAILURE, State.WARNING))
    show(checks)
    shown = as_json(checks) + (capsys.readouterr().out if capsys else "")
    for name in ("OPENAI_API_KEY", "GITHUB_WEBHOOK_SECRET", "GITHUB_PRIVATE_KEY", "DATABASE_URL"):
        assert not given.get(name) or given[name] not in shown
    return found


def states(found: dict[str, Check]) -> dict[str, str]:
    return {name: one.state.value for name, one in found.items()}


async def test_where_everything_is_well_every_check_says_so(
    given: dict[str, str], sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    found = await checked(given, capsys)
    assert {name: one for name, one in found.items() if one.state is not State.OK} == {}
    assert set(found) >= {
        "environment", "App access", "clock", "App: permissions", "App: events", "webhook: address", "webhook: form",
        "webhook: secret", "database", "database: migrations", "database: pgvector", "endpoint model",
        "endpoint model: model", "endpoint model: structured answers", "endpoint model: speed",
        "endpoint model: context", "endpoint model: prompt triage 2", "embeddings",
    }  # fmt: skip
    assert sum(name.startswith("installation ") for name in found) == 2 * len(sandbox.state.installations) > 0
    assert found["endpoint model: structured answers"].detail == "json_schema"
    assert found["endpoint model: context"].detail == "16000 tokens"
    assert found["endpoint model: speed"].detail.endswith(" tokens/s")
    assert found["embeddings"].detail == "vectors-one: 2 dimensions"
    assert not sandbox.unknown_requests
    assert {one.method for one in sandbox.requests} == {"GET"}


def lacking(name: str, level: str | None) -> Callable[[Sandbox, dict[str, str]], None]:
    def spoil(sandbox: Sandbox, _given: dict[str, str]) -> None:
        assert LEVELS[PERMISSIONS[name]] > LEVELS.get(level or "", 0)
        sandbox.state.app.permissions = {**PERMISSIONS, name: level} if level else {}

    return spoil


def setting(**values: str) -> Callable[[Sandbox, dict[str, str]], None]:
    return lambda _sandbox, given: given.update(values)


def hook(**values: object) -> Callable[[Sandbox, dict[str, str]], None]:
    def spoil(sandbox: Sandbox, _given: dict[str, str]) -> None:
        for name, value in values.items():
            assert getattr(sandbox.hooks, name) != value
            setattr(sandbox.hooks, name, value)

    return spoil


def unsubscribed(sandbox: Sandbox, _given: dict[str, str]) -> None:
    sandbox.state.app.events = ["issues"]


def behind(sandbox: Sandbox, _given: dict[str, str]) -> None:
    """An owner who did not accept yet what the App asks for now."""
    one = next(iter(sandbox.state.installations.values()))
    one.permissions, one.events = {"issues": "read", "metadata": "read"}, ["issues"]


def skewed(seconds: float) -> Callable[[Sandbox, dict[str, str]], None]:
    def spoil(sandbox: Sandbox, _given: dict[str, str]) -> None:
        sandbox.clock_offset = timedelta(seconds=seconds)

    return spoil


SPOILT: Final[dict[str, tuple[Callable[[Sandbox, dict[str, str]], None], str, str]]] = {
    "a malformed number": (setting(PORT="many"), "environment: PORT", "PORT must be a whole number"),
    "a malformed address": (setting(GITHUB_API_URL="api"), "environment: GitHub App", "GITHUB_API_URL must be"),
    "half of an App": (setting(GITHUB_WEBHOOK_SECRET=""), "environment: GitHub App", "GITHUB_WEBHOOK_SECRET is not"),
    "a key that is none": (setting(GITHUB_PRIVATE_KEY="no key"), "private key", "neither PEM text nor base64"),
    "a model's key with a gap": (setting(OPENAI_API_KEY="a b"), "environment: model", "OPENAI_API_KEY holds"),
    "a database of another kind": (setting(DATABASE_URL="mysql://x"), "environment: DATABASE_URL", "must begin with"),
    "another App's id": (setting(GITHUB_APP_ID="4242"), "App access", "same App"),
    "nobody at the API": (setting(GITHUB_API_URL="http://127.0.0.1:9"), "App access", "that address"),
    "a clock behind": (skewed(90.0), "clock", "behind GitHub's"),
    "a clock far ahead": (skewed(-3600.0), "clock", "ahead of GitHub's"),
    "a permission that is read only": (lacking("issues", "read"), "App: permissions", "issues: write"),
    "no permissions": (lacking("contents", None), "App: permissions", "contents: read"),
    "events": (unsubscribed, "App: events", "issue_comment"),
    "an owner's permissions": (behind, "installation sample-org: permissions", "issues: write"),
    "an owner's events": (behind, "installation sample-org: events", "pull_request"),
    "no webhook": (hook(url=None), "webhook: address", "no webhook address"),
    "another webhook": (hook(url="https://old.example.org/hook"), "webhook: address", PUBLIC),
    "a form": (hook(content_type="form"), "webhook: form", "application/json"),
    "no secret": (hook(secret=""), "webhook: secret", "GITHUB_WEBHOOK_SECRET"),
    "a database that is away": (setting(DATABASE_URL=AWAY), "database", "DATABASE_URL"),
    "a model that is away": (setting(OPENAI_BASE_URL="http://127.0.0.1:9/v1"), "endpoint model", "server running"),
    "a metadata address": (setting(OPENAI_BASE_URL="http://169.254.169.254/v1"), "endpoint model", "metadata"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "name", "said"), SPOILT.values(), ids=SPOILT)
async def test_what_is_wrong_fails_by_its_name_with_a_remedy(
    sandbox: Sandbox, given: dict[str, str], spoil: Callable[[Sandbox, dict[str, str]], None], name: str, said: str
) -> None:
    spoil(sandbox, given)
    found = await checked(given)
    assert found[name].state is State.FAILURE
    assert said in f"{found[name].detail} {found[name].remedy}"
    assert "pw-canary" not in as_json(tuple(found.values()))
    assert not well(found.values())


async def hostile(asked: Asked) -> web.StreamResponse:
    """Repeats the key that it was sent."""
    return await error(f"no {asked.request.headers['Authorization']}", status=401)(asked)


ENDPOINTS: Final[dict[str, tuple[Reply, str, State, str]]] = {
    "the key": (hostile, "endpoint model", State.FAILURE, "OPENAI_API_KEY"),
    "a web page": (sending(b"<html>", Content_Type="text/html"), "endpoint model", State.FAILURE, "/v1"),
    "a redirect": (sending(b"", status=307, Location="/"), "endpoint model", State.FAILURE, "really is"),
    "the model": (
        api(error("model not found", status=404)),
        "endpoint model",
        State.FAILURE,
        "model is installed. It has model-one.",
    ),
    "hanging up": (reset, "endpoint model", State.FAILURE, "docs/models"),
    "nonsense": (api(saying("Sure!")), "endpoint model: structured answers", State.WARNING, "json_schema"),
    "nonsense for prompts": (api(saying("Sure!")), "endpoint model: prompt triage 2", State.FAILURE, "JSON object"),
    "another name": (api(model="model-two"), "endpoint model: model", State.WARNING, "list: model-two"),
    "a small context": (api(context=1500), "endpoint model: prompt triage 2", State.WARNING, "body after about"),
    "a tiny context": (api(context=300), "endpoint model: prompt triage 2", State.FAILURE, "larger one"),
}


@pytest.mark.parametrize(("reply", "name", "state", "said"), ENDPOINTS.values(), ids=ENDPOINTS)
async def test_what_is_wrong_with_an_endpoint(
    given: dict[str, str], model: StandIn, reply: Reply, name: str, state: State, said: str
) -> None:
    model.reply = reply
    found = await checked(given)
    assert found[name].state is state
    assert said in f"{found[name].detail} {found[name].remedy}"
    if state is State.FAILURE:
        assert found[name].detail.startswith(f"{model.url}, {MODEL}: ")


def test_what_a_server_says_is_told_without_secrets_and_without_control() -> None:
    check = Check("App access", State.FAILURE, f"no {KEY}\x1b[2J", f"use {KEY}")
    assert without_secrets([check], [KEY]) == (
        Check("App access", State.FAILURE, "no [hidden] [2J", "use [hidden]"),
    )  # fmt: skip


async def test_an_empty_environment_is_looked_at_as_far_as_it_goes(tmp_path: Path) -> None:
    found = await checked({"ASSISTANT_DATA_DIR": str(tmp_path / "none")})
    assert states(found) == {
        "environment": "ok", "App access": "skipped", "database": "skipped", "model": "skipped",
        "embeddings": "skipped",
    }  # fmt: skip
    assert not (tmp_path / "none").exists()


async def test_one_mistake_hides_nothing_else(given: dict[str, str]) -> None:
    found = await checked({**given, "GITHUB_PRIVATE_KEY": "no key", "PORT": "x", "OPENAI_API_KEY": "a b"})
    failed = {name for name, one in found.items() if one.state is State.FAILURE}
    assert failed == {"private key", "environment: PORT", "environment: model"}
    assert found["database"].state is State.OK


async def test_a_new_database_is_told_and_left_alone(given: dict[str, str], database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("DELETE FROM assistant_migrations WHERE name = '0001_initial.sql'")
        assert (await checked(given))["database: migrations"].state is State.WARNING
        await connection.execute("DROP TABLE assistant_migrations")
        assert (await checked(given))["database: migrations"].state is State.WARNING
        row = await (await connection.execute("SELECT to_regclass('assistant_migrations')")).fetchone()
    assert row == (None,)


async def test_the_command_prints_and_exits(
    given: dict[str, str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    async def run(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr("sys.argv", ["contribution-assistant", "doctor", *arguments])
        with pytest.raises(SystemExit) as left:
            await asyncio.to_thread(main)
        return left.value.code, capsys.readouterr().out

    code, out = await run("--json")
    assert code == 0
    assert json.loads(out)["ok"] is True
    sandbox.hooks.content_type = "form"
    code, out = await run()
    assert code == 1
    assert "webhook: form" in out
