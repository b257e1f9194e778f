"""Issues, their comments, reactions and events."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.model import REACTIONS, Comment, Issue, IssueEvent, Json, Reaction, Repository
from bot.sandbox.shapes.links import Links, node_id, stamp, stamp_or_none
from bot.sandbox.shapes.people import app_or_none, user, user_or_none
from bot.sandbox.shapes.repos import label, repo_url
from bot.sandbox.state import State


def issue(links: Links, state: State, repo: Repository, item: Issue) -> Json:
    """An issue; a pull request has `pull_request` and `draft` besides.

    https://docs.github.com/en/rest/issues/issues#get-an-issue
    """
    url = f"{repo_url(links, repo)}/issues/{item.number}"
    made: Json = {
        "url": url,
        "repository_url": repo_url(links, repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page_url(links, repo, item),
        "id": item.id,
        "node_id": node_id("PullRequest" if item.pull else "Issue", item.id),
        "number": item.number,
        "title": item.title,
        "user": user(links, item.author),
        "labels": [label(links, repo, repo.labels[name.lower()]) for name in item.labels],
        "state": item.state,
        "locked": item.locked,
        "assignee": user_or_none(links, item.assignees[0] if item.assignees else None),
        "assignees": [user(links, account) for account in item.assignees],
        "milestone": None,
        "comments": len(item.comments),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": stamp_or_none(item.closed_at),
        "author_association": state.association(repo, item.author, pull=item.pull is not None),
        "active_lock_reason": item.lock_reason,
        "body": item.body,
        "reactions": rollup(url, item.reactions),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": app_or_none(links, item.via_app),
        "state_reason": item.state_reason,
    }
    if item.pull is None:
        made["sub_issues_summary"] = {"total": 0, "completed": 0, "percent_completed": 0}
    else:
        made["draft"] = item.pull.draft
        made["pull_request"] = _pull_links(links, repo, item)
    return made


def single_issue(links: Links, state: State, repo: Repository, item: Issue) -> Json:
    """The answer of `GET …/issues/{n}`, which alone says who closed it."""
    return {**issue(links, state, repo, item), "closed_by": user_or_none(links, item.closed_by)}


def hook_issue(links: Links, state: State, repo: Repository, item: Issue) -> Json:
    """The issue of a webhook payload, which has `draft` for plain issues too."""
    return {**issue(links, state, repo, item), "draft": bool(item.pull and item.pull.draft)}


def page_url(links: Links, repo: Repository, item: Issue) -> str:
    return f"{links.html}/{repo.full_name}/{'pull' if item.pull else 'issues'}/{item.number}"


def comment(links: Links, state: State, repo: Repository, item: Issue, made: Comment) -> Json:
    """An issue comment, https://docs.github.com/en/rest/issues/comments."""
    url = f"{repo_url(links, repo)}/issues/comments/{made.id}"
    return {
        "url": url,
        "html_url": f"{page_url(links, repo, item)}#issuecomment-{made.id}",
        "issue_url": f"{repo_url(links, repo)}/issues/{item.number}",
        "id": made.id,
        "node_id": node_id("IssueComment", made.id),
        "user": user(links, made.author),
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "author_association": state.association(repo, made.author),
        "body": made.body,
        "reactions": rollup(url, made.reactions),
        "performed_via_github_app": app_or_none(links, made.via_app),
    }


def rollup(url: str, reactions: Sequence[Reaction]) -> Json:
    counts = {name: sum(item.content == name for item in reactions) for name in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}


def reaction(links: Links, item: Reaction) -> Json:
    return {
        "id": item.id,
        "node_id": node_id("Reaction", item.id),
        "user": user(links, item.user),
        "content": item.content,
        "created_at": stamp(item.created_at),
    }


def event(links: Links, repo: Repository, item: IssueEvent) -> Json:
    """One entry of `…/events`, https://docs.github.com/en/rest/using-the-rest-api/issue-event-types."""
    return {
        "id": item.id,
        "node_id": node_id("IssueEvent", item.id),
        "url": f"{repo_url(links, repo)}/issues/events/{item.id}",
        "actor": user(links, item.actor),
        "event": item.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": stamp(item.created_at),
        **item.extra,
        "performed_via_github_app": app_or_none(links, item.via_app),
    }


def timeline_comment(links: Links, state: State, repo: Repository, item: Issue, made: Comment) -> Json:
    """A comment as `…/timeline` shows it: with `event` and `actor`."""
    return {
        **comment(links, state, repo, item, made),
        "event": "commented",
        "actor": user(links, made.author),
    }


def _pull_links(links: Links, repo: Repository, item: Issue) -> Json:
    page = page_url(links, repo, item)
    return {
        "url": f"{repo_url(links, repo)}/pulls/{item.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "merged_at": stamp_or_none(item.pull.merged_at if item.pull else None),
    }
