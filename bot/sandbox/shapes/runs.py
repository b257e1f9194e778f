"""Workflow runs and check runs."""

from __future__ import annotations

from bot.sandbox.gitstore import Commit
from bot.sandbox.model import CheckRun, Issue, Json, Repository, WorkflowRun
from bot.sandbox.shapes.links import Links, node_id, stamp, stamp_or_none
from bot.sandbox.shapes.people import app, user
from bot.sandbox.shapes.repos import minimal, repo_url
from bot.sandbox.state import State


def workflow_run(links: Links, state: State, repo: Repository, run: WorkflowRun) -> Json:
    """A run, https://docs.github.com/en/rest/actions/workflow-runs; forks' runs name no pull request."""
    url = f"{repo_url(links, repo)}/actions/runs/{run.id}"
    head = state.repositories.get(run.head_repo_id, repo)
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("WorkflowRun", run.id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": state.git.commits[run.head_sha].message.partition("\n")[0],
        "run_number": run.run_number,
        "run_attempt": 1,
        "referenced_workflows": [],
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow_id,
        "check_suite_id": run.check_suite_id,
        "check_suite_node_id": node_id("CheckSuite", run.check_suite_id),
        "url": url,
        "html_url": f"{links.html}/{repo.full_name}/actions/runs/{run.id}",
        "pull_requests": pull_references(links, state, repo, run.head_sha),
        "created_at": stamp(run.created_at),
        "updated_at": stamp(run.updated_at),
        "run_started_at": stamp(run.created_at),
        "actor": user(links, run.actor),
        "triggering_actor": user(links, run.actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{repo_url(links, repo)}/check-suites/{run.check_suite_id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{repo_url(links, repo)}/actions/workflows/{run.workflow_id}",
        "head_commit": _head_commit(state.git.commits[run.head_sha]),
        "repository": minimal(links, repo),
        "head_repository": minimal(links, head),
    }


def check_run(links: Links, state: State, repo: Repository, run: CheckRun) -> Json:
    """A check run, https://docs.github.com/en/rest/checks/runs."""
    url = f"{repo_url(links, repo)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": f"{links.html}/{repo.full_name}/runs/{run.id}",
        "details_url": run.details_url,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": stamp_or_none(run.started_at),
        "completed_at": stamp_or_none(run.completed_at),
        "output": {
            "title": run.output.get("title"),
            "summary": run.output.get("summary"),
            "text": run.output.get("text"),
            "annotations_count": len(run.output.get("annotations", [])),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.check_suite_id},
        "app": app(links, run.app),
        "pull_requests": pull_references(links, state, repo, run.head_sha),
    }


def pull_references(links: Links, state: State, repo: Repository, head_sha: str) -> list[Json]:
    """Return the pull requests of this repository's own branches at `head_sha`; never a fork's."""
    return [
        _pull_reference(links, state, repo, item)
        for item in repo.issues.values()
        if item.pull and item.pull.head_sha == head_sha and item.pull.head_repo_id == repo.id
    ]


def _pull_reference(links: Links, state: State, repo: Repository, item: Issue) -> Json:
    pull = item.pull
    if pull is None:
        raise ValueError(f"#{item.number} is an issue")
    short = {"id": repo.id, "url": repo_url(links, repo), "name": repo.name}
    return {
        "url": f"{repo_url(links, repo)}/pulls/{item.number}",
        "id": pull.id,
        "number": item.number,
        "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": short},
        "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": short},
    }


def _head_commit(made: Commit) -> Json:
    person = {"name": made.author, "email": made.email}
    return {
        "id": made.sha,
        "tree_id": made.tree,
        "message": made.message,
        "timestamp": stamp(made.when),
        "author": person,
        "committer": person,
    }
