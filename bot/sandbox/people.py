"""Acting as people: each method does what a person does on GitHub, webhooks included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.sandbox.gitstore import Content
from bot.sandbox.model import (
    Account,
    AccountType,
    Comment,
    Installation,
    Issue,
    Label,
    Reaction,
    Repository,
    Review,
    ReviewComment,
    Role,
    WorkflowRun,
)
from bot.sandbox.ops import comments, duplicates, issues, labels, pulls, repos, reviews
from bot.sandbox.shapes.pulls import pull_of
from bot.sandbox.world import Actor, World

Files = Mapping[str, Content | None]


class People:
    """All methods take names: `repo` is `owner/name`, people are logins. KeyError for what is not there."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_user(self, login: str, kind: AccountType = "User") -> Account:
        return self.world.state.add_account(login, kind, when=self.world.now())

    def add_collaborator(self, repo: str, login: str, role: Role) -> None:
        self.world.state.repository(repo).collaborators[login.lower()] = role

    def create_repository(
        self, owner: str, name: str, files: Mapping[str, Content], private: bool = False
    ) -> Repository:
        account = self.world.state.account(owner)
        return repos.create_repository(self.world, account, name, files, private=private)

    def open_issue(
        self, repo: str, author: str, title: str, body: str | None = "", labels: Sequence[str] = ()
    ) -> Issue:
        return issues.open_issue(self.world, self._repo(repo), self._actor(author), title, body, labels)

    def edit_issue(
        self, repo: str, number: int, editor: str, title: str | None = None, body: str | None = None
    ) -> Issue:
        found, item = self._thread(repo, number)
        issues.edit_issue(self.world, found, item, self._actor(editor), title=title, body=body)
        return item

    def close(self, repo: str, number: int, actor: str, reason: str | None = None) -> Issue:
        found, item = self._thread(repo, number)
        issues.set_state(self.world, found, item, self._actor(actor), "closed", reason)
        return item

    def reopen(self, repo: str, number: int, actor: str) -> Issue:
        found, item = self._thread(repo, number)
        issues.set_state(self.world, found, item, self._actor(actor), "open")
        return item

    def assign(self, repo: str, number: int, actor: str, login: str) -> Issue:
        found, item = self._thread(repo, number)
        issues.assign(self.world, found, item, self._actor(actor), [login])
        return item

    def comment(self, repo: str, number: int, author: str, body: str) -> Comment:
        found, item = self._thread(repo, number)
        return comments.create_comment(self.world, found, item, self._actor(author), body)

    def mark_duplicate(self, repo: str, number: int, actor: str, original: int) -> Comment:
        """Comment "Duplicate of #n" as somebody whom GitHub believes it."""
        found, item = self._thread(repo, number)
        return duplicates.mark_duplicate(self.world, found, item, self._actor(actor), original)

    def unmark_duplicate(self, repo: str, number: int, actor: str) -> None:
        duplicates.unmark_duplicate(self.world, self._thread(repo, number)[1], self._actor(actor))

    def edit_comment(self, comment_id: int, editor: str, body: str) -> Comment:
        found, item, made = self._comment(comment_id)
        comments.edit_comment(self.world, found, item, made, self._actor(editor), body)
        return made

    def delete_comment(self, comment_id: int, actor: str) -> None:
        found, item, made = self._comment(comment_id)
        comments.delete_comment(self.world, found, item, made, self._actor(actor))

    def create_label(self, repo: str, label: str, description: str | None = None) -> Label:
        """A label that the repository may have already."""
        found = self._repo(repo)
        return found.labels.get(label.lower()) or self.world.state.make_label(found, label, description=description)

    def add_label(self, repo: str, number: int, actor: str, label: str) -> Issue:
        found, item = self._thread(repo, number)
        labels.add_labels(self.world, found, item, self._actor(actor), [label])
        return item

    def remove_label(self, repo: str, number: int, actor: str, label: str) -> Issue:
        found, item = self._thread(repo, number)
        labels.remove_label(self.world, found, item, self._actor(actor), label)
        return item

    def open_pull(  # noqa: PLR0913 - named like the form people fill in
        self,
        repo: str,
        author: str,
        title: str,
        body: str | None = "",
        *,
        files: Files,
        from_fork: bool = True,
        draft: bool = False,
        branch: str | None = None,
    ) -> Issue:
        found = self._repo(repo)
        name = branch or f"patch-{found.next_number}"
        new = pulls.NewPull(title, body, name, files, draft, from_fork)
        return pulls.open_pull(self.world, found, self._actor(author), new)

    def push_to_pull(self, repo: str, number: int, author: str, files: Files, message: str = "Apply feedback") -> str:
        """Return the new head SHA."""
        found, item = self._thread(repo, number)
        return pulls.push_to_pull(self.world, found, item, self._actor(author), files, message)

    def ready_for_review(self, repo: str, number: int, actor: str) -> Issue:
        found, item = self._thread(repo, number)
        pulls.set_draft(self.world, found, item, self._actor(actor), draft=False)
        return item

    def convert_to_draft(self, repo: str, number: int, actor: str) -> Issue:
        found, item = self._thread(repo, number)
        pulls.set_draft(self.world, found, item, self._actor(actor), draft=True)
        return item

    def merge_pull(self, repo: str, number: int, actor: str) -> str:
        """Return the SHA of the merge commit."""
        found, item = self._thread(repo, number)
        return pulls.merge_pull(self.world, found, item, self._actor(actor))

    def submit_review(self, repo: str, number: int, author: str, body: str = "", event: str = "COMMENT") -> Review:
        found, item = self._thread(repo, number)
        new = reviews.NewReview(event, body)
        return reviews.submit_review(self.world, found, item, self._actor(author), new)

    def review_comment(self, repo: str, number: int, author: str, path: str, line: int, body: str) -> ReviewComment:
        """Comment on a line of the diff: a review with this one comment, as GitHub's page sends it."""
        found, item = self._thread(repo, number)
        new = reviews.NewReview(comments=[reviews.NewComment(path, body, line)])
        made = reviews.submit_review(self.world, found, item, self._actor(author), new)
        return next(comment for comment in pull_of(item).comments if comment.review_id == made.id)

    def reply_to_review_comment(self, comment_id: int, author: str, body: str) -> ReviewComment:
        """Answer in the thread of a review comment."""
        first = self.world.state.review_comment(comment_id)
        if first is None:
            raise KeyError(comment_id)
        found = self.world.state.repositories[first.repo_id]
        item = found.issues[first.number]
        reply = reviews.NewComment(
            first.path, body, first.original_line, first.side, in_reply_to=first.in_reply_to_id or first.id
        )
        new = reviews.NewReview(comments=[reply])
        made = reviews.submit_review(self.world, found, item, self._actor(author), new)
        return next(comment for comment in pull_of(item).comments if comment.review_id == made.id)

    def lock(self, repo: str, number: int, actor: str, reason: str | None = None) -> Issue:
        found, item = self._thread(repo, number)
        issues.set_lock(self.world, found, item, self._actor(actor), locked=True, reason=reason)
        return item

    def unlock(self, repo: str, number: int, actor: str) -> Issue:
        found, item = self._thread(repo, number)
        issues.set_lock(self.world, found, item, self._actor(actor), locked=False, reason=None)
        return item

    def transfer(self, repo: str, number: int, actor: str, to_repo: str) -> Issue:
        """Return the issue at its new place."""
        found, item = self._thread(repo, number)
        return issues.transfer(self.world, found, item, self._actor(actor), self._repo(to_repo))

    def delete_issue(self, repo: str, number: int, actor: str) -> None:
        found, item = self._thread(repo, number)
        issues.delete_issue(self.world, found, item, self._actor(actor))

    def rename_repository(self, repo: str, name: str, actor: str) -> Repository:
        found = self._repo(repo)
        repos.rename(self.world, found, self._actor(actor), name)
        return found

    def commit(
        self, repo: str, author: str, files: Files, message: str = "Update files", branch: str | None = None
    ) -> str:
        """Commit on the default branch, or `branch`; return the SHA."""
        found = self._repo(repo)
        name = branch or found.default_branch
        return repos.commit_to_branch(self.world, found, self._actor(author), name, files, message).sha

    def install_app(
        self,
        account: str,
        actor: str | None = None,
        repositories: Sequence[str] | None = None,
        *,
        app_id: int | None = None,
    ) -> Installation:
        """Install on all repositories (None) or on some; without `app_id`, the first App."""
        chosen = None if repositories is None else [self._repo(name) for name in repositories]
        owner = self.world.state.account(account)
        app = self.world.state.app if app_id is None else self.world.state.apps[app_id]
        return repos.install(self.world, app, owner, self._actor(actor or account), chosen)

    def change_permissions(self, account: str, actor: str, permissions: Mapping[str, str]) -> None:
        """The owner accepts other permissions, fewer ones included."""
        repos.change_permissions(self.world, self._installation(account), self._actor(actor), permissions)

    def uninstall_app(self, account: str, actor: str | None = None) -> None:
        repos.uninstall(self.world, self._installation(account), self._actor(actor or account))

    def suspend_app(self, account: str, actor: str | None = None) -> None:
        repos.suspend(self.world, self._installation(account), self._actor(actor or account), suspended=True)

    def unsuspend_app(self, account: str, actor: str | None = None) -> None:
        repos.suspend(self.world, self._installation(account), self._actor(actor or account), suspended=False)

    def change_repositories(
        self, account: str, actor: str, added: Sequence[str] = (), removed: Sequence[str] = ()
    ) -> None:
        """Add repositories to, or take them out of, a selected installation."""
        plus, minus = ([self._repo(name) for name in names] for names in (added, removed))
        repos.change_selection(self.world, self._installation(account), self._actor(actor), plus, minus)

    def react(
        self,
        actor: str,
        content: str,
        *,
        repo: str | None = None,
        number: int | None = None,
        comment_id: int | None = None,
    ) -> Reaction:
        """React to a thread (`repo`, `number`), or to a comment or review comment (`comment_id`)."""
        if comment_id is not None:
            state = self.world.state
            target = state.comment(comment_id) or state.review_comment(comment_id)
            if target is None:
                raise KeyError(comment_id)
            reactions = target.reactions
        else:
            reactions = self._thread(repo or "", number or 0)[1].reactions
        return comments.react(self.world, reactions, self._actor(actor), content)[0]

    def add_workflow_run(
        self,
        repo: str,
        number: int,
        name: str = "CI",
        status: str = "completed",
        conclusion: str | None = "success",
    ) -> WorkflowRun:
        """Add a run for the head of a pull request; `conclusion` may be `action_required`."""
        found, item = self._thread(repo, number)
        pull, now, state = pull_of(item), self.world.now(), self.world.state
        run = WorkflowRun(
            id=state.next_id(),
            workflow_id=state.next_id(),
            check_suite_id=state.next_id(),
            name=name,
            path=f".github/workflows/{name.lower()}.yml",
            run_number=len(found.runs) + 1,
            event="pull_request",
            status=status,
            conclusion=conclusion,
            head_sha=pull.head_sha,
            head_branch=pull.head_ref,
            head_repo_id=pull.head_repo_id or found.id,
            actor=item.author,
            created_at=now,
            updated_at=now,
        )
        found.runs.append(run)
        return run

    def _repo(self, name: str) -> Repository:
        return self.world.state.repository(name)

    def _actor(self, login: str) -> Actor:
        return Actor(self.world.state.account(login))

    def _thread(self, repo: str, number: int) -> tuple[Repository, Issue]:
        found = self._repo(repo)
        return found, found.issues[number]

    def _comment(self, comment_id: int) -> tuple[Repository, Issue, Comment]:
        made = self.world.state.comment(comment_id)
        if made is None:
            raise KeyError(comment_id)
        found = self.world.state.repositories[made.repo_id]
        return found, found.issues[made.number], made

    def _installation(self, account: str) -> Installation:
        owner = self.world.state.account(account)
        for installation in self.world.state.installations.values():
            if installation.account is owner:
                return installation
        raise KeyError(account)
