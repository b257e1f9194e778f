"""No secret shows anywhere: not in a log, an answer, a prompt, a comment, a metric, a row, a file or a child."""

import asyncio
import base64
import contextlib
import gc
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import psutil
import psycopg
import pytest
from aiohttp import web

from bot.sandbox import Sandbox
from bot.sandbox.auth import Authenticator, InstallationCaller
from bot.sandbox.credentials import Credentials, generate
from bot.sandbox.faults import Fault, FaultKind
from bot.settings import ModelSettings, Settings
from bot.store.embedded import EmbeddedPostgres
from tests.integration.test_events import INCOMPLETE
from tests.integration.test_model_service import BODY, SURE, TITLE
from tests.safety.canaries import disguises, files_below, leaks, odd_secret, pieces, raw_leaks, rows, visible_secret
from tests.safety.canaries_child import CRASHING
from tests.support.assistant import REPOSITORY, running, settings_for
from tests.support.ports import free_port
from tests.support.stand_in_model import Asked, StandIn, completion, stand_in

ROOT: Final = Path(__file__).parents[2]
CREDENTIALS: Final = generate(visible_secret("webhook"))


@dataclass(slots=True)
class Tokens:
    """What GitHub handed out, in its two forms in turn, and the JWTs that it was shown."""

    installation: list[str] = field(default_factory=list)
    jwts: list[str] = field(default_factory=list)

    @property
    def canaries(self) -> dict[str, str]:
        """One of each form that was handed out, and a JWT's signature: the rest of it says nothing secret."""
        forms = {"short token" if len(one) == 40 else "long token": one for one in self.installation}
        return {**forms, "JWT": self.jwts[0].rpartition(".")[2]}


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Tokens:
    seen = Tokens()
    issue, caller = Authenticator.issue, Authenticator.caller

    def issued(self: Authenticator, *arguments: Any) -> tuple[str, InstallationCaller]:
        known = set(self.tokens)
        token, made = issue(self, *arguments)
        if len(seen.installation) % 2 == 0:
            (digest,) = set(self.tokens) - known
            token = "ghs_" + secrets.token_hex(18)
            self.tokens[_digest(token)] = self.tokens.pop(digest)
        seen.installation.append(token)
        return token, made

    def called(self: Authenticator, header: str | None) -> object:
        if header and "eyJ" in header:
            seen.jwts.append(header.partition(" ")[2])
        return caller(self, header)

    monkeypatch.setattr(Authenticator, "issue", issued)
    monkeypatch.setattr(Authenticator, "caller", called)
    return seen


def _digest(token: str) -> str:
    from bot.sandbox.auth import _digest as digest

    return digest(token)


@dataclass(slots=True)
class World:
    """A GitHub, a model, and a real server between them with canaries for secrets. `places` is what came out."""

    sandbox: Sandbox
    model: StandIn
    folder: Path
    environment: dict[str, str]
    places: dict[str, bytes] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @contextlib.contextmanager
    def served(self) -> Iterator[subprocess.Popen[bytes]]:
        log = self.folder / "output.log"
        with (
            log.open("ab") as output,
            subprocess.Popen(
                [sys.executable, "-m", "tests.safety.canaries_child", "serve"],
                env=self.environment, cwd=self.folder, stdout=output, stderr=output,
            ) as process,
        ):  # fmt: skip
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(40)
        self.places["log"] = log.read_bytes()

    async def get(self, path: str, *, method: str = "GET", **options: Any) -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url + path, **options) as response,
        ):
            kept = self.places.get(f"{method} {path}", b"")
            self.places[f"{method} {path}"] = kept + repr(dict(response.headers)).encode() + await response.read()
            return response.status

    async def until_ready(self) -> None:
        for _ in range(1200):
            with contextlib.suppress(aiohttp.ClientError):
                if await self.get("/readyz") == 200:
                    return
            await asyncio.sleep(0.05)
        raise AssertionError((self.folder / "output.log").read_text()[-3000:])

    async def settled(self) -> None:
        for _ in range(600):
            await self.sandbox.drain_webhooks()
            self.places.pop("GET /readyz", None)
            if await self.get("/readyz") == 200 and b"queued" not in self.places["GET /readyz"]:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(self.places["GET /readyz"].decode())


