"""Everything that people can do on the stand-in GitHub, for the webhooks that it sends."""

from bot.sandbox import Sandbox
from bot.sandbox.sample_files import DOCS_PULL_GUIDE
from tests.sandbox.client import REPO

_GUIDE = {"docs/guide.md": DOCS_PULL_GUIDE}
_OTHER = "sample-org/elsewhere"


def act(sandbox: Sandbox) -> None:
    """Do all of it; what is sent is in `sandbox.deliveries`."""
    _on_issues(sandbox)
    _on_pulls(sandbox)
    _on_repositories(sandbox)
    _on_installations(sandbox)


def _on_issues(sandbox: Sandbox) -> None:
    issue = sandbox.open_issue(REPO, "jonas", "A page", "Text", ["bug"]).number
    sandbox.edit_issue(REPO, issue, "jonas", title="The page", body="More text")
    sandbox.assign(REPO, issue, "mira", "tom")
    sandbox.add_label(REPO, issue, "mira", "question")
    sandbox.remove_label(REPO, issue, "mira", "question")
    for done in (sandbox.lock, sandbox.unlock, sandbox.close, sandbox.reopen):
        done(REPO, issue, "mira")
    comment = sandbox.comment(REPO, issue, "mira", "Thanks!")
    sandbox.edit_comment(comment.id, "mira", "Thank you!")
    sandbox.delete_comment(comment.id, "mira")
    sandbox.delete_issue(REPO, issue, "mira")


def _on_pulls(sandbox: Sandbox) -> None:
    pull = sandbox.open_pull(REPO, "aiko", "Gaps", "Text", files=_GUIDE).number
    sandbox.push_to_pull(REPO, pull, "aiko", {"docs/new.md": "# New\n"})
    for done in (sandbox.convert_to_draft, sandbox.ready_for_review, sandbox.lock, sandbox.unlock):
        done(REPO, pull, "mira")
    sandbox.edit_issue(REPO, pull, "aiko", title="The gaps")
    sandbox.add_label(REPO, pull, "mira", "documentation")
    sandbox.remove_label(REPO, pull, "mira", "documentation")
    sandbox.assign(REPO, pull, "mira", "tom")
    sandbox.submit_review(REPO, pull, "mira", "Good", "APPROVE")
    remark = sandbox.review_comment(REPO, pull, "mira", "docs/new.md", 1, "Why?")
    sandbox.reply_to_review_comment(remark.id, "aiko", "Because.")
    sandbox.close(REPO, pull, "mira")
    sandbox.reopen(REPO, pull, "mira")
    sandbox.merge_pull(REPO, pull, "mira")


def _on_repositories(sandbox: Sandbox) -> None:
    sandbox.create_repository("sample-org", "elsewhere", {"README.md": "# Elsewhere\n"})
    issue = sandbox.open_issue(REPO, "jonas", "Somewhere else", "Text").number
    sandbox.transfer(REPO, issue, "mira", _OTHER)
    sandbox.rename_repository(_OTHER, "anywhere", "mira")


def _on_installations(sandbox: Sandbox) -> None:
    sandbox.suspend_app("sample-org", "mira")
    sandbox.unsuspend_app("sample-org", "mira")
    sandbox.uninstall_app("sample-org", "mira")
    sandbox.install_app("sample-org", "mira", ["sample-org/anywhere"])
    sandbox.change_repositories("sample-org", "mira", added=[REPO])
    sandbox.change_repositories("sample-org", "mira", removed=["sample-org/anywhere"])
