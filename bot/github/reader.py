"""Reads the facts of one event from the API: each group once, only those that somebody needs."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from bot.domain import repo_config
from bot.domain.events import Actor, Event, actor
from bot.domain.facts import (
    AppIdentity,
    AuthorHistory,
    ChangedFile,
    Comment,
    Community,
    IssueForm,
    Item,
    Label,
    LabelEvent,
    Need,
)
from bot.domain.forms import FOLDER, parse_form
from bot.domain.ports import Spelling
from bot.github.client import GitHub, file_path, path, together
from bot.github.community import Found, community_files, owners_files
from bot.github.contents import decode_content
from bot.github.documents import read_documents
from bot.github.errors import Absent, Forbidden, Moved, Refused, Unavailable
from bot.github.kept import LONG, SHORT, Kept

log = structlog.get_logger()

_FORMS: Final = 20
_AUTHOR_PAGES: Final = 300
_ROLES: Final = ("admin", "maintain", "push", "triage", "pull")
_ROLE_NAMES: Final = {"push": "write", "pull": "read"}


@dataclass(frozen=True, slots=True)
class Dislike:
    """A thumbs down."""

    id: int
    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Reader:
    """Facts of one event's repository and item. Every method returns a part of `Facts` by field name."""

    github: GitHub
    owner_github: GitHub
    event: Event
    app: AppIdentity
    spelling: Spelling
    kept: Kept = field(default_factory=Kept)
    heads: dict[str, str] = field(default_factory=dict)
    """The default branch's commit, once it was read: an event sees one state of the files."""

    @property
    def _repository(self) -> str:
        return path("repos", self.event.repository.owner, self.event.repository.name)

    @property
    def _issue(self) -> str:
        return f"{self._repository}/issues/{self.event.number}"

    async def item(self) -> Item:
        """The issue or pull request as it is now; raises Absent if it is gone."""
        kind = "pulls" if self.event.is_pull else "issues"
        return _item(await self.github.get(f"{self._repository}/{kind}/{self.event.number}"), self.event.is_pull)

    async def comments(self, told: Iterable[int] = ()) -> tuple[Comment, ...]:
        """The whole thread, oldest first.

        Where the list lags behind, with the comment that the event is about, and with those that we were `told` of.
        """
        listed = [_comment(one) async for one in self.github.pages(f"{self._issue}/comments")]
        said = self.event.comment
        known = {*told, said.id} if said is not None and self.event.kind == "issue_comment.created" else set(told)
        later = [await self._comment_by_id(one) for one in sorted(known - {one.id for one in listed})]
        return (*listed, *(one for one in later if one is not None))

    async def _comment_by_id(self, number: int) -> Comment | None:
        try:
            return _comment(await self.github.get(f"{self._repository}/issues/comments/{number}"))
        except Absent:
            return None

    async def dislikes(self, comment: int) -> tuple[Dislike, ...]:
        """Who left a thumbs down on a comment. Reactions send no webhook.

        https://docs.github.com/en/rest/reactions/reactions#list-reactions-for-an-issue-comment
        """
        pages = self.github.pages(f"{self._repository}/issues/comments/{comment}/reactions", content="-1")
        return tuple([Dislike(int(one["id"]), actor(one.get("user")), _time(one["created_at"])) async for one in pages])

    async def read(self, needs: frozenset[Need], item: Item) -> dict[str, Any]:
        """The asked groups, by field name of `Facts`, and `unread`: what GitHub would not show."""
        steps: dict[Need, Callable[[Item], Awaitable[dict[str, Any]]]] = {
            Need.LABELS: self._labels,
            Need.LABEL_EVENTS: self._label_events,
            Need.FORMS: self._forms,
            Need.AUTHOR: self._author,
            Need.COMMUNITY: self._community,
            Need.FILES: self._files,
            Need.CHECKS: self._checks,
            Need.PERMISSION: self._permission,
            Need.CONFIGURATION: self._configuration,
        }
        of_files = {Need.DOCUMENTS, Need.CONFIGURATION}
        wanted = [need for need in steps if need in needs or (need is Need.FILES and needs & of_files)]
        parts = await together([self._attempt(need, steps[need](item)) for need in wanted])
        found: dict[str, Any] = {}
        unread = set()
        for need, part in zip(wanted, parts, strict=True):
            found |= part or {}
            unread |= {need} if part is None else set()
        if Need.DOCUMENTS in needs and found.get("files"):
            documents = await self._attempt(
                Need.DOCUMENTS, read_documents(self.github, self._repository, item, found["files"], self.spelling)
            )
            found |= documents or {}
            unread |= {Need.DOCUMENTS} if documents is None else set()
        return {**found, "unread": frozenset(unread)}

    async def _attempt(self, need: Need, part: Awaitable[dict[str, Any]]) -> dict[str, Any] | None:
        try:
            return await part
        except (Forbidden, Absent, Refused, Unavailable) as error:
            if isinstance(error, Unavailable) and need is not Need.CHECKS:
                raise
            log.info("facts_unread", need=need.value, reason=str(error))
            return None

    async def _labels(self, _item: Item) -> dict[str, Any]:
        pages = self.github.pages(f"{self._repository}/labels")
        return {"labels": tuple([Label(one["name"], one.get("description") or "") async for one in pages])}

    async def _label_events(self, _item: Item) -> dict[str, Any]:
        pages = self.github.pages(f"{self._issue}/events")
        kinds = ("labeled", "unlabeled")
        return {"label_events": tuple([self._label_event(one) async for one in pages if one["event"] in kinds])}

    def _label_event(self, data: Mapping[str, Any]) -> LabelEvent:
        via = data.get("performed_via_github_app") or {}
        login = (data.get("actor") or {}).get("login")
        ours = self.app.did(login, via.get("id"))
        return LabelEvent(data["label"]["name"], data["event"] == "labeled", ours, _time(data["created_at"]))

    async def _forms(self, _item: Item) -> dict[str, Any]:
        """All forms of the default branch; a repository without any has no folder."""
        try:
            sha = await self.head_of_default_branch()
        except Absent:
            return {"forms": ()}
        found = await self.kept.once(self._key("forms", sha), lambda: self._forms_at(sha), _Forms.weigh)
        return {"forms": found.forms}

    async def _forms_at(self, sha: str) -> "_Forms":
        try:
            listed = await self.github.get(f"{self._repository}/contents/{FOLDER}", ref=sha)
        except Absent:
            return _Forms((), 0)
        names = (
            [str(one["path"]) for one in listed if one["type"] == "file"][:_FORMS] if isinstance(listed, list) else []
        )
        texts = await together([self.text(name, sha) for name in names])
        forms = [parse_form(name, text) for name, text in zip(names, texts, strict=True) if text is not None]
        return _Forms(tuple(form for form in forms if form is not None), sum(len(text or "") for text in texts))

    async def _author(self, item: Item) -> dict[str, Any]:
        """Search lags behind and is limited to 30 a minute; the list of a creator's issues is not."""
        pages = self.github.pages(
            f"{self._repository}/issues", creator=item.author.login, state="all", sort="created", direction="asc"
        )
        issues = pulls = seen = 0
        async for one in pages:
            seen += 1
            if (issues and pulls) or seen > _AUTHOR_PAGES:
                break
            if (_time(one["created_at"]), one["number"]) < (item.created_at, item.number):
                issues, pulls = (issues, pulls + 1) if one.get("pull_request") else (issues + 1, pulls)
        return {"author": AuthorHistory(issues, pulls)}

    async def _community(self, _item: Item) -> dict[str, Any]:
        """Community files of the repository, else of the owner's .github repository."""
        owner = path("repos", self.event.repository.owner, ".github")
        own, owners = await together(
            [
                self.kept.once(
                    self._key("community", await self._head_if_any()),
                    lambda: community_files(self.github, self._repository),
                    Found.weigh,
                ),
                self.kept.once(
                    (self.event.installation, "community", owner.lower()),
                    lambda: owners_files(self.owner_github, owner),
                    Found.weigh_unpinned,
                ),
            ]
        )
        return {"community": Community(**{**owners.urls, **own.urls})}

    async def _head_if_any(self) -> str:
        try:
            return await self.head_of_default_branch()
        except (Absent, Forbidden, Refused):
            return ""

    def _key(self, kind: str, sha: str) -> tuple[Any, ...]:
        return (self.event.installation, self.event.repository.id, self._repository, kind, sha)

    async def _files(self, item: Item) -> dict[str, Any]:
        if not item.is_pull:
            return {"files": ()}
        pages = self.github.pages(f"{self._repository}/pulls/{item.number}/files")
        return {"files": tuple([_file(one) async for one in pages])}

    async def _checks(self, item: Item) -> dict[str, Any]:
        """Workflow runs of a newcomer's fork wait with conclusion action_required.

        https://docs.github.com/en/actions/how-tos/manage-workflow-runs/approve-runs-from-forks
        """
        if item.head_sha is None:
            return {"checks_waiting": False}
        runs = await self.github.get(f"{self._repository}/actions/runs", head_sha=item.head_sha)
        return {"checks_waiting": any(one.get("conclusion") == "action_required" for one in runs["workflow_runs"])}

    async def _configuration(self, item: Item) -> dict[str, Any]:
        """The file at the head; a pull request that leaves it alone is found out by its absence from the files."""
        if item.head_sha is None:
            return {}
        text = await self.text(repo_config.PATH, item.head_sha)
        return {"proposed_configuration": text}

    async def _permission(self, _item: Item) -> dict[str, Any]:
        return {"role": await self.role(self.event.sender.login)}

    async def role(self, login: str) -> str:
        """The person's role_name; of custom roles the built-in one that they include; "none" for strangers."""
        try:
            data = await self.github.get(f"{self._repository}/collaborators/{path(login)[1:]}/permission")
        except Absent:
            return "none"
        role = str(data.get("role_name") or data.get("permission") or "none")
        if role in ("admin", "maintain", "write", "triage", "read", "none"):
            return role
        granted = (data.get("user") or {}).get("permissions") or {}
        best = next((name for name in _ROLES if granted.get(name)), "none")
        return _ROLE_NAMES.get(best, best)

    async def head_of_default_branch(self) -> str:
        """The commit that configuration, templates and documents are read at."""
        branch = path(self.event.repository.default_branch)[1:]
        if branch not in self.heads:
            data = await self.github.get(f"{self._repository}/commits/{branch}")
            self.heads[branch] = str(data["sha"])
        return self.heads[branch]

    async def text(self, name: str, ref: str, *, errors: str = "strict") -> str | None:
        """A text file at a commit; None if it is absent, no regular file, too large, or (if strict) not UTF-8."""
        url = f"{self._repository}/contents/{file_path(name)}"
        return await self.kept.once(
            self._key(f"{errors} {url}", ref), lambda: _text(self.github, url, errors=errors, ref=ref), _weigh_text
        )

    async def owner_text(self, name: str) -> str | None:
        """A text file on the default branch of the owner's `.github` repository; one under another name is not it.

        A file is read every time, so that a change holds at once; that there is none is believed for a minute.
        """
        url = f"{path('repos', self.event.repository.owner, '.github')}/contents/{file_path(name)}"
        key = (self.event.installation, "owner", url.lower())
        there = (*key, "there")

        async def read() -> str | None:
            try:
                text = decode_content(await self.owner_github.get(url))
            except (Absent, Moved):
                return None
            self.kept.note(there)
            return text

        def weigh(text: str | None) -> tuple[int, float]:
            # Where there was a file, its absence may be a server's that lags behind.
            return 0, 0.0 if text is not None or self.kept.noted(there) else SHORT

        try:
            return await self.kept.once(key, read, weigh)
        except (Forbidden, Refused):
            return None


