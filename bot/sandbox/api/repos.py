"""https://docs.github.com/en/rest/repos, /git, /users"""

from __future__ import annotations

from bot.sandbox.answers import Answer, ApiError, Listing, Result, not_found
from bot.sandbox.call import Call
from bot.sandbox.gitstore import DIRECTORY, SYMLINK, Entry
from bot.sandbox.model import Account, Json, Repository
from bot.sandbox.routing import PAGED, Access, Route
from bot.sandbox.shapes import code, people, repos

RAW = frozenset({"application/vnd.github.raw+json", "application/vnd.github.raw", "application/vnd.github.v3.raw"})
SHA = frozenset({"application/vnd.github.sha", "application/vnd.github.v3.sha"})
_LEVELS = ("pull", "triage", "push", "maintain", "admin")
_ROLES = ("read", "triage", "write", "maintain", "admin")
_COARSE = {"triage": "read", "maintain": "write"}


def get_repo(call: Call) -> Result:
    return Answer(body=repos.full_repository(call.links, call.state, call.repo))


def get_commit(call: Call) -> Result:
    """https://docs.github.com/en/rest/commits/commits#get-a-commit"""
    repo = call.repo
    sha = call.state.resolve(repo, call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    if call.media in SHA:
        return Answer(raw=sha.encode(), content_type=f"{call.media}; charset=utf-8")
    return Answer(body=code.commit(call.links, call.state, repo, call.state.git.commits[sha]))


def get_contents(call: Call) -> Result:
    """https://docs.github.com/en/rest/repos/contents#get-repository-content"""
    repo, path = call.repo, call.params.get("path", "").strip("/")
    ref = call.query.get("ref", repo.default_branch)
    sha = call.state.resolve(repo, ref)
    if sha is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    entry = _entry(call, call.state.git.commits[sha].tree, path)
    if entry.mode == DIRECTORY:
        listed = call.state.git.trees[entry.sha].items()
        prefix = f"{path}/" if path else ""
        return Answer(
            body=[code.content(call.links, call.state, repo, ref, prefix + name, item) for name, item in listed]
        )
    if call.media in RAW:
        data = call.state.git.blobs.get(entry.sha, b"")
        return Answer(raw=data, content_type="application/vnd.github.raw+json; charset=utf-8")
    return Answer(body=code.file_content(call.links, call.state, repo, ref, path, entry))


def _entry(call: Call, tree: str, path: str) -> Entry:
    entry = Entry(DIRECTORY, tree)
    for name in path.split("/") if path else ():
        found = call.state.git.trees.get(entry.sha, {}).get(name)
        if found is None:
            raise not_found()
        entry = found
    if entry.mode == SYMLINK:
        # a link to a regular file of the repository is answered as that file
        target = call.state.git.blobs[entry.sha].decode("utf-8", "replace")
        beside = path.rpartition("/")[0]
        return _linked(call, tree, f"{beside}/{target}".strip("/")) or entry
    return entry


def _linked(call: Call, tree: str, path: str) -> Entry | None:
    try:
        found = _entry(call, tree, path)
    except ApiError:
        return None
    return None if found.mode == DIRECTORY else found


def get_tree(call: Call) -> Result:
    repo, wanted = call.repo, call.params["sha"]
    commit = call.state.resolve(repo, wanted)
    sha = call.state.git.commits[commit].tree if commit else wanted
    if sha not in call.state.git.trees or not call.state.has_object(repo, sha):
        raise not_found()
    # GitHub takes any value of `recursive`, even 0, as yes
    return Answer(body=code.tree(call.links, call.state, repo, sha, recursive="recursive" in call.query))


def get_blob(call: Call) -> Result:
    repo, sha = call.repo, call.params["sha"]
    if sha not in call.state.git.blobs or not call.state.has_object(repo, sha):
        raise not_found()
    if call.media in RAW:
        return Answer(raw=call.state.git.blobs[sha], content_type="application/vnd.github.raw+json; charset=utf-8")
    return Answer(body=code.blob(call.links, call.state, repo, sha))


def list_labels(call: Call) -> Result:
    repo = call.repo
    return Listing(list(repo.labels.values()), lambda item: repos.label(call.links, repo, item))


def get_label(call: Call) -> Result:
    repo = call.repo
    found = repo.labels.get(call.params["name"].lower())
    if found is None:
        raise not_found()
    return Answer(body=repos.label(call.links, repo, found))


def get_permission(call: Call) -> Result:
    """`permission` knows four levels, `role_name` all of them.

    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """
    repo, login = call.repo, call.params["username"]
    account = call.state.accounts.get(login.lower())
    if account is None or account.type != "User":
        raise ApiError(404, f"{login} is not a user")
    role = role_of(repo, account)
    body: Json = {
        "permission": _COARSE.get(role, role),
        "role_name": role,
        "user": {
            **people.user(call.links, account),
            "permissions": {name: role in _ROLES and _ROLES.index(role) >= at for at, name in enumerate(_LEVELS)},
            "role_name": role,
        },
    }
    return Answer(body=body)


def role_of(repo: Repository, account: Account) -> str:
    """Return the effective role: everybody may read a public repository."""
    if account is repo.owner:
        return "admin"
    return repo.collaborators.get(account.login.lower()) or ("none" if repo.private else "read")


def get_user(call: Call) -> Result:
    account = call.state.accounts.get(call.params["username"].lower())
    if account is None:
        raise not_found()
    return Answer(body=people.public_user(call.links, call.state, account))


def rate_limit(call: Call) -> Result:
    """The server fills in the numbers: it counts."""
    return Answer(body={})


_CONTENTS = ("contents:read",)
_R = "/repos/{owner}/{repo}"
ROUTES = (
    Route("GET", "/rate_limit", rate_limit, Access.ANYONE),
    Route("GET", "/users/{username}", get_user, Access.ANYONE),
    Route("GET", _R, get_repo, ("metadata:read",)),
    Route("GET", f"{_R}/commits/{{ref*}}", get_commit, _CONTENTS, PAGED, media=SHA),
    Route("GET", f"{_R}/contents", get_contents, _CONTENTS, frozenset({"ref"}), media=RAW),
    Route("GET", f"{_R}/contents/{{path*}}", get_contents, _CONTENTS, frozenset({"ref"}), media=RAW),
    Route("GET", f"{_R}/git/trees/{{sha*}}", get_tree, _CONTENTS, frozenset({"recursive"})),
    Route("GET", f"{_R}/git/blobs/{{sha}}", get_blob, _CONTENTS, media=RAW),
    Route("GET", f"{_R}/labels", list_labels, ("issues:read", "pull_requests:read"), PAGED),
    Route("GET", f"{_R}/labels/{{name}}", get_label, ("issues:read", "pull_requests:read")),
    Route("GET", f"{_R}/collaborators/{{username}}/permission", get_permission, ("metadata:read",)),
)
