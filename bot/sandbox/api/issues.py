"""https://docs.github.com/en/rest/issues"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.sandbox.answers import Answer, ApiError, Listing, Result, invalid
from bot.sandbox.call import Call
from bot.sandbox.model import REACTIONS, Comment, Issue, IssueEvent, Reaction
from bot.sandbox.ops import issues as ops
from bot.sandbox.ops import labels as label_ops
from bot.sandbox.ops.comments import react
from bot.sandbox.routing import PAGED, Field, Route
from bot.sandbox.shapes import issues as shapes
from bot.sandbox.shapes import repos

READ = ("issues:read", "pull_requests:read")
WRITE = ("issues:write", "pull_requests:write")
_SORTS: Mapping[str, Callable[[Issue], tuple[Any, int]]] = {
    "created": lambda item: (item.created_at, item.id),
    "updated": lambda item: (item.updated_at, item.id),
    "comments": lambda item: (len(item.comments), item.id),
}


def list_issues(call: Call) -> Result:
    """Pull requests are in the list too, known by `pull_request`.

    https://docs.github.com/en/rest/issues/issues#list-repository-issues
    """
    repo = call.repo
    if not repo.has_issues:
        raise ApiError(410, "Issues are disabled for this repo")
    found = [item for item in repo.issues.values() if _wanted(call, item)]
    sort = call.query.get("sort", "created")
    if sort not in _SORTS:
        raise invalid("Issue", "sort", f"sort is not included in the list: {sort}", code="invalid")
    found.sort(key=_SORTS[sort], reverse=call.query.get("direction", "desc") == "desc")
    return Listing(found, lambda item: shapes.issue(call.links, call.state, repo, item))


def _wanted(call: Call, item: Issue) -> bool:
    query = call.query
    state = query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state", "state is not included in the list", code="invalid")
    labels = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    creator = query.get("creator")
    since = parse_time(query.get("since"))
    return (
        state in ("all", item.state)
        and (creator is None or item.author.login.lower() == creator.lower())
        and labels <= {name.lower() for name in item.labels}
        and (since is None or item.updated_at >= since)
    )


def parse_time(text: str | None) -> datetime | None:
    """Return a timestamp in ISO 8601; ApiError 422 when it is none."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ApiError(422, f"Invalid timestamp: {text}") from None


def get_issue(call: Call) -> Result:
    return Answer(body=shapes.single_issue(call.links, call.state, call.repo, call.thread("read")))


def update_issue(call: Call) -> Result:
    """Only the state: nothing else of a thread is the App's to change here."""
    item, repo, body = call.thread("write"), call.repo, call.body
    state, reason = body.get("state"), body.get("state_reason")
    if state not in (None, "open", "closed"):
        raise invalid("Issue", "state", "state is not included in the list", code="invalid")
    if state is not None:
        ops.set_state(call.world, repo, item, call.actor, state, reason)
    return Answer(body=shapes.single_issue(call.links, call.state, repo, item))


def list_thread_labels(call: Call) -> Result:
    repo, item = call.repo, call.thread("read")
    held = [repo.labels[name.lower()] for name in item.labels]
    return Listing(held, lambda label: repos.label(call.links, repo, label))


def add_thread_labels(call: Call) -> Result:
    repo, item = call.repo, call.thread("write")
    names = call.body["labels"]
    if any(not name.strip() or len(name) > 50 for name in names):
        raise invalid("Label", "name", "name is too long or blank", code="invalid")
    label_ops.add_labels(call.world, repo, item, call.actor, names)
    return Answer(body=_labels(call, item))


def remove_thread_label(call: Call) -> Result:
    repo, item = call.repo, call.thread("write")
    if not label_ops.remove_label(call.world, repo, item, call.actor, call.params["name"]):
        raise ApiError(404, "Label does not exist")
    return Answer(body=_labels(call, item))


def _labels(call: Call, item: Issue) -> list[dict[str, object]]:
    repo = call.repo
    return [repos.label(call.links, repo, repo.labels[name.lower()]) for name in item.labels]


def add_assignees(call: Call) -> Result:
    repo, item = call.repo, call.thread("write")
    ops.assign(call.world, repo, item, call.actor, call.body["assignees"])
    return Answer(201, shapes.issue(call.links, call.state, repo, item))


def list_events(call: Call) -> Result:
    repo, item = call.repo, call.thread("read")
    return Listing(list(item.events), lambda made: shapes.event(call.links, repo, made))


def timeline(call: Call) -> Result:
    """Events and comments in one list: https://docs.github.com/en/rest/issues/timeline"""
    repo, item = call.repo, call.thread("read")
    both: Iterable[IssueEvent | Comment] = [*item.events, *call.lists(item).comments]

    def show(made: IssueEvent | Comment) -> dict[str, object]:
        if isinstance(made, Comment):
            return shapes.timeline_comment(call.links, call.state, repo, item, made)
        return shapes.event(call.links, repo, made)

    return Listing(sorted(both, key=lambda made: (made.created_at, made.id)), show)


def list_thread_reactions(call: Call) -> Result:
    return reaction_listing(call, call.thread("read").reactions)


def add_thread_reaction(call: Call) -> Result:
    return add_reaction(call, call.thread("write").reactions)


def reaction_listing(call: Call, reactions: list[Reaction]) -> Result:
    wanted = call.query.get("content")
    found = [item for item in reactions if wanted in (None, item.content)]
    return Listing(found, lambda item: shapes.reaction(call.links, item))


def add_reaction(call: Call, reactions: list[Reaction]) -> Result:
    """201 for a new reaction, 200 for one that was there: https://docs.github.com/en/rest/reactions"""
    content = call.body["content"]
    if content not in REACTIONS:
        raise invalid("Reaction", "content", f"{content} is not a valid reaction", code="invalid")
    made, new = react(call.world, reactions, call.actor, content)
    return Answer(201 if new else 200, shapes.reaction(call.links, made))


REACTION_BODY = {"content": Field(str, required=True)}
REACTION_QUERY = PAGED | {"content"}
_FILTERS = PAGED | {"state", "creator", "labels", "since", "sort", "direction"}
_I = "/repos/{owner}/{repo}/issues"
_N = f"{_I}/{{number}}"
_UPDATE = {"state": Field(str), "state_reason": Field(str, nullable=True)}
ROUTES = (
    Route("GET", _I, list_issues, READ, _FILTERS),
    Route("GET", _N, get_issue, READ),
    Route("PATCH", _N, update_issue, WRITE, body=_UPDATE),
    Route("GET", f"{_N}/labels", list_thread_labels, READ, PAGED),
    Route(
        "POST",
        f"{_N}/labels",
        add_thread_labels,
        WRITE,
        body={"labels": Field(list, required=True, items=str)},
    ),
    Route("DELETE", f"{_N}/labels/{{name}}", remove_thread_label, WRITE),
    Route(
        "POST",
        f"{_N}/assignees",
        add_assignees,
        WRITE,
        body={"assignees": Field(list, required=True, items=str)},
    ),
    Route("GET", f"{_N}/events", list_events, READ, PAGED),
    Route("GET", f"{_N}/timeline", timeline, READ, PAGED),
    Route("GET", f"{_N}/reactions", list_thread_reactions, READ, REACTION_QUERY),
    Route("POST", f"{_N}/reactions", add_thread_reaction, WRITE, body=REACTION_BODY),
)
