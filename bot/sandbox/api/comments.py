"""https://docs.github.com/en/rest/issues/comments"""

from __future__ import annotations

from bot.sandbox.answers import Answer, ApiError, Listing, Result
from bot.sandbox.api.issues import (
    REACTION_BODY,
    REACTION_QUERY,
    READ,
    WRITE,
    add_reaction,
    parse_time,
    reaction_listing,
)
from bot.sandbox.call import Call
from bot.sandbox.model import Comment, Issue
from bot.sandbox.ops import comments as ops
from bot.sandbox.routing import PAGED, TEXT, Route
from bot.sandbox.shapes import issues as shapes


def list_comments(call: Call) -> Result:
    repo, item = call.repo, call.thread("read")
    since = parse_time(call.query.get("since"))
    found = [made for made in call.lists(item).comments if since is None or made.updated_at >= since]
    return Listing(found, lambda made: shapes.comment(call.links, call.state, repo, item, made))


def list_repository_comments(call: Call) -> Result:
    repo = call.repo
    since = parse_time(call.query.get("since"))
    found = [made for item in repo.issues.values() for made in call.lists(item).comments]
    found = [made for made in found if since is None or made.updated_at >= since]
    by_update = call.query.get("sort") == "updated"
    found.sort(
        key=lambda made: (made.updated_at if by_update else made.created_at, made.id),
        reverse=call.query.get("direction") == "desc",
    )
    return Listing(found, lambda made: shapes.comment(call.links, call.state, repo, repo.issues[made.number], made))


def get_comment(call: Call) -> Result:
    item, made = call.comment()
    return Answer(body=shapes.comment(call.links, call.state, call.repo, item, made))


def create_comment(call: Call) -> Result:
    repo, item = call.repo, call.thread("write")
    if item.locked:
        raise ApiError(403, "Unable to create comment because issue is locked.")
    made = ops.create_comment(call.world, repo, item, call.actor, call.text("IssueComment"))
    shown = shapes.comment(call.links, call.state, repo, item, made)
    return Answer(201, shown, {"Location": shown["url"]})


def update_comment(call: Call) -> Result:
    item, made = _own(call)
    ops.edit_comment(call.world, call.repo, item, made, call.actor, call.text("IssueComment"))
    return Answer(body=shapes.comment(call.links, call.state, call.repo, item, made))


def delete_comment(call: Call) -> Result:
    item, made = _own(call)
    ops.delete_comment(call.world, call.repo, item, made, call.actor)
    return Answer(204)


def _own(call: Call) -> tuple[Issue, Comment]:
    # stricter than GitHub, which lets an App with issues: write edit anybody's comment
    item, made = call.comment()
    if item.pull is None:
        call.require("issues:write")
    if made.author is not call.app.bot:
        raise ApiError(403, "Resource not accessible by integration")
    return item, made


def list_reactions(call: Call) -> Result:
    return reaction_listing(call, call.comment()[1].reactions)


def create_reaction(call: Call) -> Result:
    return add_reaction(call, call.comment()[1].reactions)


_C = "/repos/{owner}/{repo}/issues/comments"
_ID = f"{_C}/{{id}}"
_OF = "/repos/{owner}/{repo}/issues/{number}/comments"
ROUTES = (
    Route("GET", _C, list_repository_comments, READ, PAGED | {"since", "sort", "direction"}),
    Route("GET", _ID, get_comment, READ),
    Route("PATCH", _ID, update_comment, WRITE, body={"body": TEXT}),
    Route("DELETE", _ID, delete_comment, WRITE),
    Route("GET", f"{_ID}/reactions", list_reactions, READ, REACTION_QUERY),
    Route("POST", f"{_ID}/reactions", create_reaction, WRITE, body=REACTION_BODY),
    Route("GET", _OF, list_comments, READ, PAGED | {"since"}),
    Route("POST", _OF, create_comment, WRITE, body={"body": TEXT}),
)
