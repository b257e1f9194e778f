"""The App's JWT, installations, and tokens: narrowed, cached per repository, renewed in time and once at a time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.domain.errors import Terminal
from bot.github.auth import _JWT_KEPT, _JWT_LIFETIME, Clock, Credentials, GitHubApp, Installation, intersection
from tests.support.answers import Answers, WindowsInMemory, answering

_KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM: Final = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
DECLARED: Final = {"metadata": "read", "issues": "write", "contents": "read", "checks": "write"}
GRANTED: Final = {"metadata": "read", "issues": "write", "contents": "write", "actions": "write"}


def test_the_jwt_holds_against_a_clock_that_is_a_minute_off() -> None:
    claims = jwt.decode(
        Credentials(17, PEM).jwt(1_000_000.7), _KEY.public_key(), algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    assert claims == {"iat": 999_940, "exp": 1_000_480, "iss": "17"}
    assert claims["exp"] - 1_000_000 <= 540  # GitHub takes ten minutes from its own clock, which may be a minute behind


# wanted, whether the installation grants it
GRANTS: Final[dict[str, tuple[dict[str, str], bool]]] = {
    "nothing": ({}, True),
    "the same level": ({"issues": "write"}, True),
    "a lower level": ({"issues": "read"}, True),
    "a higher level": ({"metadata": "write"}, False),
    "missing": ({"checks": "read"}, False),
    "one of two": ({"issues": "write", "checks": "read"}, False),
}


@pytest.mark.parametrize(("wanted", "granted"), GRANTS.values(), ids=GRANTS)
def test_grants(wanted: dict[str, str], granted: bool) -> None:
    assert Installation(2, GRANTED, suspended=False).grants(wanted) is granted


def test_a_token_asks_for_what_is_declared_and_granted_at_the_lower_level() -> None:
    assert intersection(DECLARED, GRANTED) == {"metadata": "read", "issues": "write", "contents": "read"}
    assert intersection({"issues": "write"}, {"issues": "read"}) == {"issues": "read"}
    assert intersection({"issues": "write"}, {}) == {}


@dataclass(slots=True)
class Server:
    """Answers that know what the App asks for, in the order in which it asks."""

    answers: Answers
    app: GitHubApp
    passed: list[float]
    """Seconds on the App's steady clock."""

    def installed(self, **changes: Any) -> None:
        self.answers.then(200, {"id": 2, "permissions": GRANTED, **changes})

    def gives(self, token: str, lifetime: timedelta = timedelta(hours=1)) -> None:
        self.answers.then(201, {"token": token, "expires_at": (datetime.now(UTC) + lifetime).isoformat()})

    def asked_for(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.answers.asked if one.path.endswith("/access_tokens")]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with answering() as (answers, session):
        passed = [0.0]
        app = GitHubApp(
            session, Credentials(17, PEM), api_url=answers.url, windows=WindowsInMemory(), declared=DECLARED,
            clock=Clock(steady=lambda: passed[0]),
        )  # fmt: skip
        yield Server(answers, app, passed)


async def test_a_token_is_narrowed_and_used_again_for_its_repository_only(server: Server) -> None:
    server.installed()
    server.gives("one")
    server.answers.then(200, {}).then(200, {})
    server.gives("two")
    server.answers.then(200, {})
    for repository in (1, 1, 3):
        await server.app.client(2, repository).get("/x")
    permissions = {"metadata": "read", "issues": "write", "contents": "read"}
    assert server.asked_for() == [
        {"repository_ids": [1], "permissions": permissions}, {"repository_ids": [3], "permissions": permissions},
    ]  # fmt: skip
    used = [one.token for one in server.answers.asked if one.path == "/x"]
    assert used == ["Bearer one", "Bearer one", "Bearer two"]


async def test_of_many_at_once_one_asks_for_the_token(server: Server) -> None:
    server.installed()
    server.gives("one")
    server.answers.then(200, {})
    await asyncio.gather(*(server.app.client(2, 1).get("/x") for _ in range(5)))
    assert len(server.asked_for()) == 1


@pytest.mark.parametrize(
    ("lifetime", "good_for"),
    [
        (timedelta(hours=1), 3300),
        (timedelta(minutes=20), 900),
        (timedelta(days=1), 3300),  # our clock is behind
        (timedelta(minutes=2), 60),
        (timedelta(minutes=-5), 60),  # our clock is ahead
    ],
)
async def test_a_token_is_renewed_five_minutes_early(server: Server, lifetime: timedelta, good_for: float) -> None:
    server.installed()
    server.gives("one", lifetime)
    server.answers.then(200, {}).then(200, {})
    server.gives("two")
    server.answers.then(200, {})
    client = server.app.client(2, 1)
    await client.get("/x")
    server.passed[0] = good_for - 5
    await client.get("/x")
    server.passed[0] = good_for + 5
    await client.get("/x")
    used = [one.token for one in server.answers.asked if one.path == "/x"]
    assert used == ["Bearer one", "Bearer one", "Bearer two"]


