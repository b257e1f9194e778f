"""Everything the stand-in GitHub knows, with look-ups; no behaviour beyond that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.gitstore import GitStore
from bot.sandbox.model import (
    Account,
    AccountType,
    App,
    Comment,
    Installation,
    Issue,
    Label,
    Repository,
    Review,
    ReviewComment,
)

DEFAULT_PERMISSIONS = {
    "actions": "read",
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
DEFAULT_EVENTS = (
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
)


@dataclass(slots=True)
class State:
    """One stand-in GitHub: accounts, the App, its installations, repositories and their objects."""

    app: App
    """The first App; tests may add others."""
    git: GitStore = field(default_factory=GitStore)
    accounts: dict[str, Account] = field(default_factory=dict)
    """Lower-case login -> account."""
    repositories: dict[int, Repository] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    former_names: dict[str, int] = field(default_factory=dict)
    """Lower-case full name of a renamed repository -> its id."""
    other_apps: dict[int, App] = field(default_factory=dict)
    last_id: int = 1000
    rate_limit: int = 5000

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def add_account(
        self, login: str, kind: AccountType = "User", *, when: datetime, name: str | None = None
    ) -> Account:
        account = Account(self.next_id(), login, kind, when, name)
        self.accounts[login.lower()] = account
        return account

    def account(self, login: str) -> Account:
        """Return the account; KeyError when there is none."""
        return self.accounts[login.lower()]

    def repository(self, full_name: str) -> Repository:
        """Return the repository of that present name; KeyError when there is none."""
        found = self.find_repository(full_name)
        if found is None:
            raise KeyError(full_name)
        return found

    def find_repository(self, full_name: str) -> Repository | None:
        wanted = full_name.lower()
        return next((repo for repo in self.repositories.values() if repo.full_name.lower() == wanted), None)

    def issue(self, full_name: str, number: int) -> Issue:
        """Return the issue or pull request; KeyError when there is none."""
        return self.repository(full_name).issues[number]

    @property
    def apps(self) -> dict[int, App]:
        """Every App by its id."""
        return {self.app.id: self.app, **self.other_apps}

    def installations_of(self, repo: Repository) -> list[Installation]:
        """Return the installations that cover `repo`, one per App at most, suspended or not."""
        return [one for one in self.installations.values() if one.account is repo.owner and covers(one, repo)]

    def installed_repositories(self, installation: Installation) -> list[Repository]:
        return [
            repo
            for repo in self.repositories.values()
            if repo.owner is installation.account and covers(installation, repo)
        ]

    def threads(self) -> Iterator[Issue]:
        for repo in self.repositories.values():
            yield from repo.issues.values()

    def comment(self, comment_id: int) -> Comment | None:
        return next((c for item in self.threads() for c in item.comments if c.id == comment_id), None)

    def review_comment(self, comment_id: int) -> ReviewComment | None:
        pulls = (item.pull for item in self.threads() if item.pull)
        return next((c for pull in pulls for c in pull.comments if c.id == comment_id), None)

    def review(self, review_id: int) -> Review | None:
        pulls = (item.pull for item in self.threads() if item.pull)
        return next((r for pull in pulls for r in pull.reviews if r.id == review_id), None)

    def resolve(self, repo: Repository, ref: str) -> str | None:
        """Return the commit that `ref` names: a branch, `heads/…`, `pull/N/head`, or 7 or more characters of a SHA."""
        name = ref.removeprefix("refs/").removeprefix("heads/")
        if ref in ("", "HEAD"):
            name = repo.default_branch
        for branch in (ref, name):
            if branch in repo.branches:
                return repo.branches[branch]
        if name.startswith("pull/") and name.endswith("/head"):
            number = name.removeprefix("pull/").removesuffix("/head")
            item = repo.issues.get(int(number)) if number.isdigit() else None
            return item.pull.head_sha if item and item.pull else None
        if len(ref) >= 7:
            found = next((sha for sha in self.git.commits if sha.startswith(ref.lower())), None)
            return found if found and found in self.commits_of(repo) else None
        return None

    def commits_of(self, repo: Repository) -> set[str]:
        """Return what `repo` can show: its own commits, and those of its forks, whose objects it shares."""
        origin = repo.fork_of or repo.id
        network = [r for r in self.repositories.values() if origin in (r.id, r.fork_of)]
        heads = {sha for member in network for sha in member.branches.values()}
        for item in repo.issues.values():
            heads |= {item.pull.head_sha, item.pull.base_sha} if item.pull else set()
        found: set[str] = set()
        waiting = list(heads)
        while waiting:
            sha = waiting.pop()
            if sha not in found:
                found.add(sha)
                waiting.extend(self.git.commits[sha].parents)
        return found

    def has_object(self, repo: Repository, sha: str) -> bool:
        """Whether `sha` is a blob or tree of one of the commits that `repo` can show."""
        waiting = [self.git.commits[commit].tree for commit in self.commits_of(repo)]
        seen: set[str] = set()
        while waiting:
            current = waiting.pop()
            if current == sha:
                return True
            if current not in seen:
                seen.add(current)
                waiting.extend(entry.sha for entry in self.git.trees.get(current, {}).values())
        return False

    def association(self, repo: Repository, account: Account, *, pull: bool = False) -> str:
        """Return GitHub's `author_association`; it is not a permission.

        https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
        """
        if account is repo.owner:
            return "OWNER"
        if account.login.lower() in repo.owner.members:
            return "MEMBER"
        if account.login.lower() in repo.collaborators:
            return "COLLABORATOR"
        merged = [i for i in repo.issues.values() if i.author is account and i.pull and i.pull.merged_at]
        if merged:
            return "CONTRIBUTOR"
        if pull and account.type == "User":
            return "FIRST_TIME_CONTRIBUTOR"
        return "NONE"

    def make_label(self, repo: Repository, name: str, color: str = "ededed", description: str | None = None) -> Label:
        label = Label(self.next_id(), name, color, description, name in GITHUB_DEFAULT_LABELS)
        repo.labels[name.lower()] = label
        return label


GITHUB_DEFAULT_LABELS = frozenset(
    {
        "bug",
        "documentation",
        "duplicate",
        "enhancement",
        "good first issue",
        "help wanted",
        "invalid",
        "question",
        "wontfix",
    }
)


def covers(installation: Installation, repo: Repository) -> bool:
    return installation.repository_ids is None or repo.id in installation.repository_ids


def new_state(when: datetime, *, app_id: int = 1, slug: str = "contribution-assistant") -> State:
    """Return an empty GitHub that knows one App, installed nowhere."""
    owner = Account(900, "sample-org", "Organization", when, "Sample Organisation")
    app = new_app(app_id, slug, owner, Account(901, f"{slug}[bot]", "Bot", when))
    accounts = {owner.login.lower(): owner, app.bot.login.lower(): app.bot}
    return State(app=app, accounts=accounts)


def new_app(app_id: int, slug: str, owner: Account, bot: Account) -> App:
    """An App with the permissions and events that the assistant asks for."""
    return App(
        id=app_id,
        slug=slug,
        name=slug.replace("-", " ").title(),
        owner=owner,
        bot=bot,
        created_at=bot.created_at,
        permissions=dict(DEFAULT_PERMISSIONS),
        events=list(DEFAULT_EVENTS),
        description="Helps with issues and pull requests.",
    )
