"""https://docs.github.com/en/rest/pulls"""

from __future__ import annotations

from bot.sandbox.answers import Answer, ApiError, Listing, Result
from bot.sandbox.api.issues import REACTION_BODY, REACTION_QUERY, add_reaction, parse_time, reaction_listing
from bot.sandbox.call import Call, checked_text
from bot.sandbox.model import Json, Pull
from bot.sandbox.ops import reviews as ops
from bot.sandbox.routing import PAGED, TEXT, Field, Route
from bot.sandbox.shapes import code
from bot.sandbox.shapes import pulls as shapes

READ = ("pull_requests:read",)
WRITE = ("pull_requests:write",)


def list_pulls(call: Call) -> Result:
    repo, state = call.repo, call.query.get("state", "open")
    found = [item for item in repo.issues.values() if item.pull and state in ("all", item.state)]
    head, base = call.query.get("head"), call.query.get("base")
    found = [
        item
        for item in found
        if item.pull
        and head in (None, f"{item.pull.head_owner.login}:{item.pull.head_ref}")
        and base in (None, item.pull.base_ref)
    ]
    by_update = call.query.get("sort") == "updated"
    found.sort(
        key=lambda item: (item.updated_at if by_update else item.created_at, item.id),
        reverse=call.query.get("direction", "desc") == "desc",
    )
    return Listing(found, lambda item: shapes.simple_pull(call.links, call.state, repo, item))


def get_pull(call: Call) -> Result:
    return Answer(body=shapes.full_pull(call.links, call.state, call.repo, call.pull()))


def list_files(call: Call) -> Result:
    repo, pull = call.repo, shapes.pull_of(call.pull())
    files = shapes.pull_changes(call.state, pull)[:3000]
    return Listing(files, lambda change: shapes.file_change(call.links, repo, pull.head_sha, change))


def list_commits(call: Call) -> Result:
    repo, pull = call.repo, shapes.pull_of(call.pull())
    git = call.state.git
    return Listing(list(pull.commits), lambda sha: code.commit(call.links, call.state, repo, git.commits[sha]))


def list_reviews(call: Call) -> Result:
    repo, item = call.repo, call.pull()
    found = list(call.lists(item).reviews)
    return Listing(found, lambda made: shapes.review(call.links, call.state, repo, item, made))


def get_review(call: Call) -> Result:
    item, made = call.review()
    return Answer(body=shapes.review(call.links, call.state, call.repo, item, made))


def list_review_comments(call: Call) -> Result:
    repo, item = call.repo, call.pull()
    _, review = call.review()
    found = [made for made in call.lists(item).review_comments if made.review_id == review.id]
    return Listing(found, lambda made: shapes.review_comment(call.links, call.state, repo, item, made))


def create_review(call: Call) -> Result:
    """Without `event` GitHub would keep a pending review; that is refused here.

    https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
    """
    repo, item = call.repo, call.pull()
    if item.locked:
        raise ApiError(403, "Unable to create review because issue is locked.")
    new = _new_review(call, shapes.pull_of(item))
    try:
        made = ops.submit_review(call.world, repo, item, call.actor, new)
    except ops.NotInDiffError as error:
        raise ApiError(422, "Unprocessable Entity", errors=[str(error)]) from None
    return Answer(body=shapes.review(call.links, call.state, repo, item, made))


def _new_review(call: Call, pull: Pull) -> ops.NewReview:
    event, body = call.body.get("event"), call.body.get("body") or ""
    if event not in ops.STATES:
        raise ApiError(422, "Pending reviews are not supported: event must be given", unknown=True)
    comments = [_new_comment(entry) for entry in call.body.get("comments") or ()]
    if not body.strip() and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not comments)):
        raise ApiError(422, "Unprocessable Entity", errors=["Review body can't be blank"])
    if body:
        checked_text(body, "PullRequestReview")
    commit = call.body.get("commit_id")
    if commit is not None and commit not in pull.commits:
        raise ApiError(422, "Unprocessable Entity", errors=["The commit_id is not part of the pull request"])
    return ops.NewReview(event, body, commit, comments)


