"""The stand-in GitHub answers as GitHub's description says."""

from collections.abc import Iterable

import pytest

from bot.sandbox.api.table import ROUTES
from bot.sandbox.routing import find_route
from tests.conformance.conftest import Recording
from tests.conformance.openapi import Description
from tests.conformance.recording import Exchange, RecordingSandbox
from tests.conformance.visits import visit


@pytest.fixture
async def visited() -> tuple[Exchange, ...]:
    """The answers of each endpoint."""
    async with RecordingSandbox.start() as sandbox:
        await visit(sandbox)
        assert not [one for one in sandbox.requests if one.status >= 500]
        return tuple(sandbox.exchanges)


def _faults(exchanges: Iterable[Exchange], description: Description) -> list[str]:
    return sorted(
        {
            fault
            for one in exchanges
            if one.is_json
            for fault in description.answer_faults(one.method, one.path, one.status, one.body)
        }
    )


def test_answers_to_the_service_are_as_described(recording: Recording, description: Description) -> None:
    assert not [one for one in recording.requests if one.status >= 500 and one.fault is None]
    assert not _faults(recording.exchanges, description)


async def test_answers_of_every_endpoint_are_as_described(
    visited: tuple[Exchange, ...], description: Description
) -> None:
    assert not _faults(visited, description)


async def test_every_endpoint_was_answered_well(visited: tuple[Exchange, ...]) -> None:
    answered = {_route(one) for one in visited if one.ok}
    assert not {f"{one.method} {one.path}" for one in ROUTES} - answered


async def test_the_service_asks_for_nothing_that_was_not_judged(
    recording: Recording, visited: tuple[Exchange, ...], description: Description
) -> None:
    asked = {description.find(one.method, one.path) for one in recording.requests}
    judged = {description.find(one.method, one.path) for one in (*recording.exchanges, *visited) if one.ok}
    assert None not in asked
    assert asked <= judged


def _route(exchange: Exchange) -> str:
    route, _parameters = find_route(ROUTES, exchange.method, exchange.path)
    return f"{route.method} {route.path}"


def test_a_wrong_answer_is_seen(description: Description) -> None:
    path = "/repos/o/r/issues/1/labels"
    assert description.answer_faults("GET", path, 200, [{"name": "bug"}])
    assert description.answer_faults("GET", path, 200, {"labels": []})
    assert description.answer_faults("GET", path, 202, [])
    assert description.answer_faults("GET", path, 403, ["no"])
    assert not description.answer_faults("GET", path, 200, [])
