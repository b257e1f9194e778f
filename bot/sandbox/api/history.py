"""https://docs.github.com/en/rest/issues/events: what happened in a whole repository."""

from __future__ import annotations

from bot.sandbox.answers import ApiError, Listing, Result
from bot.sandbox.api.issues import READ
from bot.sandbox.call import Call
from bot.sandbox.model import Issue, IssueEvent, Json
from bot.sandbox.routing import PAGED, Route
from bot.sandbox.shapes import issues as shapes

MAX_LISTED = 40_000
"""How far back the list goes; further pages are refused."""


def list_repository_events(call: Call) -> Result:
    """Newest first, each with its issue or pull request.

    https://docs.github.com/en/rest/issues/events#list-issue-events-for-a-repository
    """
    repo, state = call.repo, call.state
    found = [(made, item) for item in repo.issues.values() for made in item.events]
    found.sort(key=lambda one: one[0].id, reverse=True)
    size, page = (int(call.query.get(name, default)) for name, default in (("per_page", "30"), ("page", "1")))
    if (page - 1) * size >= MAX_LISTED:
        raise ApiError(422, "In order to keep the API fast for everyone, pagination is limited for this resource.")

    def show(one: tuple[IssueEvent, Issue]) -> Json:
        made, item = one
        return {**shapes.event(call.links, repo, made), "issue": shapes.issue(call.links, state, repo, item)}

    return Listing(found[:MAX_LISTED], show)


ROUTES = (Route("GET", "/repos/{owner}/{repo}/issues/events", list_repository_events, READ, PAGED),)