@contextlib.asynccontextmanager
async def world(folder: Path, style: str, database_url: str | None, key: str) -> AsyncIterator[World]:
    async with Sandbox.start(credentials=CREDENTIALS) as sandbox, stand_in(_echo) as model:
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOST": "127.0.0.1", "PORT": str(free_port()),
            "GITHUB_APP_ID": str(sandbox.app_id), "GITHUB_PRIVATE_KEY": CREDENTIALS.private_key,
            "GITHUB_WEBHOOK_SECRET": CREDENTIALS.webhook_secret, "GITHUB_API_URL": sandbox.url,
            "ASSISTANT_DATA_DIR": str(folder / "data"), "LOG_LEVEL": "debug", "LOG_FORMAT": style,
            "ASSISTANT_MODEL": "stand-in", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": key,
        }  # fmt: skip
        if database_url:
            environment["DATABASE_URL"] = database_url
        made = World(sandbox, model, folder, environment)
        sandbox.webhook_url = f"{made.url}/webhooks/github"
        yield made


async def _echo(asked: Asked) -> web.StreamResponse:
    """A model's server that refuses the key and repeats it."""
    text = f"Incorrect API key: {asked.request.headers['Authorization']}"
    return web.json_response({"error": {"message": text, "code": "invalid_api_key"}}, status=401)


async def _live_through(made: World) -> dict[str, int]:
    """What goes well and what goes wrong; returns how often each fault fired."""
    sandbox = made.sandbox
    sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE)
    sandbox.open_issue(REPOSITORY, "stranger", TITLE, BODY)
    await made.settled()

    async def sure(_asked: Asked) -> web.StreamResponse:
        return web.json_response(completion(SURE))

    refused, made.model.reply = len(made.model.asked), sure
    armed = {
        "401": sandbox.faults.add(Fault(FaultKind.BAD_TOKEN, r"/issues/\d+$", "GET", times=1)),
        "500": sandbox.faults.add(Fault(FaultKind.STATUS_BEFORE, r"/labels$", "POST", times=1, status=500)),
        "403": sandbox.faults.add(Fault(FaultKind.STATUS_BEFORE, r"/comments$", "POST", times=1, status=403)),
        "cut": sandbox.faults.add(Fault(FaultKind.RESET_BEFORE, r"/issues/\d+/comments$", "GET", times=1)),
    }
    sandbox.open_issue(REPOSITORY, "stranger", TITLE, BODY)
    sandbox.open_issue(REPOSITORY, "jonas", "Crash again", INCOMPLETE)
    crash = sandbox.open_issue(REPOSITORY, "jonas", f"Crash: {CRASHING}", INCOMPLETE).number
    sandbox.comment(REPOSITORY, crash, "mira", "/why")
    sandbox.open_pull(REPOSITORY, "jonas", "Mend the guide", files={"docs/guide.md": "We recieve teh words.\n"})
    await made.settled()
    return {"a key refused": refused, **{name: one.fired for name, one in armed.items()}}


async def knock(made: World) -> None:
    """The addresses for everybody, and what a stranger may send."""
    for path in ("/metrics", "/readyz", "/healthz", "/nothing", "/webhooks/github"):
        await made.get(path)
    headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "guid", "Content-Type": "application/json"}
    for signature in ("sha256=" + "0" * 64, "é", ""):
        assert await made.get(
            "/webhooks/github", method="POST", data=b"{", headers={**headers, "X-Hub-Signature-256": signature}
        ) in (400, 401)
    made.sandbox.deliver_raw("issues", b"[1, 2")
    made.sandbox.deliver_raw("issues", {"action": "opened"})
    await made.sandbox.drain_webhooks()
    made.places["answers to GitHub"] = repr(made.sandbox.deliveries).encode()


def _processes(process: subprocess.Popen[bytes], cluster: Path) -> dict[str, bytes]:
    """Arguments of the server and of all its children, and what stands in the children's environment."""
    server = psutil.Process(process.pid)
    children = {one.pid: one for one in server.children(recursive=True)}
    if (pid := cluster / "postmaster.pid").exists():
        # The database is started by a program that ends, so that it is nobody's child.
        database = psutil.Process(int(pid.read_text().split()[0]))
        children |= {one.pid: one for one in (database, *database.children(recursive=True))}
    found = {"arguments of the server": _proc(server, "cmdline")}
    for one in children.values():
        found[f"arguments of {one.pid}"] = _proc(one, "cmdline")
        found[f"environment of {one.pid}"] = _proc(one, "environ")
    return found


