"""What people do on GitHub, one function each; every one sees the effect that it is there for."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from bot.sandbox import Fault, FaultKind
from bot.sandbox.sample_files import BUG_BODY, DOCS_PULL_GUIDE
from bot.sandbox.threads import CommentView, ThreadView
from tests.support.assistant import REPOSITORY, Assistant

CONFIGURATION: Final = ".github/contribution-assistant.yml"
CRASH: Final = "Crash: ValueError when I open a log"
INCOMPLETE: Final = "It crashes when I read an empty log.\n\n```\nValueError: no rows\n```\n"
WISH: Final = ("[Feature] A dark theme", "Please add a dark theme, I would like to use the plots at night.")

Scenario = Callable[[Assistant], Awaitable[None]]


async def report_without_version(assistant: Assistant) -> None:
    """Asked for, answered by an edit: the question and its label go away."""
    number = await _open(assistant, "stranger", CRASH, INCOMPLETE)
    thread = _thread(assistant, number)
    assert "`Version`" in _status(thread).body
    assert {"bug", "needs-info"} <= set(thread.labels)
    assistant.sandbox.edit_issue(REPOSITORY, number, "stranger", body=BUG_BODY)
    await assistant.settled(within=60)
    assert "`Version`" not in _status(_thread(assistant, number)).body
    assert "needs-info" not in _thread(assistant, number).labels


async def feature_and_question(assistant: Assistant) -> None:
    wish = await _open(assistant, "jonas", *WISH)
    asked = await _open(assistant, "jonas", "How do I read a log in feet?", "How can I read a log whose unit is feet?")
    assert "enhancement" in _thread(assistant, wish).labels
    assert "question" in _thread(assistant, asked).labels


async def welcome(assistant: Assistant) -> None:
    assistant.sandbox.add_user("newcomer")
    number = await _open(assistant, "newcomer", CRASH, BUG_BODY)
    assert "first issue" in _status(_thread(assistant, number)).body


async def relabelled(assistant: Assistant) -> None:
    """A report turns into a wish: our label changes with it."""
    number = await _open(assistant, "aiko", CRASH, BUG_BODY)
    assistant.sandbox.edit_issue(REPOSITORY, number, "aiko", title=WISH[0], body=WISH[1])
    await assistant.settled(within=60)
    assert {"enhancement"} == set(_thread(assistant, number).labels) & {"bug", "enhancement"}


async def documentation_pull(assistant: Assistant) -> None:
    """Typing errors and a dead link are reviewed; the next push is looked at too."""
    guide = DOCS_PULL_GUIDE + "\nSee [the tutorial](tutorial.md) for more.\n"
    pull = assistant.sandbox.open_pull(REPOSITORY, "aiko", "Explain gaps", "", files={"docs/guide.md": guide})
    await assistant.settled(within=60)
    assert len(_thread(assistant, pull.number).reviews[0].comments) >= 2
    guide += "\nThe readings are occured twice.\n"
    assistant.sandbox.push_to_pull(REPOSITORY, pull.number, "aiko", {"docs/guide.md": guide})
    await assistant.settled(within=60)
    assert len(_thread(assistant, pull.number).reviews) == 2


async def commands(assistant: Assistant) -> None:
    """All of them by somebody who may, then by somebody who may not."""
    number = await _open(assistant, "jonas", "The harbour page", "I see the page in the office with the device.")
    for text in ("/help", "/why", "/triage", '/label bug, "good first issue"', "/unlabel bug", "/lable bug"):
        assistant.sandbox.comment(REPOSITORY, number, "tom", text)
        await assistant.settled(within=60)
    thread = _thread(assistant, number)
    assert "good first issue" in thread.labels
    assert "bug" not in thread.labels
    assert any("/label" in one.body and "/why" in one.body for one in thread.by_bot())
    refused = assistant.sandbox.comment(REPOSITORY, number, "stranger", "/label documentation")
    await assistant.settled(within=60)
    thread = _thread(assistant, number)
    assert "documentation" not in thread.labels
    assert next(one for one in thread.comments if one.id == refused.id).reactions == {"confused": 1}


async def command_in_review(assistant: Assistant) -> None:
    """Nothing is carried out there; the answer says where commands belong."""
    files = {"docs/install.md": "# Installation\n\nIt needs Python 3.10.\n"}
    pull = assistant.sandbox.open_pull(REPOSITORY, "mira", "Name the version", "", files=files, from_fork=False)
    assistant.sandbox.submit_review(REPOSITORY, pull.number, "tom", "/label bug")
    assistant.sandbox.review_comment(REPOSITORY, pull.number, "tom", "docs/install.md", 3, "/label bug")
    await assistant.settled(within=60)
    assert _thread(assistant, pull.number).by_bot()
    assert "bug" not in _thread(assistant, pull.number).labels


async def many_labels(assistant: Assistant) -> None:
    """More than one page of them."""
    state = assistant.sandbox.state
    for number in range(130):
        state.make_label(state.repository(REPOSITORY), f"area: {number}", "ededed", "One of many")
    issue = await _open(assistant, "jonas", "The pier page", "I see the page in the office with the device.")
    assistant.sandbox.comment(REPOSITORY, issue, "mira", '/label "area: 129"')
    await assistant.settled(within=60)
    assert "area: 129" in _thread(assistant, issue).labels


async def locked(assistant: Assistant) -> None:
    number = await _open(assistant, "jonas", *WISH)
    assistant.sandbox.lock(REPOSITORY, number, "mira")
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/help")
    await assistant.settled(within=60)


async def lost_answers(assistant: Assistant) -> None:
    """The connection breaks after each kind of write: everything is there once."""
    sandbox = assistant.sandbox
    first = sandbox.state.repository(REPOSITORY).next_number
    for number, path in enumerate(("issues/{}/labels", "issues/{}/comments", "pulls/{}/reviews"), first):
        sandbox.faults.add(Fault(FaultKind.RESET_AFTER, f"{path.format(number)}$", "POST"))
    sandbox.open_issue(REPOSITORY, "stranger", CRASH, INCOMPLETE)
    sandbox.open_issue(REPOSITORY, "stranger", CRASH, INCOMPLETE)
    sandbox.open_pull(REPOSITORY, "aiko", "Explain", "", files={"docs/guide.md": DOCS_PULL_GUIDE})
    await assistant.settled(within=60)
    assert all(one.fired for one in sandbox.faults.armed)
    sandbox.faults.clear()
    assert "bug" in _thread(assistant, first).labels
    assert len(_thread(assistant, first + 1).by_bot()) == 1
    assert len(_thread(assistant, first + 2).reviews) == 1


async def deleted_comment(assistant: Assistant) -> None:
    """Ours, deleted by a person: it stays away."""
    number = await _open(assistant, "stranger", CRASH, INCOMPLETE)
    assistant.sandbox.delete_comment(_status(_thread(assistant, number)).id, "mira")
    await assistant.settled(within=60)
    assistant.sandbox.edit_issue(REPOSITORY, number, "stranger", body=BUG_BODY)
    await assistant.settled(within=60)
    assert not _thread(assistant, number).by_bot()


async def missed_delivery(assistant: Assistant) -> None:
    """GitHub could not reach us; the delivery is fetched later."""
    url, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    issue = assistant.sandbox.open_issue(REPOSITORY, "jonas", CRASH, BUG_BODY)
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.webhook_url = url
    assert await assistant.service.chores.fetch_missed(datetime.now(UTC)) >= 1
    await assistant.settled(within=60)
    assert "bug" in _thread(assistant, issue.number).labels


async def configuration(assistant: Assistant) -> None:
    """Of the organisation, of the repository, broken on the branch and in a pull request."""
    sandbox = assistant.sandbox
    sandbox.create_repository("sample-org", ".github", {CONFIGURATION: "mode: observe\n"})
    # That there was none is believed for a minute.
    assistant.service.worker._pipeline._services.kept._found.clear()
    silent = await _open(assistant, "jonas", *WISH)
    assert not _thread(assistant, silent).labels
    sandbox.commit(REPOSITORY, "mira", {CONFIGURATION: "mode: act\n"})
    heard = await _open(assistant, "jonas", *WISH)
    assert "enhancement" in _thread(assistant, heard).labels
    pull = sandbox.open_pull(REPOSITORY, "mira", "Configure", "", files={CONFIGURATION: "mood: good\n"})
    await assistant.settled(within=60)
    assert "mood" in _status(_thread(assistant, pull.number)).body
    sandbox.commit(REPOSITORY, "mira", {CONFIGURATION: "mood: bad\n"})
    told = await _open(assistant, "jonas", *WISH)
    assert "mood" in _status(_thread(assistant, told)).body


async def renamed(assistant: Assistant) -> None:
    """A delivery from before the repository got its new name, sent again after it."""
    sandbox = assistant.sandbox
    number = await _open(assistant, "jonas", CRASH, BUG_BODY)
    url, sandbox.webhook_url = sandbox.webhook_url, None
    sandbox.comment(REPOSITORY, number, "mira", "/label documentation")
    await sandbox.drain_webhooks()
    undelivered = sandbox.deliveries[-1]
    sandbox.webhook_url = url
    sandbox.rename_repository(REPOSITORY, "rockpool", "mira")
    sandbox.redeliver(undelivered.id)
    await assistant.settled(within=60)
    assert "documentation" in sandbox.thread("sample-org/rockpool", number).labels


SCENARIOS: Final[tuple[Scenario, ...]] = (
    report_without_version, feature_and_question, welcome, relabelled, documentation_pull, commands,
    command_in_review, many_labels, locked, lost_answers, deleted_comment, missed_delivery, configuration, renamed,
)  # fmt: skip
"""In this order: the last ones change the repository for good."""


async def _open(assistant: Assistant, author: str, title: str, body: str) -> int:
    issue = assistant.sandbox.open_issue(REPOSITORY, author, title, body)
    await assistant.settled(within=60)
    return issue.number


def _thread(assistant: Assistant, number: int) -> ThreadView:
    return assistant.sandbox.thread(REPOSITORY, number)


def _status(thread: ThreadView) -> CommentView:
    return next(one for one in thread.by_bot() if ":status:" in one.body)
