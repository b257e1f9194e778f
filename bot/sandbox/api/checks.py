"""https://docs.github.com/en/rest/checks/runs and https://docs.github.com/en/rest/actions/workflow-runs"""

from __future__ import annotations

from bot.sandbox.answers import Answer, ApiError, Listing, Result, not_found
from bot.sandbox.api.issues import parse_time
from bot.sandbox.call import Call
from bot.sandbox.model import CheckRun, Json
from bot.sandbox.routing import PAGED, Field, Route
from bot.sandbox.shapes import runs as shapes

STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
)
MAX_ANNOTATIONS = 50
MAX_ACTIONS = 3


def list_runs(call: Call) -> Result:
    """`status` takes a status or a conclusion, as on GitHub."""
    repo, query = call.repo, call.query
    found = [
        run
        for run in reversed(repo.runs)
        if query.get("head_sha") in (None, run.head_sha)
        and query.get("event") in (None, run.event)
        and query.get("branch") in (None, run.head_branch)
        and query.get("status") in (None, run.status, run.conclusion)
    ]
    return Listing(found, lambda run: shapes.workflow_run(call.links, call.state, repo, run), wrap="workflow_runs")


def create_check(call: Call) -> Result:
    repo, body = call.repo, call.body
    sha = call.state.resolve(repo, body["head_sha"])
    if sha is None or sha != body["head_sha"]:
        raise ApiError(422, f"No commit found for SHA: {body['head_sha']}")
    made = CheckRun(call.state.next_id(), call.state.next_id(), body["name"], sha, "queued", call.app)
    made.started_at = call.world.now()
    _apply(call, made)
    repo.checks.append(made)
    return Answer(201, shapes.check_run(call.links, call.state, repo, made))


def update_check(call: Call) -> Result:
    made = _check(call)
    if made.app is not call.app:
        message = f"Invalid app_id `{call.app.id}` - check run can only be modified by the GitHub App"
        raise ApiError(403, f"{message} that created it.")
    _apply(call, made)
    return Answer(body=shapes.check_run(call.links, call.state, call.repo, made))


def get_check(call: Call) -> Result:
    return Answer(body=shapes.check_run(call.links, call.state, call.repo, _check(call)))


def list_checks(call: Call) -> Result:
    repo, query = call.repo, call.query
    sha = call.state.resolve(repo, call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    app_id = query.get("app_id")
    found = [
        run
        for run in repo.checks
        if run.head_sha == sha
        and query.get("check_name") in (None, run.name)
        and query.get("status") in (None, run.status)
        and app_id in (None, str(run.app.id))
    ]
    return Listing(found, lambda run: shapes.check_run(call.links, call.state, repo, run), wrap="check_runs")


def _check(call: Call) -> CheckRun:
    found = next((run for run in call.repo.checks if run.id == call.number("id")), None)
    if found is None:
        raise not_found()
    return found


def _apply(call: Call, made: CheckRun) -> None:
    body = call.body
    _validate(body)
    conclusion = body.get("conclusion")
    status = body.get("status") or ("completed" if conclusion else made.status)
    if status == "completed" and not (conclusion or made.conclusion):
        raise ApiError(422, "Invalid request.\n\nconclusion is required when status is completed.")
    made.status, made.conclusion = status, conclusion or made.conclusion
    if status == "completed":
        made.completed_at = parse_time(body.get("completed_at")) or call.world.now()
    made.started_at = parse_time(body.get("started_at")) or made.started_at
    made.name = body.get("name", made.name)
    made.external_id = body.get("external_id", made.external_id)
    made.details_url = body.get("details_url", made.details_url)
    made.actions = body.get("actions", made.actions)
    if "output" in body:
        earlier = made.output.get("annotations", [])
        made.output = {**body["output"], "annotations": [*earlier, *body["output"].get("annotations", [])]}


def _validate(body: Json) -> None:
    if body.get("status") not in (None, *STATUSES):
        raise ApiError(422, f"Invalid request.\n\n{body['status']} is not a member of {list(STATUSES)}.")
    if body.get("conclusion") not in (None, *CONCLUSIONS):
        raise ApiError(422, f"Invalid request.\n\n{body['conclusion']} is not a member of {list(CONCLUSIONS)}.")
    if len(body.get("output", {}).get("annotations", ())) > MAX_ANNOTATIONS:
        raise ApiError(422, f"Invalid request.\n\nNo more than {MAX_ANNOTATIONS} items are allowed.")
    if len(body.get("actions", ())) > MAX_ACTIONS:
        raise ApiError(422, f"Invalid request.\n\nNo more than {MAX_ACTIONS} items are allowed.")


_ANNOTATION = {
    "path": Field(str, required=True),
    "start_line": Field(int, required=True),
    "end_line": Field(int, required=True),
    "start_column": Field(int),
    "end_column": Field(int),
    "annotation_level": Field(str, required=True),
    "message": Field(str, required=True),
    "title": Field(str),
    "raw_details": Field(str),
}
_OUTPUT = {
    "title": Field(str, required=True),
    "summary": Field(str, required=True),
    "text": Field(str),
    "annotations": Field(list, items=_ANNOTATION),
    "images": Field(list),
}
_ACTION = {
    "label": Field(str, required=True),
    "description": Field(str, required=True),
    "identifier": Field(str, required=True),
}
_UPDATE = {
    "name": Field(str),
    "details_url": Field(str),
    "external_id": Field(str),
    "status": Field(str),
    "started_at": Field(str),
    "conclusion": Field(str),
    "completed_at": Field(str),
    "output": Field(dict, fields=_OUTPUT),
    "actions": Field(list, items=_ACTION),
}
_CREATE = {**_UPDATE, "name": Field(str, required=True), "head_sha": Field(str, required=True)}
_R = "/repos/{owner}/{repo}"
ROUTES = (
    Route(
        "GET",
        f"{_R}/actions/runs",
        list_runs,
        ("actions:read",),
        PAGED | {"head_sha", "event", "status", "branch"},
    ),
    Route("POST", f"{_R}/check-runs", create_check, ("checks:write",), body=_CREATE),
    Route("GET", f"{_R}/check-runs/{{id}}", get_check, ("checks:read",)),
    Route("PATCH", f"{_R}/check-runs/{{id}}", update_check, ("checks:write",), body=_UPDATE),
    Route(
        "GET",
        f"{_R}/commits/{{ref}}/check-runs",
        list_checks,
        ("checks:read",),
        PAGED | {"check_name", "status", "app_id", "filter"},
    ),
)