async def _text(github: GitHub, url: str, *, errors: str = "strict", **query: str) -> str | None:
    try:
        return decode_content(await github.get(url, **query), errors=errors)
    except (Absent, Forbidden, Refused):
        return None


def _weigh_text(text: str | None) -> tuple[int, float]:
    return (len(text), LONG) if text is not None else (0, SHORT)


@dataclass(frozen=True, slots=True)
class _Forms:
    """Forms, and how long their texts are together."""

    forms: tuple[IssueForm, ...]
    length: int

    def weigh(self) -> tuple[int, float]:
        return 4 * self.length, LONG if self.forms else SHORT


def _item(data: Mapping[str, Any], is_pull: bool) -> Item:
    head = data.get("head") or {}
    base = data.get("base") or {}
    head_repository = (head.get("repo") or {}).get("id")
    return Item(
        number=int(data["number"]),
        is_pull=is_pull,
        title=str(data.get("title") or ""),
        body=str(data.get("body") or ""),
        author=actor(data.get("user")),
        association=str(data.get("author_association") or "NONE"),
        state=str(data["state"]),
        locked=bool(data.get("locked")),
        labels=frozenset(str(one["name"]) for one in data.get("labels", ())),
        created_at=_time(data["created_at"]),
        url=str(data["html_url"]),
        draft=bool(data.get("draft")),
        head_sha=str(head["sha"]) if head else None,
        head_branch=str(head["ref"]) if head else None,
        from_fork=bool(head) and head_repository != (base.get("repo") or {}).get("id"),
    )


def _comment(data: Mapping[str, Any]) -> Comment:
    via = data.get("performed_via_github_app") or {}
    return Comment(
        id=int(data["id"]),
        author=actor(data.get("user")),
        association=str(data.get("author_association") or "NONE"),
        body=str(data.get("body") or ""),
        created_at=_time(data["created_at"]),
        via_app=via.get("id"),
        disliked=int((data.get("reactions") or {}).get("-1") or 0),
    )


def _file(data: Mapping[str, Any]) -> ChangedFile:
    return ChangedFile(str(data["filename"]), str(data["status"]), data.get("patch"), data.get("previous_filename"))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
