"""Accounts, the App and its installations."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from bot.sandbox.model import Account, App, Installation, Json, Repository
from bot.sandbox.shapes.links import Links, node_id, stamp, stamp_or_none
from bot.sandbox.state import State

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


def user(links: Links, account: Account) -> Json:
    """A simple user, https://docs.github.com/en/rest/users."""
    url = f"{links.api}/users/{quote(account.login)}"
    page = account.login.removesuffix("[bot]")
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.type, account.id),
        "avatar_url": f"{links.html}/_sandbox/avatar/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{links.html}/apps/{page}" if account.type == "Bot" else f"{links.html}/{page}",
        **{key: url + tail for key, tail in _USER_URLS.items()},
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def user_or_none(links: Links, account: Account | None) -> Json | None:
    return None if account is None else user(links, account)


def public_user(links: Links, state: State, account: Account) -> Json:
    """The answer of `GET /users/{username}`."""
    owned = [repo for repo in state.repositories.values() if repo.owner is account and not repo.private]
    blank = dict.fromkeys(("company", "location", "email", "hireable", "bio", "twitter_username"))
    return {
        **user(links, account),
        "name": account.name,
        **blank,
        "blog": "",
        "public_repos": len(owned),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
    }


def organization(links: Links, account: Account) -> Json:
    """The `organization` object of webhook payloads."""
    url = f"{links.api}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("Organization", account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{links.html}/_sandbox/avatar/{account.id}",
        "description": account.description or "",
    }


def app(links: Links, owner: App) -> Json:
    """The App, https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app."""
    return {
        "id": owner.id,
        "client_id": f"Iv1.{owner.id:016x}",
        "slug": owner.slug,
        "node_id": node_id("App", owner.id),
        "owner": user(links, owner.owner),
        "name": owner.name,
        "description": owner.description,
        "external_url": owner.external_url,
        "html_url": f"{links.html}/apps/{owner.slug}",
        "created_at": stamp(owner.created_at),
        "updated_at": stamp(owner.created_at),
        "permissions": dict(owner.permissions),
        "events": list(owner.events),
    }


def app_or_none(links: Links, owner: App | None) -> Json | None:
    return None if owner is None else app(links, owner)


def installation(links: Links, item: Installation) -> Json:
    """An installation, https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app."""
    return {
        "id": item.id,
        "client_id": f"Iv1.{item.app.id:016x}",
        "account": user(links, item.account),
        "repository_selection": "all" if item.repository_ids is None else "selected",
        "access_tokens_url": f"{links.api}/app/installations/{item.id}/access_tokens",
        "repositories_url": f"{links.api}/installation/repositories",
        "html_url": f"{links.html}/organizations/{item.account.login}/settings/installations/{item.id}",
        "app_id": item.app.id,
        "app_slug": item.app.slug,
        "target_id": item.account.id,
        "target_type": item.account.type,
        "permissions": dict(item.permissions),
        "events": list(item.events),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user_or_none(links, item.suspended_by),
        "suspended_at": stamp_or_none(item.suspended_at),
    }


def short_repositories(repositories: Sequence[Repository]) -> list[Json]:
    """The abridged repositories of installation events."""
    return [
        {
            "id": repo.id,
            "node_id": node_id("Repository", repo.id),
            "name": repo.name,
            "full_name": repo.full_name,
            "private": repo.private,
        }
        for repo in repositories
    ]