def _proc(process: psutil.Process, name: str) -> bytes:
    try:
        return Path(f"/proc/{process.pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _of_github(sandbox: Sandbox) -> dict[str, bytes]:
    return {
        "requests to GitHub": "\n".join(
            json.dumps([one.method, one.path, one.query, one.headers, one.body], default=str)
            for one in sandbox.requests
        ).encode()
    }


async def test_a_server_shows_no_secret(
    tmp_path: Path, tokens: Tokens, postgres: EmbeddedPostgres, database_url: str
) -> None:
    """JSON with the operator's database; test_audit.py looks at the console with the embedded one."""
    key, password = visible_secret("model"), odd_secret("database")
    async with world(tmp_path, "json", _with_password(postgres, database_url, password), key) as made:
        with made.served() as process:
            await made.until_ready()
            fired = await _live_through(made)
            await knock(made)
            marker_key = look_around(made, process, made.environment["DATABASE_URL"])
    assert all(fired.values()), fired
    assert {"short token", "long token"} < set(tokens.canaries)
    assert "data" not in os.listdir(tmp_path)
    shows_nothing(made, tokens, marker_key, {"key of the model": key, "password of the database": password})


def look_around(made: World, process: subprocess.Popen[bytes], url: str) -> bytes:
    """Put everything that a running server shows among the places; returns the key of the markers."""
    made.places |= _processes(process, made.folder / "data/postgres")
    made.places |= rows(url, besides=frozenset({"secrets"}))
    made.places |= _of_github(made.sandbox)
    made.places["prompts"] = b"\n".join(one.raw for one in made.model.asked)
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT value FROM assistant.secrets").fetchone()
    assert found is not None
    return bytes(found[0])


def shows_nothing(made: World, tokens: Tokens, marker_key: bytes, besides: dict[str, str]) -> None:
    """The log tells of a crash that said every secret, and neither it nor any other place holds one."""
    assert b"capability_failed" in made.places["log"]
    assert b"RuntimeError" in made.places["log"]
    canaries = {
        "private key": CREDENTIALS.private_key, "webhook secret": CREDENTIALS.webhook_secret,
        **tokens.canaries, **besides,
    }  # fmt: skip
    assert any(one.startswith("arguments") for one in made.places)
    assert leaks(made.places, canaries) == []
    readable = {name: data for name, data in made.places.items() if not name.startswith("files in")}
    assert raw_leaks(readable, "key of the markers", marker_key) == []


def _with_password(postgres: EmbeddedPostgres, database_url: str, password: str) -> str:
    """The address of that database for a user with that password."""
    name = f"canary_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{password}'".encode())
    before, _, after = database_url.rpartition("@")
    assert before
    return f"postgresql://{name}:{quote(password, safe='')}@{after}"


BAD: Final[dict[str, dict[str, str]]] = {
    "a key that is none": {"GITHUB_PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----\n{canary}\n-----END"},
    "a key that is a path": {"GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": "/nowhere/{canary}"},
    "a model's key with a space": {"OPENAI_API_KEY": "a {canary}"},
    "a model's address with a password": {"OPENAI_BASE_URL": "https://user:{canary}@model.example/v1"},
    "a database that is none": {"DATABASE_URL": "mysql://user:{canary}@127.0.0.1/x"},
    "a database's address that is broken": {"DATABASE_URL": "postgresql://user:{canary}@[::1/x"},
    "a database that is not there": {"DATABASE_URL": "postgresql://user:{canary}@127.0.0.1:1/x"},
    "a number that is none": {"GITHUB_APP_ID": "{canary}"},
}


CANARY: Final = "canary" + secrets.token_hex(20)
WRONG: Final = odd_secret("wrong")


@pytest.fixture(scope="module")
def ends(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """How a server ends that was started with each of `BAD`, or with a password that the database does not take."""
    folder = tmp_path_factory.mktemp("ends")
    usual = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "GITHUB_APP_ID": "1", "ASSISTANT_MODEL": "m",
        "GITHUB_PRIVATE_KEY": CREDENTIALS.private_key, "GITHUB_WEBHOOK_SECRET": CREDENTIALS.webhook_secret,
        "LOG_LEVEL": "debug", "ASSISTANT_DATA_DIR": str(folder / "data"), "DATABASE_URL": "postgresql://127.0.0.1:1/x",
    }  # fmt: skip
    after = postgres.url.rpartition("@")[2]
    changed = {
        **{name: {key: value.format(canary=CANARY) for key, value in one.items()} for name, one in BAD.items()},
        "a wrong password": {"DATABASE_URL": f"postgresql://postgres:{quote(WRONG, safe='')}@{after}"},
    }
    lines = "".join(json.dumps({**usual, **one}) + "\n" for one in changed.values())
    done = subprocess.run(
        [sys.executable, "-m", "tests.safety.canaries_child", "ends"], input=lines, env={"PYTHONPATH": str(ROOT)},
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (int(code), str(output)) for name, (code, output) in zip(changed, found, strict=True)}


@pytest.mark.parametrize("name", BAD)
def test_a_server_that_cannot_start_repeats_no_value(ends: dict[str, tuple[int, str]], name: str) -> None:
    code, output = ends[name]
    assert code == 1
    assert output.startswith("contribution-assistant: ")
    canaries = {"value": CANARY, "private key": CREDENTIALS.private_key, "webhook secret": CREDENTIALS.webhook_secret}
    assert leaks({"output": output.encode()}, canaries) == []


