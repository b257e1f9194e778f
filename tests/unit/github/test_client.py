"""The client against a server that answers as it is told: origins, redirects, tokens, rates, pages, odd answers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest
from aiohttp import ClientSession

from bot.domain.errors import AssistantError, ClaimLost, Deferred
from bot.github import client as client_module
from bot.github.client import GitHub, file_path, open_session, path, with_query
from bot.github.errors import Absent, Forbidden, Moved, Refused, Unavailable
from tests.support.answers import Answers, WindowsInMemory, answering

SOON: Final = datetime.now(UTC) + timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Made:
    """A client, the server that it talks to, and the windows that it knows."""

    client: GitHub
    server: Answers
    windows: WindowsInMemory


def make(server: Answers, session: ClientSession, installation: int | None = 2) -> Made:
    windows = WindowsInMemory()

    async def token(renew: bool) -> str:
        return "Bearer new" if renew else "Bearer old"

    client = GitHub(
        session, server.url, token=token, scope="installation:2", windows=windows, installation=installation, cache={}
    )
    return Made(client, server, windows)


@pytest.fixture
async def made() -> AsyncIterator[Made]:
    async with answering() as (server, session):
        yield make(server, session)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "https://api.github.com.evil.example/x"])
async def test_no_request_and_no_token_leaves_for_another_origin(made: Made, url: str) -> None:
    made.server.then(200, {"id": 1})
    with pytest.raises(AssistantError):
        await made.client.get(url)
    assert made.server.asked == []


async def test_another_origin_is_not_asked_though_it_would_answer(made: Made) -> None:
    async with answering() as (other, _session):
        other.then(200, {"id": 1})
        with pytest.raises(Refused):
            await made.client.get(f"{other.url}/x")
        assert other.asked == []


async def test_a_next_page_elsewhere_is_asked_for_at_our_origin(made: Made) -> None:
    async with answering() as (other, _session):
        other.then(200, [3])
        made.server.then(200, [1], Link=f'<{other.url}/items?page=2>; rel="next"').then(200, [2])
        assert [one async for one in made.client.pages("/items")] == [1, 2]
        assert other.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_redirects_are_never_followed(made: Made, status: int, method: str) -> None:
    async with answering() as (other, _session):
        made.server.then(status, {}, Location=f"{other.url}/steal")
        with pytest.raises(Refused, match="redirected away"):
            await (made.client.get("/x") if method == "GET" else made.client.send(method, "/x", {}))
        assert (other.asked, len(made.server.asked)) == ([], 1)


async def test_a_redirect_within_the_api_says_that_it_moved(made: Made) -> None:
    made.server.then(301, {}, Location=f"{made.server.url}/repositories/1")
    with pytest.raises(Moved):
        await made.client.get("/x")
    assert len(made.server.asked) == 1


async def test_a_refused_token_is_renewed_once(made: Made) -> None:
    made.server.then(401, {"message": "Bad credentials"}).then(200, {"id": 1})
    assert await made.client.get("/x") == {"id": 1}
    assert [one.token for one in made.server.asked] == ["Bearer old", "Bearer new"]


async def test_a_new_token_that_is_refused_too_is_not_asked_for_again(made: Made) -> None:
    made.server.then(401, {"message": "Bad credentials"})
    with pytest.raises(Unavailable):
        await made.client.get("/x")
    assert len(made.server.asked) == 2


# status, headers, the error
ANSWERS: Final[dict[str, tuple[int, dict[str, str], type[AssistantError]]]] = {
    "400": (400, {}, Refused),
    "403": (403, {}, Forbidden),
    "404": (404, {}, Absent),
    "408": (408, {}, Unavailable),
    "409": (409, {}, Refused),
    "410": (410, {}, Absent),
    "422": (422, {}, Refused),
    "425": (425, {}, Unavailable),
    "429": (429, {}, Deferred),
    "403 with a wait": (403, {"retry_after": "5"}, Deferred),
    "403 used up": (403, {"x_ratelimit_remaining": "0"}, Deferred),
    "451": (451, {}, Refused),
    "500": (500, {}, Unavailable),
    "502": (502, {}, Unavailable),
    "504": (504, {}, Unavailable),
}


@pytest.mark.parametrize(("status", "headers", "error"), ANSWERS.values(), ids=ANSWERS)
async def test_answers_by_what_can_be_done(
    made: Made, status: int, headers: dict[str, str], error: type[AssistantError]
) -> None:
    made.server.then(status, {"message": "Said so."}, **headers)
    with pytest.raises(error) as raised:
        await made.client.get("/x")
    assert type(raised.value) is error


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b'{"id": ', b"\xff\xfe"])
async def test_a_success_that_cannot_be_read_is_no_answer(made: Made, body: bytes) -> None:
    made.server.then(200, body)
    with pytest.raises(Unavailable):
        await made.client.get("/x")


async def test_nobody_there_is_no_answer() -> None:
    async with ClientSession() as session:
        with pytest.raises(Unavailable):
            await make(Answers("http://127.0.0.1:9"), session).client.get("/x")


async def test_a_huge_answer_is_refused(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_MAX_ANSWER", 1_000_000)
    made.server.then(200, b" " * 1_000_001)
    with pytest.raises(Refused, match="larger than"):
        await made.client.get("/x")


async def test_inside_a_window_nothing_is_sent(made: Made) -> None:
    made.server.then(200, {})
    made.windows.open["installation:2"] = SOON
    for request in (made.client.get("/x"), made.client.send("POST", "/x", {"a": 1})):
        with pytest.raises(Deferred) as raised:
            await request
        assert raised.value.until == SOON
    assert made.server.asked == []


async def test_another_scope_s_window_does_not_matter(made: Made) -> None:
    made.server.then(200, {"id": 1})
    made.windows.open["installation:3"] = SOON
    assert await made.client.get("/x") == {"id": 1}


async def test_a_rate_limit_opens_the_window_of_its_scope(made: Made) -> None:
    made.server.then(429, {"message": "slow down"}, retry_after="30")
    with pytest.raises(Deferred) as raised:
        await made.client.get("/x")
    assert made.windows.open == {"installation:2": raised.value.until}
    assert raised.value.until > datetime.now(UTC) + timedelta(seconds=25)


async def test_each_write_takes_a_slot_and_a_read_none(made: Made) -> None:
    made.server.then(201, {"id": 1})
    await made.client.get("/x")
    assert made.windows.taken == []
    for method in ("POST", "PATCH", "DELETE"):
        await made.client.send(method, "/x", {})
    assert made.windows.taken == [2, 2, 2]


async def test_the_app_s_own_requests_take_no_slot() -> None:
    async with answering() as (server, session):
        made = make(server, session, installation=None)
        server.then(201, {"token": "x"})
        await made.client.send("POST", "/app/installations/2/access_tokens", {})
        assert made.windows.taken == []


async def test_a_slot_that_is_free_soon_is_waited_for(made: Made) -> None:
    made.server.then(201, {"id": 1})
    made.windows.waits = [0.01, 0.01]
    await made.client.send("POST", "/x", {})
    assert (len(made.windows.taken), len(made.server.asked)) == (3, 1)


async def test_a_slot_that_is_far_away_defers_the_write(made: Made) -> None:
    made.server.then(201, {"id": 1})
    made.windows.waits = [60.0]
    with pytest.raises(Deferred) as raised:
        await made.client.send("POST", "/x", {})
    assert raised.value.until > datetime.now(UTC) + timedelta(seconds=50)
    assert made.server.asked == []


async def test_something_new_that_was_not_confirmed_is_no_answer(made: Made) -> None:
    made.server.then(204, b"")
    with pytest.raises(Unavailable):
        await made.client.send("POST", "/x", {})


async def test_a_deletion_needs_no_answer(made: Made) -> None:
    made.server.then(204, b"")
    assert await made.client.send("DELETE", "/x") is None


async def test_all_pages_are_read(made: Made) -> None:
    made.server.then(200, [1, 2], Link=f'<{made.server.url}/items?per_page=100&page=2>; rel="next"').then(200, [3])
    assert [one async for one in made.client.pages("/items", state="all")] == [1, 2, 3]
    assert [one.path for one in made.server.asked] == ["/items?per_page=100&state=all", "/items?per_page=100&page=2"]


async def test_a_list_without_end_ends(made: Made) -> None:
    made.server.then(200, [1], Link=f'<{made.server.url}/items?page=2>; rel="next"')
    assert len([one async for one in made.client.pages("/items")]) == 30
    assert len([one async for one in made.client.pages("/items", most=2)]) == 2


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_means_another_address_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        path("labels", name)
    with pytest.raises(Refused):
        file_path(f"docs/{name}/x.md")


async def test_what_has_not_changed_is_asked_for_conditionally(made: Made) -> None:
    made.server.then(200, {"id": 1}, ETag='"a"').then(304, b"")
    assert await made.client.get("/x") == await made.client.get("/x") == {"id": 1}
    assert made.server.asked[1].headers["If-None-Match"] == '"a"'


PATHS: Final[dict[str, tuple[str, str]]] = {
    "plain": (path("repos", "o", "r"), "/repos/o/r"),
    "a slash": (path("labels", "a/b"), "/labels/a%2Fb"),
    "dots": (path("labels", "../x?y#z"), "/labels/..%2Fx%3Fy%23z"),
    "braces": (path("labels", "{x}"), "/labels/%7Bx%7D"),
    "a file": (file_path("docs/a b{c}.md"), "docs/a%20b%7Bc%7D.md"),
    "no query": (with_query("/x", {}), "/x"),
    "a query": (with_query("/x", {"a": "b&c={d}"}), "/x?a=b%26c%3D%7Bd%7D"),
    "a further query": (with_query("/x?a=1", {"b": 2}), "/x?a=1&b=2"),
}


@pytest.mark.parametrize(("made_path", "expected"), PATHS.values(), ids=PATHS)
def test_paths_are_encoded(made_path: str, expected: str) -> None:
    assert made_path == expected


async def test_the_body_is_what_was_given(made: Made) -> None:
    made.server.then(201, {"id": 1})
    data: dict[str, Any] = {"labels": ["a/b", "é"]}
    await made.client.send("POST", "/x", data)
    assert made.server.asked[0].body.decode() in ('{"labels": ["a/b", "é"]}', '{"labels": ["a/b", "\\u00e9"]}')


async def test_a_write_asks_its_fence_when_nothing_was_sent_and_obeys_it() -> None:
    async with answering() as (server, _session), open_session() as session:
        made = make(server.then(201, {"id": 1}), session)

        async def lost() -> None:
            assert made.windows.taken == [2]
            raise ClaimLost("taken over")

        with pytest.raises(ClaimLost):
            await made.client.send("POST", "/items", {"a": 1}, fence=lost)
        assert server.asked == []
        assert await made.client.send("POST", "/items", {"a": 1}) == {"id": 1}


async def test_an_answer_of_the_fence_that_was_read_late_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that was suspended between the database's answer and its own next step."""
    times, asked = iter([0.0, 0.0, 7.0, 7.0, 7.1]), []
    monkeypatch.setattr(client_module, "time", SimpleNamespace(monotonic=lambda: next(times)))

    async def fence() -> None:
        asked.append(True)

    async with answering() as (server, _session), open_session() as session:
        await make(server.then(201, {"id": 1}), session).client.send("POST", "/items", {"a": 1}, fence=fence)
        assert (len(asked), len(server.asked)) == (2, 1)


async def test_a_fenced_write_through_any_other_session_is_refused(made: Made) -> None:
    async def fence() -> None:
        """Has nothing against it."""

    with pytest.raises(RuntimeError, match="open_session"):
        await made.client.send("POST", "/items", {"a": 1}, fence=fence)
    assert made.server.asked == []
