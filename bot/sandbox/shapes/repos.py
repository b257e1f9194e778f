"""Repositories and labels."""

from __future__ import annotations

from urllib.parse import quote

from bot.sandbox.model import Json, Label, Repository
from bot.sandbox.shapes.links import Links, node_id, stamp
from bot.sandbox.shapes.people import organization, user
from bot.sandbox.state import State

_URLS = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}

_MERGE_SETTINGS = {
    "allow_squash_merge": True,
    "allow_merge_commit": True,
    "allow_rebase_merge": True,
    "allow_auto_merge": False,
    "delete_branch_on_merge": False,
    "allow_update_branch": False,
    "use_squash_pr_title_as_default": False,
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "merge_commit_message": "PR_TITLE",
    "merge_commit_title": "MERGE_MESSAGE",
}


def repo_url(links: Links, repo: Repository) -> str:
    return f"{links.api}/repos/{repo.full_name}"


def minimal(links: Links, repo: Repository) -> Json:
    """The fields that every form of a repository has."""
    url = repo_url(links, repo)
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(links, repo.owner),
        "html_url": f"{links.html}/{repo.full_name}",
        "description": repo.description,
        "fork": repo.fork_of is not None,
        "url": url,
        **{key: url + tail for key, tail in _URLS.items()},
    }


def repository(links: Links, state: State, repo: Repository) -> Json:
    """The repository of lists and payloads, https://docs.github.com/en/rest/repos/repos."""
    page = f"{links.html}/{repo.full_name}"
    host = links.html.partition("://")[2]
    forks = sum(other.fork_of == repo.id for other in state.repositories.values())
    open_issues = sum(item.state == "open" for item in repo.issues.values())
    return {
        **minimal(links, repo),
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.updated_at),
        "pushed_at": stamp(repo.pushed_at),
        "git_url": f"git://{host}/{repo.full_name}.git",
        "ssh_url": f"git@{host}:{repo.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "size": len(state.git.commits),
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": repo.language,
        "has_issues": repo.has_issues,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": forks,
        "mirror_url": None,
        "archived": repo.archived,
        "disabled": False,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": list(repo.topics),
        "visibility": "private" if repo.private else "public",
        "forks": forks,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": repo.default_branch,
        "custom_properties": {},
    }


def pull_repository(links: Links, state: State, repo: Repository) -> Json:
    """The repository on either side of a pull request, which shows the merge settings."""
    return {**repository(links, state, repo), **_MERGE_SETTINGS}


def pushed_repository(links: Links, state: State, repo: Repository) -> Json:
    """The repository of a push payload, with the names that older receivers read."""
    made = repository(links, state, repo)
    owner = {**made["owner"], "name": repo.owner.login, "email": None}
    extra: Json = {"stargazers": 0, "master_branch": repo.default_branch}
    if repo.owner.type == "Organization":
        extra["organization"] = repo.owner.login
    return {**made, "owner": owner, **extra}


def full_repository(links: Links, state: State, repo: Repository) -> Json:
    """The answer of `GET /repos/{owner}/{repo}`: settings, parent and organisation besides."""
    made = {
        **pull_repository(links, state, repo),
        "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
        "temp_clone_token": "",
        "network_count": 0,
        "subscribers_count": 0,
    }
    if repo.owner.type == "Organization":
        made["organization"] = user(links, repo.owner)
    parent = state.repositories.get(repo.fork_of) if repo.fork_of else None
    if parent is not None:
        made["parent"] = made["source"] = repository(links, state, parent)
    return made


def owner_organization(links: Links, repo: Repository) -> Json:
    """`{"organization": …}` for payloads where the owner is one, else nothing."""
    return {"organization": organization(links, repo.owner)} if repo.owner.type == "Organization" else {}


def label(links: Links, repo: Repository, item: Label) -> Json:
    return {
        "id": item.id,
        "node_id": node_id("Label", item.id),
        "url": f"{repo_url(links, repo)}/labels/{quote(item.name, safe='')}",
        "name": item.name,
        "color": item.color,
        "default": item.default,
        "description": item.description,
    }
