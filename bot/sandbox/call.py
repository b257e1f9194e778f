"""One authorised request, as an endpoint sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.answers import ApiError, not_found
from bot.sandbox.auth import AppCaller, Authenticator, Caller, InstallationCaller
from bot.sandbox.hooks import Hookshot
from bot.sandbox.model import App, Comment, Issue, Json, Repository, Review, ReviewComment, Snapshot
from bot.sandbox.record import LoggedRequest
from bot.sandbox.routing import Access, Route
from bot.sandbox.shapes.links import Links
from bot.sandbox.state import State
from bot.sandbox.world import Actor, World


@dataclass(frozen=True, slots=True)
class Call:
    world: World
    hooks: Hookshot
    auth: Authenticator
    caller: Caller
    links: Links
    route: Route
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    media: str
    """The first `Accept` entry: endpoints with raw forms look at it."""
    writes_ago: int = 0
    """Above 0: answer lists of comments as they were that many writes before."""
    log: LoggedRequest | None = None
    lists_at: datetime | None = None
    """Answer lists of comments as they were then."""

    @property
    def state(self) -> State:
        return self.world.state

    @property
    def app(self) -> App:
        """The App that calls."""
        if isinstance(self.caller, AppCaller):
            return self.state.apps[self.caller.app_id]
        return self.state.installations[self.caller.installation_id].app

    @property
    def actor(self) -> Actor:
        """The App's bot: whatever comes by this API is done by it."""
        return Actor(self.app.bot, self.app)

    @property
    def repo(self) -> Repository:
        """The repository of the path; ApiError 404 outside the token's reach."""
        found = self.state.find_repository(f"{self.params['owner']}/{self.params['repo']}")
        if found is None or not self.reaches(found):
            raise not_found()
        return found

    def reaches(self, repo: Repository) -> bool:
        """Public repositories can be read with any token, as by anybody."""
        if isinstance(self.caller, AppCaller) or (self.route.method == "GET" and not repo.private):
            return True
        installation = self.state.installations[self.caller.installation_id]
        within = self.caller.repository_ids is None or repo.id in self.caller.repository_ids
        return within and repo in self.state.installed_repositories(installation)

    def authorise(self) -> None:
        """ApiError unless the caller is of the kind, and has one of the permissions, that the route needs.

        https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
        """
        needs = self.route.needs
        is_app = isinstance(self.caller, AppCaller)
        if needs is Access.ANYONE:
            return
        if needs is Access.APP:
            if not is_app:
                raise ApiError(401, "A JSON web token could not be decoded")
            return
        if not isinstance(self.caller, InstallationCaller):
            raise ApiError(401, "Bad credentials")
        if isinstance(needs, Access):
            return
        if "repo" in self.params and self.repo.archived and self.route.method not in ("GET", "HEAD"):
            raise ApiError(403, "Repository was archived so is read-only.")
        self.require(*needs)

    def require(self, *permissions: str) -> None:
        """ApiError 403 unless the token has one of these (`name:level`)."""
        caller = self.caller
        wanted = [permission.partition(":") for permission in permissions]
        if isinstance(caller, InstallationCaller) and any(caller.may(name, level) for name, _, level in wanted):
            return
        accepted = "; ".join(permission.replace(":", "=") for permission in permissions)
        raise ApiError(
            403,
            "Resource not accessible by integration",
            headers={"x-accepted-github-permissions": accepted},
        )

    def number(self, name: str = "number") -> int:
        """A numeric path parameter; ApiError 404 for anything else."""
        text = self.params[name]
        if not (text.isascii() and text.isdigit()):
            raise not_found()
        return int(text)

    def thread(self, level: str | None = None) -> Issue:
        """The issue or pull request of the path: 301 moved, 410 deleted or disabled, 404 never there.

        With `level`, a plain issue needs the issues permission; a pull request takes either.
        """
        repo, number = self.repo, self.number()
        item = repo.issues.get(number)
        if item is None:
            raise self._gone(repo, number)
        if item.pull is None:
            if not repo.has_issues:
                raise ApiError(410, "Issues are disabled for this repo")
            if level:
                self.require(f"issues:{level}")
        return item

    def pull(self) -> Issue:
        item = self.repo.issues.get(self.number())
        if item is None or item.pull is None:
            raise not_found()
        return item

    def comment(self) -> tuple[Issue, Comment]:
        made = self.state.comment(self.number("id"))
        repo = self.repo
        if made is None or made.repo_id != repo.id:
            raise not_found()
        return repo.issues[made.number], made

    def review_comment(self) -> tuple[Issue, ReviewComment]:
        made = self.state.review_comment(self.number("id"))
        repo = self.repo
        if made is None or made.repo_id != repo.id:
            raise not_found()
        return repo.issues[made.number], made

    def review(self) -> tuple[Issue, Review]:
        item = self.pull()
        found = next((r for r in (item.pull.reviews if item.pull else ()) if r.id == self.number("review")), None)
        if found is None:
            raise not_found()
        return item, found

    def lists(self, item: Issue) -> Snapshot:
        """The thread's comment lists: now, or as old as a fault says."""
        if self.lists_at is not None:
            for past in item.history:
                if past.until is not None and past.until > self.lists_at:
                    if self.log is not None:
                        self.log.stale = True
                    return past
        if 0 < self.writes_ago <= len(item.history):
            return item.history[-self.writes_ago]
        pull = item.pull
        return Snapshot(tuple(item.comments), tuple(pull.reviews) if pull else (), tuple(pull.comments) if pull else ())

    def text(self, resource: str, name: str = "body") -> str:
        """A required body text: not blank, at most 65,536 characters, else ApiError 422."""
        return checked_text(self.body[name], resource, name)

    def _gone(self, repo: Repository, number: int) -> ApiError:
        if number in repo.deleted:
            return ApiError(410, "This issue was deleted")
        if number not in repo.moved:
            return ApiError(410, "Issues are disabled for this repo") if not repo.has_issues else not_found()
        target_id, new_number = repo.moved[number]
        target = self.state.repositories[target_id]
        url = f"{self.links.api}/repositories/{target.id}/issues/{new_number}"
        return moved_permanently(url, self.route.method)


MAX_BODY_CHARACTERS = 65_536


def checked_text(value: str, resource: str, name: str = "body") -> str:
    """Return `value`; ApiError 422 when it is blank or longer than GitHub takes."""
    if not value.strip():
        entry = {
            "resource": resource,
            "code": "unprocessable",
            "field": "data",
            "message": "Body cannot be blank",
        }
        raise ApiError(422, "Validation Failed", errors=[entry])
    if len(value) > MAX_BODY_CHARACTERS:
        message = f"{name} is too long (maximum is {MAX_BODY_CHARACTERS} characters)"
        entry = {"resource": resource, "code": "custom", "field": name, "message": message}
        raise ApiError(422, "Validation Failed", errors=[entry])
    return value


def moved_permanently(url: str, method: str) -> ApiError:
    """301 for reads, 307 (which keeps the method) for writes.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
    """
    return ApiError(301 if method in ("GET", "HEAD") else 307, "Moved Permanently", headers={"Location": url})