async def test_a_refused_token_is_thrown_away_for_everybody(server: Server) -> None:
    server.installed()
    server.gives("one")
    server.answers.then(401, {"message": "Bad credentials"})
    server.gives("two")
    server.answers.then(200, {})
    await server.app.client(2, 1).get("/x")
    await server.app.client(2, 1).get("/x")
    used = [one.token for one in server.answers.asked if one.path == "/x"]
    assert used == ["Bearer one", "Bearer two", "Bearer two"]


async def test_a_suspended_installation_gets_no_token(server: Server) -> None:
    server.installed(suspended_at=datetime.now(UTC).isoformat())
    server.gives("one")
    server.answers.then(200, {})
    with pytest.raises(Terminal, match="suspended"):
        await server.app.client(2, 1).get("/x")
    assert server.asked_for() == []


async def test_what_an_installation_grants_is_remembered_until_it_is_forgotten(server: Server) -> None:
    server.installed()
    server.installed(permissions={"metadata": "read"})
    assert await server.app.installation(2) is await server.app.installation(2)
    server.app.forget(2)
    assert dict((await server.app.installation(2)).permissions) == {"metadata": "read"}


async def test_forgetting_drops_the_tokens_of_that_installation(server: Server) -> None:
    server.installed()
    server.gives("one")
    server.answers.then(200, {})
    server.installed()
    server.gives("two")
    server.answers.then(200, {})
    for _ in range(2):
        await server.app.client(2, 1).get("/x")
        server.app.forget(2)
        server.app.forget(99)
    assert [one.token for one in server.answers.asked if one.path == "/x"] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("status", [404, 403, 422])
async def test_without_the_owner_s_files_the_repository_s_own_client_has_to_do(server: Server, status: int) -> None:
    server.installed()
    server.answers.then(status, {"message": "no"})
    server.gives("one")
    server.answers.then(200, {})
    await (await server.app.owner_client(2, 1)).get("/x")
    await (await server.app.owner_client(2, 1)).get("/x")
    narrow = {"repositories": [".github"], "permissions": {"contents": "read"}}
    assert server.asked_for()[0] == narrow
    assert [one.get("repository_ids") for one in server.asked_for()[1:]] == [[1]]


async def test_a_token_that_lists_repositories_reads_nothing_in_them(server: Server) -> None:
    server.installed()
    server.gives("lists")
    server.answers.then(200, {"repositories": []})
    await server.app.listing_client(2).get("/installation/repositories")
    assert server.asked_for() == [{"permissions": {"metadata": "read"}}]
    assert server.answers.asked[-1].token == "Bearer lists"


async def test_the_owner_s_files_have_a_token_of_their_own(server: Server) -> None:
    server.installed()
    server.gives("files")
    server.answers.then(200, {})
    await (await server.app.owner_client(2, 1)).get("/x")
    assert server.answers.asked[-1].token == "Bearer files"


async def test_the_app_itself_signs_with_its_key(server: Server) -> None:
    server.answers.then(200, {"id": 17, "slug": "assistant"})
    assert (await server.app.identity()).login == "assistant[bot]"
    assert await server.app.identity() is await server.app.identity()
    (asked,) = server.answers.asked
    claims = jwt.decode(asked.token.removeprefix("Bearer "), _KEY.public_key(), algorithms=["RS256"])
    assert claims["iss"] == "17"
    assert claims["exp"] <= time.time() + 600


async def test_a_jwt_is_used_again_until_it_is_old_or_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []
    sign = Credentials.jwt

    def counted(self: Credentials, now: float) -> str:
        made.append(now)
        return sign(self, now)

    monkeypatch.setattr(Credentials, "jwt", counted)
    server.answers.then(200, {}).then(200, {}).then(401, {}).then(200, {})
    await server.app.api.get("/one")
    await server.app.api.get("/two")
    assert len(made) == 1
    await server.app.api.get("/three")
    assert len(made) == 2
    assert _JWT_KEPT + 60 + 60 < _JWT_LIFETIME, "kept for so short that it holds against a clock a minute off"
