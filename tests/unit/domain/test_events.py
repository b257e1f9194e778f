"""Where a delivery goes, and what it says: `route` and `parse` over payloads with something missing or odd."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

import pytest

from bot.domain.events import (
    Actor,
    CommentRef,
    Event,
    Ignored,
    Lifecycle,
    Repository,
    Route,
    actor,
    parse,
    route,
    was_moved,
)
from bot.domain.text.marker import MARKER_START

HANDLED: Final = frozenset({"issues.opened", "issue_comment.created", "pull_request.opened"})
PAYLOAD: Final[dict[str, Any]] = {
    "action": "opened",
    "installation": {"id": 2},
    "repository": {
        "id": 1, "name": "rocket", "owner": {"login": "octo"}, "private": True, "default_branch": "trunk",
        "html_url": "https://github.com/octo/rocket/",
    },
    "sender": {"login": "ada", "id": 7, "type": "User"},
    "issue": {"number": 5, "user": {"login": "ada", "id": 7, "type": "User"}},
}  # fmt: skip
REPOSITORY: Final = Repository(1, "octo", "rocket", True, "trunk", "https://github.com/octo/rocket")
ADA: Final = Actor("ada", 7)


def changed(path: str, value: object) -> dict[str, Any]:
    """The payload with one field (dots lead down) set, or taken away by ...."""
    payload: dict[str, Any] = deepcopy(PAYLOAD)
    *parents, last = path.split(".")
    place = payload
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return payload


def test_an_item_s_event_queues_at_its_item() -> None:
    assert route("issues", PAYLOAD, HANDLED) == Route("1#5", "opened", 2, 1, 5, "queued: issues.opened")


def test_a_pull_request_queues_like_an_issue() -> None:
    payload = {**PAYLOAD, "pull_request": {"number": 6}, "issue": None}
    assert route("pull_request", payload, HANDLED).key == "1#6"


NOT_HANDLED: Final = "is not handled"
NAMELESS: Final = "names no installation, repository or number"
IGNORED: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "another event": ("ping", {"zen": "x"}, NOT_HANDLED),
    "another action": ("issues", changed("action", "pinned"), NOT_HANDLED),
    "no action": ("issues", changed("action", ...), NOT_HANDLED),
    "an action of another type": ("issues", changed("action", ["opened"]), NOT_HANDLED),
    "a long action": ("issues", changed("action", "o" * 65), NOT_HANDLED),
    "a bot": ("issues", changed("sender.type", "Bot"), "was done by a bot"),
    "no installation": ("issues", changed("installation", ...), NAMELESS),
    "an installation of words": ("issues", changed("installation", "2"), NAMELESS),
    "an installation that is true": ("issues", changed("installation.id", True), NAMELESS),
    "no repository": ("issues", changed("repository", None), NAMELESS),
    "a repository with a text for an id": ("issues", changed("repository.id", "1"), NAMELESS),
    "a repository beyond the database's numbers": ("issues", changed("repository.id", 2**63), NAMELESS),
    "no item": ("issues", changed("issue", ...), NAMELESS),
    "an item of words": ("issues", changed("issue", "5"), NAMELESS),
    "no number": ("issues", changed("issue.number", ...), NAMELESS),
    "a fraction": ("issues", changed("issue.number", 5.0), NAMELESS),
    "number nought": ("issues", changed("issue.number", 0), NAMELESS),
    "a negative number": ("issues", changed("issue.number", -5), NAMELESS),
    "a number that is true": ("issues", changed("issue.number", True), NAMELESS),
    "a number beyond the database's": ("issues", changed("issue.number", 2**31), NAMELESS),
    "a lifecycle event without an installation": ("repository", changed("installation", ...), NOT_HANDLED),
}


def test_what_is_only_taken_note_of_passes_though_a_bot_did_it() -> None:
    payload = changed("sender.type", "Bot")
    assert route("issues", payload, HANDLED, frozenset({"issues.opened"})).key == "1#5"
    assert route("issues", payload, HANDLED, frozenset({"issues.labeled"})).key is None


@pytest.mark.parametrize(("event", "payload", "reason"), IGNORED.values(), ids=IGNORED)
def test_what_nothing_has_to_be_done_about(event: str, payload: dict[str, Any], reason: str) -> None:
    found = route(event, payload, HANDLED)
    assert found.key is None
    assert found.reason.startswith("ignored: ")
    assert found.reason.endswith(reason)


@pytest.mark.parametrize("action", ["o" * 65, "opéned", "opened\n", "\u0000", 5, ["opened"]])
def test_an_action_that_no_column_or_log_should_hold_is_none(action: object) -> None:
    assert route("issues", changed("action", action), HANDLED).action is None


OURS: Final = f"{MARKER_START}status:5 {'0' * 32} -->\nThank you."
PROOFS: Final[dict[str, tuple[str, dict[str, Any], bool]]] = {
    "a comment like ours": ("issue_comment.created", {"comment": {"body": OURS}}, True),
    "a review like ours": ("pull_request_review.submitted", {"review": {"body": OURS}}, True),
    "another bot's comment": ("issue_comment.created", {"comment": {"body": f"Hello. {OURS}"}}, False),
    "a comment that was edited": ("issue_comment.edited", {"comment": {"body": OURS}}, False),
    "a comment without a text": ("issue_comment.created", {"comment": {"body": None}}, False),
    "no comment": ("issue_comment.created", {}, False),
}


@pytest.mark.parametrize(("name", "fields", "kept"), PROOFS.values(), ids=PROOFS)
def test_what_may_prove_that_our_own_write_arrived_is_kept(name: str, fields: dict[str, Any], kept: bool) -> None:
    event, action = name.split(".")
    payload = {**changed("action", action), "sender": {"login": "x[bot]", "id": 9, "type": "Bot"}, **fields}
    found = route(event, payload, HANDLED | {name})
    assert (found.key, found.proof) == (None, kept)


def test_the_largest_numbers_are_taken() -> None:
    payload = changed("issue.number", 2**31 - 1)
    payload["repository"]["id"] = 2**63 - 1
    assert route("issues", payload, HANDLED).key == f"{2**63 - 1}#{2**31 - 1}"


@pytest.mark.parametrize("event", ["installation", "installation_repositories", "repository"])
def test_lifecycle_events_queue_at_the_installation_whoever_caused_them(event: str) -> None:
    found = route(event, changed("sender.type", "Bot"), HANDLED)
    assert (found.key, found.reason) == ("installation:2", f"queued: {event}.opened")


def parsed(payload: Mapping[str, Any], event: str = "issues") -> Event:
    found = parse(event, "guid", payload)
    assert isinstance(found, Event), found
    return found


def test_an_event() -> None:
    assert parsed(PAYLOAD) == Event("guid", "issues.opened", 2, REPOSITORY, 5, False, ADA)


def test_a_comment() -> None:
    said = {"id": 99, "user": {"login": "ada", "id": 7}, "body": None, "performed_via_github_app": {"id": 3}}
    found = parsed({**PAYLOAD, "comment": said}, "issue_comment")
    assert (found.comment, found.via_app) == (CommentRef(99, ADA, "", 3), 3)


def test_a_review_is_read_like_a_comment() -> None:
    payload = {**PAYLOAD, "pull_request": PAYLOAD["issue"], "review": {"id": 4, "user": None, "body": "Fine."}}
    del payload["issue"]
    found = parsed(payload, "pull_request_review")
    assert found.is_pull
    assert found.comment == CommentRef(4, Actor("ghost", 10137), "Fine.", None)


def test_a_comment_on_a_pull_request_is_about_the_pull_request() -> None:
    assert parsed(changed("issue.pull_request", {"url": "x"}), "issue_comment").is_pull


def test_an_item_made_by_an_app_says_which() -> None:
    assert parsed(changed("issue.performed_via_github_app", {"id": 3})).via_app == 3


def test_an_issue_that_was_moved_here_is_not_new() -> None:
    moved = {**PAYLOAD, "changes": {"old_issue": {"number": 3}, "old_repository": {"id": 9}}}
    assert was_moved("issues", moved)
    assert not was_moved("issues", {**PAYLOAD, "changes": {"title": {"from": "x"}}})
    assert not was_moved("issues", {**moved, "action": "edited"})
    assert not was_moved("pull_request", moved)


@pytest.mark.parametrize("branch", [..., None, ""])
def test_a_repository_without_a_branch_has_main(branch: object) -> None:
    assert parsed(changed("repository.default_branch", branch)).repository.default_branch == "main"


UNUSABLE: Final = {
    "no action": changed("action", ...),
    "no installation": changed("installation", ...),
    "an installation of null": changed("installation", None),
    "no repository": changed("repository", ...),
    "no owner": changed("repository.owner", None),
    "a repository with words for an id": changed("repository.id", "one"),
    "no item": changed("issue", ...),
    "no number": changed("issue.number", ...),
    "no sender": changed("sender", ...),
    "a sender without an id": changed("sender.id", ...),
}


@pytest.mark.parametrize("payload", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_payload_is_ignored_and_never_raises(payload: dict[str, Any]) -> None:
    found = parse("issues", "guid", payload)
    assert isinstance(found, Ignored)
    assert "unusable payload" in found.reason


def test_a_lifecycle_event_without_its_repository_is_ignored() -> None:
    payload = {"action": "deleted", "installation": {"id": 5, "account": None}, "repository": None}
    assert isinstance(parse("repository", "a-guid", payload), Ignored)


def test_another_event_is_ignored() -> None:
    assert parse("ping", "guid", {}) == Ignored("ping is not handled")


ACCOUNT: Final = {"account": {"login": "octo"}}
LIFECYCLES: Final[dict[str, tuple[str, dict[str, Any], Lifecycle]]] = {
    "uninstalled": (
        "installation", {"action": "deleted", "installation": {"id": 2, **ACCOUNT}},
        Lifecycle("guid", "installation.deleted", 2),
    ),
    "uninstalled, with a list of what it had": (
        "installation", {"action": "deleted", "installation": {"id": 2, **ACCOUNT}, "repositories": [{"id": 4}]},
        Lifecycle("guid", "installation.deleted", 2),
    ),
    "installed": (
        "installation", {"action": "created", "installation": {"id": 2, **ACCOUNT}, "repositories": [{"id": 4}]},
        Lifecycle("guid", "installation.created", 2, (), (4,)),
    ),
    "repositories": (
        "installation_repositories",
        {
            "action": "removed", "installation": {"id": 2, **ACCOUNT},
            "repositories_removed": [{"id": 1}, {"id": 3}], "repositories_added": [{"id": 4}],
        },
        Lifecycle("guid", "installation_repositories.removed", 2, (1, 3), (4,)),
    ),
    "a repository deleted": (
        "repository", {**PAYLOAD, "action": "deleted"}, Lifecycle("guid", "repository.deleted", 2, (1,)),
    ),
    "a repository renamed": (
        "repository", {**PAYLOAD, "action": "renamed"}, Lifecycle("guid", "repository.renamed", 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("event", "payload", "expected"), LIFECYCLES.values(), ids=LIFECYCLES)
def test_lifecycle(event: str, payload: dict[str, Any], expected: Lifecycle) -> None:
    assert parse(event, "guid", payload) == expected


@pytest.mark.parametrize(
    ("data", "expected", "is_bot"),
    [
        (None, Actor("ghost", 10137, "User"), False),
        ({"login": "ada", "id": 7}, ADA, False),
        ({"login": "x", "id": 1, "type": "Bot"}, Actor("x", 1, "Bot"), True),
        ({"login": "x[bot]", "id": 1, "type": "User"}, Actor("x[bot]", 1), True),
        ({"login": "bot", "id": 1, "type": "Organization"}, Actor("bot", 1, "Organization"), False),
    ],
)
def test_actors(data: dict[str, Any] | None, expected: Actor, is_bot: bool) -> None:
    assert actor(data) == expected
    assert expected.is_bot is is_bot
