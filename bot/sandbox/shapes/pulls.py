"""Pull requests, their files, reviews and review comments."""

from __future__ import annotations

from urllib.parse import quote

from bot.sandbox.diff import FileChange, changes
from bot.sandbox.model import Issue, Json, Pull, Repository, Review, ReviewComment
from bot.sandbox.shapes.issues import page_url, rollup
from bot.sandbox.shapes.links import Links, node_id, stamp, stamp_or_none
from bot.sandbox.shapes.people import user, user_or_none
from bot.sandbox.shapes.repos import label, pull_repository, repo_url
from bot.sandbox.state import State


def pull_of(item: Issue) -> Pull:
    if item.pull is None:
        raise ValueError(f"#{item.number} is an issue")
    return item.pull


def pull_changes(state: State, pull: Pull) -> list[FileChange]:
    """Return what the pull request changes: head against its merge base, like GitHub's three-dot diff."""
    base = state.git.merge_base(pull.base_sha, pull.head_sha)
    before = state.git.commits[base].files if base else {}
    return changes(state.git, before, state.git.commits[pull.head_sha].files)


def simple_pull(links: Links, state: State, repo: Repository, item: Issue) -> Json:
    """The pull request of lists and of review payloads."""
    pull = pull_of(item)
    url, page = f"{repo_url(links, repo)}/pulls/{item.number}", page_url(links, repo, item)
    issue_url = f"{repo_url(links, repo)}/issues/{item.number}"
    return {
        "url": url,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "number": item.number,
        "state": item.state,
        "locked": item.locked,
        "title": item.title,
        "user": user(links, item.author),
        "body": item.body,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": stamp_or_none(item.closed_at),
        "merged_at": stamp_or_none(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": user_or_none(links, item.assignees[0] if item.assignees else None),
        "assignees": [user(links, account) for account in item.assignees],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [label(links, repo, repo.labels[name.lower()]) for name in item.labels],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{repo_url(links, repo)}/pulls/comments{{/number}}",
        "comments_url": f"{issue_url}/comments",
        "statuses_url": f"{repo_url(links, repo)}/statuses/{pull.head_sha}",
        "head": _head(links, state, pull),
        "base": {
            "label": f"{repo.owner.login}:{pull.base_ref}",
            "ref": pull.base_ref,
            "sha": pull.base_sha,
            "user": user(links, repo.owner),
            "repo": pull_repository(links, state, repo),
        },
        "_links": _links(url, issue_url, page, links, repo, pull),
        "author_association": state.association(repo, item.author, pull=True),
        "auto_merge": None,
        "active_lock_reason": item.lock_reason,
    }


def full_pull(links: Links, state: State, repo: Repository, item: Issue) -> Json:
    """The answer of `GET …/pulls/{n}`, https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request."""
    pull = pull_of(item)
    files = pull_changes(state, pull)
    return {
        **simple_pull(links, state, repo, item),
        "merged": pull.merged_at is not None,
        "mergeable": None if item.state == "closed" else True,
        "rebaseable": None if item.state == "closed" else True,
        "mergeable_state": "unknown" if item.state == "closed" else "draft" if pull.draft else "clean",
        "merged_by": user_or_none(links, pull.merged_by),
        "comments": len(item.comments),
        "review_comments": len(pull.comments),
        "maintainer_can_modify": pull.head_repo_id != repo.id,
        "commits": len(pull.commits),
        "additions": sum(change.additions for change in files),
        "deletions": sum(change.deletions for change in files),
        "changed_files": len(files),
    }


def file_change(links: Links, repo: Repository, head_sha: str, change: FileChange) -> Json:
    """One entry of `…/pulls/{n}/files`; `patch` is absent for binary and very large files."""
    path = quote(change.path)
    made: Json = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{links.html}/{repo.full_name}/blob/{head_sha}/{path}",
        "raw_url": f"{links.html}/{repo.full_name}/raw/{head_sha}/{path}",
        "contents_url": f"{repo_url(links, repo)}/contents/{path}?ref={head_sha}",
    }
    if change.patch is not None:
        made["patch"] = change.patch
    if change.previous_path is not None:
        made["previous_filename"] = change.previous_path
    return made


def review(links: Links, state: State, repo: Repository, item: Issue, made: Review) -> Json:
    """A review as REST answers it, https://docs.github.com/en/rest/pulls/reviews."""
    url = f"{repo_url(links, repo)}/pulls/{item.number}"
    page = f"{page_url(links, repo, item)}#pullrequestreview-{made.id}"
    return {
        "id": made.id,
        "node_id": node_id("PullRequestReview", made.id),
        "user": user(links, made.author),
        "body": made.body,
        "state": made.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": state.association(repo, made.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": stamp(made.submitted_at),
        "commit_id": made.commit_id,
    }


def hook_review(links: Links, state: State, repo: Repository, item: Issue, made: Review) -> Json:
    """A review as webhooks carry it: the state in lower case, an empty body as null."""
    shown = review(links, state, repo, item, made)
    return {**shown, "state": made.state.lower(), "body": made.body or None}


def review_comment(links: Links, state: State, repo: Repository, item: Issue, made: ReviewComment) -> Json:
    """A comment on the diff, https://docs.github.com/en/rest/pulls/comments."""
    url = f"{repo_url(links, repo)}/pulls/comments/{made.id}"
    pull_url = f"{repo_url(links, repo)}/pulls/{item.number}"
    page = f"{page_url(links, repo, item)}#discussion_r{made.id}"
    shown: Json = {
        "url": url,
        "pull_request_review_id": made.review_id,
        "id": made.id,
        "node_id": node_id("PullRequestReviewComment", made.id),
        "diff_hunk": made.diff_hunk,
        "path": made.path,
        "commit_id": made.commit_id,
        "original_commit_id": made.original_commit_id,
        "user": user(links, made.author),
        "body": made.body,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": state.association(repo, made.author),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": rollup(url, made.reactions),
        "start_line": made.start_line,
        "original_start_line": made.start_line,
        "start_side": made.start_side,
        "line": made.line,
        "original_line": made.original_line,
        "side": made.side,
        "original_position": made.original_position,
        "position": made.position,
        "subject_type": "line",
    }
    if made.in_reply_to_id is not None:
        shown["in_reply_to_id"] = made.in_reply_to_id
    return shown


def _head(links: Links, state: State, pull: Pull) -> Json:
    repo = state.repositories.get(pull.head_repo_id) if pull.head_repo_id else None
    return {
        "label": f"{pull.head_owner.login}:{pull.head_ref}",
        "ref": pull.head_ref,
        "sha": pull.head_sha,
        "user": user(links, pull.head_owner),
        "repo": None if repo is None else pull_repository(links, state, repo),
    }


def _links(url: str, issue_url: str, page: str, links: Links, repo: Repository, pull: Pull) -> Json:
    targets = {
        "self": url,
        "html": page,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{repo_url(links, repo)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{repo_url(links, repo)}/statuses/{pull.head_sha}",
    }
    return {name: {"href": target} for name, target in targets.items()}
