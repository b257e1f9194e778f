"""Every request of the service is one that GitHub documents."""

from typing import Any

import pytest

from tests.conformance.conftest import Recording
from tests.conformance.openapi import Description

_LEAST_OPERATIONS = 25


def test_every_request_is_documented(recording: Recording, description: Description) -> None:
    faults = [
        fault
        for one in recording.requests
        for fault in description.request_faults(one.method, one.path, one.query, one.body)
    ]
    assert not faults


def test_the_scenarios_reach_most_of_what_the_service_can_ask(recording: Recording, description: Description) -> None:
    found = {description.find(one.method, one.path) for one in recording.requests}
    names = sorted(one.name for one in found if one is not None)
    print("\n".join(names))
    assert len(names) >= _LEAST_OPERATIONS


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "fault"),
    [
        ("GET", "/repos/o/r/issue/1", {}, None, "no such route"),
        ("PUT", "/repos/o/r/issues/1", {}, None, "no such route"),
        ("GET", "/repositories/1/issues", {}, None, "no such route"),
        ("GET", "/repos/o/r/issues/one", {}, None, "issue_number"),
        ("GET", "/repos/o/r/labels", {"perpage": "100"}, None, "query perpage: not documented"),
        ("GET", "/repos/o/r/labels", {"per_page": "all"}, None, "query per_page"),
        ("GET", "/repos/o/r/issues", {"state": "any"}, None, "query state"),
        ("POST", "/repos/o/r/issues/1/comments", {}, {"body": 1}, "/body"),
        ("POST", "/repos/o/r/issues/1/comments", {}, {"text": "x"}, "body"),
        ("POST", "/repos/o/r/issues/1/comments", {}, {"body": "x", "silent": True}, "/silent: not a property"),
        ("POST", "/repos/o/r/issues/1/labels", {}, {"labels": [1]}, "labels"),
        ("POST", "/app/installations/1/access_tokens", {}, {"permissions": {"isues": "write"}}, "isues"),
        ("DELETE", "/repos/o/r/issues/1/labels/bug", {}, {"labels": []}, "a body"),
    ],
)
def test_a_wrong_request_is_seen(
    description: Description, method: str, path: str, query: dict[str, str], body: Any, fault: str
) -> None:
    found = description.request_faults(method, path, query, body)
    assert found
    assert fault in found[0]