def _new_comment(entry: Json) -> ops.NewComment:
    for side in (entry.get("side", "RIGHT"), entry.get("start_side", "RIGHT")):
        if side not in ("LEFT", "RIGHT"):
            raise ApiError(422, f"Invalid request.\n\n{side} is not a member of ['LEFT', 'RIGHT'].")
    checked_text(entry["body"], "PullRequestReviewComment")
    return ops.NewComment(
        path=entry["path"],
        body=entry["body"],
        line=entry.get("line"),
        side=entry.get("side", "RIGHT"),
        start_line=entry.get("start_line"),
        start_side=entry.get("start_side"),
        position=entry.get("position"),
    )


def update_review(call: Call) -> Result:
    item, made = call.review()
    if made.author is not call.app.bot:
        raise ApiError(403, "Resource not accessible by integration")
    ops.edit_review(call.world, call.repo, item, made, call.actor, call.text("PullRequestReview"))
    return Answer(body=shapes.review(call.links, call.state, call.repo, item, made))


def list_pull_comments(call: Call) -> Result:
    repo, item = call.repo, call.pull()
    since = parse_time(call.query.get("since"))
    found = [made for made in call.lists(item).review_comments if since is None or made.updated_at >= since]
    by_update = call.query.get("sort") == "updated"
    found.sort(
        key=lambda made: (made.updated_at if by_update else made.created_at, made.id),
        reverse=call.query.get("direction") == "desc",
    )
    return Listing(found, lambda made: shapes.review_comment(call.links, call.state, repo, item, made))


def get_pull_comment(call: Call) -> Result:
    item, made = call.review_comment()
    return Answer(body=shapes.review_comment(call.links, call.state, call.repo, item, made))


def update_pull_comment(call: Call) -> Result:
    item, made = call.review_comment()
    if made.author is not call.app.bot:
        raise ApiError(403, "Resource not accessible by integration")
    text = call.text("PullRequestReviewComment")
    ops.edit_review_comment(call.world, call.repo, item, made, call.actor, text)
    return Answer(body=shapes.review_comment(call.links, call.state, call.repo, item, made))


def list_reactions(call: Call) -> Result:
    return reaction_listing(call, call.review_comment()[1].reactions)


def create_reaction(call: Call) -> Result:
    return add_reaction(call, call.review_comment()[1].reactions)


_COMMENT = {
    "path": Field(str, required=True),
    "body": Field(str, required=True),
    "position": Field(int),
    "line": Field(int),
    "side": Field(str),
    "start_line": Field(int, nullable=True),
    "start_side": Field(str, nullable=True),
}
_REVIEW = {
    "commit_id": Field(str),
    "body": Field(str),
    "event": Field(str),
    "comments": Field(list, items=_COMMENT),
}
_P = "/repos/{owner}/{repo}/pulls"
_N = f"{_P}/{{number}}"
_ID = f"{_P}/comments/{{id}}"
ROUTES = (
    Route("GET", _P, list_pulls, READ, PAGED | {"state", "head", "base", "sort", "direction"}),
    Route("GET", _ID, get_pull_comment, READ),
    Route("PATCH", _ID, update_pull_comment, WRITE, body={"body": TEXT}),
    Route("GET", f"{_ID}/reactions", list_reactions, READ, REACTION_QUERY),
    Route("POST", f"{_ID}/reactions", create_reaction, WRITE, body=REACTION_BODY),
    Route("GET", _N, get_pull, READ),
    Route("GET", f"{_N}/files", list_files, READ, PAGED),
    Route("GET", f"{_N}/commits", list_commits, READ, PAGED),
    Route("GET", f"{_N}/reviews", list_reviews, READ, PAGED),
    Route("POST", f"{_N}/reviews", create_review, WRITE, body=_REVIEW),
    Route("GET", f"{_N}/reviews/{{review}}", get_review, READ),
    Route("PUT", f"{_N}/reviews/{{review}}", update_review, WRITE, body={"body": TEXT}),
    Route("GET", f"{_N}/reviews/{{review}}/comments", list_review_comments, READ, PAGED),
    Route("GET", f"{_N}/comments", list_pull_comments, READ, PAGED | {"since", "sort", "direction"}),
)