def test_a_wrong_password_is_not_repeated(ends: dict[str, tuple[int, str]]) -> None:
    code, output = ends["a wrong password"]
    assert code == 1
    assert "password authentication failed" in output
    assert leaks({"output": output.encode()}, {"password": WRONG}) == []


async def test_no_object_shows_a_secret(tmp_path: Path, tokens: Tokens, database_url: str) -> None:
    """Whatever is printed by mistake, in a traceback's locals or a log: no object of ours says what it holds."""
    key = visible_secret("model")
    async with Sandbox.start(credentials=CREDENTIALS) as sandbox, stand_in(_echo) as model:
        settings: Settings = settings_for(
            sandbox, database_url, tmp_path,
            model=ModelSettings.plain(model.url, key, "stand-in", private_text=False, tokens_per_day=10**6),
        )  # fmt: skip
        async with running(sandbox, settings) as assistant:
            sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE)
            sandbox.open_issue(REPOSITORY, "stranger", TITLE, BODY)
            await assistant.settled()
            shown = {
                f"repr of {type(one).__qualname__}": repr(one).encode("utf-8", "replace")
                for one in gc.get_objects()
                if _is_of_the_service(type(one))
            }
            async with assistant.service.pool.connection() as connection:
                row = await (await connection.execute("SELECT value FROM assistant.secrets")).fetchone()
    assert row is not None
    assert {"repr of Settings", "repr of GitHubApp", "repr of Limits"} <= set(shown)
    password = database_url.partition("postgres:")[2].partition("@")[0]
    canaries = {
        "private key": CREDENTIALS.private_key, "webhook secret": CREDENTIALS.webhook_secret, "key of the model": key,
        "password of the database": password, "JWT": tokens.jwts[0].rpartition(".")[2],
    }  # fmt: skip
    assert leaks(shown, canaries) == []
    assert raw_leaks(shown, "key of the markers", bytes(row[0])) == []


def _is_of_the_service(kind: type) -> bool:
    module = str(kind.__module__)
    return module.startswith("bot.") and not module.startswith("bot.sandbox")


SECRETS: Final = {
    "odd": odd_secret("odd"),
    "visible": visible_secret("visible"),
    "private key": CREDENTIALS.private_key,
    "short token": "ghs_" + secrets.token_hex(18),
    "long token": "ghs_" + secrets.token_urlsafe(384),
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_every_disguise_of_every_part_would_be_found(secret: str) -> None:
    for piece in pieces(secret):
        for disguise, form in disguises(piece):
            planted = b"x" * 100 + form.encode() + b"y" * 100
            assert leaks({"log": planted}, {"it": secret}) != [], disguise
    line = max(secret.split("\n"), key=len)
    for whole in (
        line, line[::-1], line.encode().hex(), quote(line), base64.b64encode(line.encode()).decode(),
        base64.b64encode(b"x" + line.encode()).decode(), base64.urlsafe_b64encode(b"xy" + line.encode()).decode(),
        f"{line[: len(line) // 2]}\n…\n{line[len(line) // 2 :]}",
    ):  # fmt: skip
        assert leaks({"log": f"before {whole} after".encode()}, {"it": secret}) != []
    assert leaks({"log": b"nothing of it"}, {"it": secret}) == []


def test_a_key_of_bytes_would_be_found() -> None:
    key = secrets.token_bytes(32)
    for form in (key, key.hex().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key), key[::-1], key[:16]):
        assert raw_leaks({"log": b"x" + form + b"y"}, "key", key) != []
    assert raw_leaks({"log": b"x" * 500}, "key", key) == []


def test_what_a_file_or_a_row_holds_would_be_found(tmp_path: Path, empty_database_url: str) -> None:
    secret = odd_secret("file")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/other").write_bytes(b"\0\xff" + secret.encode() + b"\0")
    assert leaks(files_below(tmp_path / "data", besides=frozenset()), {"it": secret}) != []
    assert leaks(files_below(tmp_path / "data", besides=frozenset({"other"})), {"it": secret}) == []
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA assistant")
        connection.execute("CREATE TABLE assistant.deliveries (body bytea)")
        connection.execute("CREATE TABLE kept (value text)")
        connection.execute("INSERT INTO kept VALUES (%s)", (secret,))
    assert leaks(rows(empty_database_url, besides=frozenset()), {"it": secret}) != []
    assert leaks(rows(empty_database_url, besides=frozenset({"kept"})), {"it": secret}) == []


def test_both_halves_of_the_credentials_are_canaries() -> None:
    assert isinstance(CREDENTIALS, Credentials)
    assert len(pieces(CREDENTIALS.private_key)) > 40
