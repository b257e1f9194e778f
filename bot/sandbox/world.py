"""The state with its clock and its voice: what operations need to change things and tell the App."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.model import Account, App, Installation, Issue, Json, Repository, Snapshot
from bot.sandbox.shapes import issues as issue_shapes
from bot.sandbox.shapes import people, pulls, repos
from bot.sandbox.shapes.links import Links, node_id
from bot.sandbox.state import State

HISTORY_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something; `app` when it is done through the App's token."""

    account: Account
    app: App | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """One webhook event, before it is signed."""

    event: str
    payload: Json
    app: App
    installation_id: int | None = None
    repository_id: int | None = None


@dataclass(slots=True)
class World:
    state: State
    now: Callable[[], datetime]
    links: Callable[[], Links]
    send: Callable[[Announcement], None]

    def announce(self, event: str, action: str | None, repo: Repository, actor: Actor, fields: Json) -> None:
        """Send a repository's event to each App that is installed there, awake and subscribed.

        https://docs.github.com/en/webhooks/webhook-events-and-payloads
        """
        for installation in self.state.installations_of(repo):
            if not installation.suspended_at and event in installation.events:
                self._announce_to(installation, event, action, repo, actor, fields)

    def _announce_to(
        self, installation: Installation, event: str, action: str | None, repo: Repository, actor: Actor, fields: Json
    ) -> None:
        links = self.links()
        payload: Json = {} if action is None else {"action": action}
        payload |= {
            "repository": repos.repository(links, self.state, repo),
            **fields,
            **repos.owner_organization(links, repo),
            "sender": people.user(links, actor.account),
            "installation": {
                "id": installation.id,
                "node_id": node_id("IntegrationInstallation", installation.id),
            },
        }
        self.send(Announcement(event, payload, installation.app, installation.id, repo.id))

    def announce_item(
        self, action: str, repo: Repository, item: Issue, actor: Actor, fields: Json | None = None
    ) -> None:
        """Send `issues` or `pull_request`, whichever `item` is."""
        extra = fields or {}
        if item.pull is None:
            shown = issue_shapes.hook_issue(self.links(), self.state, repo, item)
            self.announce("issues", action, repo, actor, {"issue": shown, **extra})
        else:
            pull = pulls.full_pull(self.links(), self.state, repo, item)
            found = {"number": item.number, "pull_request": pull, **extra}
            self.announce("pull_request", action, repo, actor, found)

    def remember(self, item: Issue) -> None:
        """Keep the thread's lists as they are, before a write, for answers that lag behind."""
        pull = item.pull
        item.history.append(
            Snapshot(
                tuple(dataclasses.replace(c, reactions=list(c.reactions)) for c in item.comments),
                tuple(dataclasses.replace(r) for r in pull.reviews) if pull else (),
                tuple(dataclasses.replace(c, reactions=list(c.reactions)) for c in pull.comments) if pull else (),
                self.now(),
            )
        )
        del item.history[:-HISTORY_LENGTH]
