"""The executor on the sandbox GitHub, effect by effect: only the difference, nothing twice, nothing after the fence."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from bot.bootstrap import declared_permissions
from bot.capabilities import REGISTRY
from bot.domain import events
from bot.domain.actions import Reaction
from bot.domain.effects import Effect, PutLabels, PutReaction, PutReply, PutReview, PutStatus, TakeLabels
from bot.domain.errors import AssistantError, ClaimLost, Deferred, Terminal
from bot.domain.events import Actor, CommentRef, Event
from bot.domain.facts import AppIdentity
from bot.domain.status import Section, Thread
from bot.domain.text import Prose, Rendered, RenderPolicy, make_marker, render
from bot.github.auth import Credentials, GitHubApp
from bot.github.client import open_session
from bot.github.errors import Forbidden, Unavailable
from bot.github.executor import LOOKS, SETTLE, Executor
from bot.sandbox import Delivery, Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.threads import ThreadView
from tests.support.answers import WindowsInMemory
from tests.support.assistant import REPOSITORY

KEY: Final = b"k" * 32
POLICY: Final = RenderPolicy("https://github.com/sample-org/tidepool", "https://github.com/sample-org")
ISSUES: Final = r"/issues/\d+"


@dataclass(slots=True)
class Row:
    state: str
    fresh: bool
    target_id: int | None
    begun_at: datetime
    added: tuple[str, ...] = ()


@dataclass(slots=True)
class LedgerInMemory:
    """Fits the executor's `Ledger`; `clock` is ahead of the real one."""

    rows: dict[str, Row] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    thread: Thread | None = None
    ahead: timedelta = timedelta()
    deliveries: list[Delivery] = field(default_factory=list)
    """What the service was told of its own writes."""

    async def announce(self, key: str, detail: dict[str, Any]) -> None:
        begun_at = await self.now()
        self.rows[key] = replace(self.rows[key], added=tuple(detail.get("added", ())), begun_at=begun_at)

    async def heard(self, since: datetime) -> list[dict[str, Any]]:
        return [one.payload for one in reversed(self.deliveries) if one.delivered_at >= since]

    async def begin(self, key: str) -> Row:
        if key in self.rows:
            return replace(self.rows[key], fresh=False)
        self.rows[key] = Row("pending", True, None, datetime.now(UTC))
        return self.rows[key]

    async def done(self, key: str, *, target: int | None = None, detail: dict[str, Any] | None = None) -> None:
        self.rows[key] = replace(self.rows[key], state="done", target_id=target)
        self.details[key] = detail or {}

    async def refused(self, key: str) -> None:
        self.rows.pop(key)

    async def save_thread(self, thread: Thread) -> None:
        self.thread = thread

    async def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True)
class Desk:
    """An executor for one issue, with what it writes to and what it remembers."""

    sandbox: Sandbox
    executor: Executor
    ledger: LedgerInMemory
    lost: list[bool]

    async def do(self, *effects: Effect) -> None:
        await self.executor.run(effects)

    async def again(self, *effects: Effect) -> None:
        """As another attempt does, when lists can be believed."""
        self.ledger.ahead = SETTLE + timedelta(seconds=1)
        await self.executor.run(effects)

    @property
    def number(self) -> int:
        return self.executor.event.number

    @property
    def thread(self) -> ThreadView:
        return self.sandbox.thread(REPOSITORY, self.number)

    @property
    def writes(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.sandbox.writes if "access_tokens" not in one.path]

    def arm(self, kind: FaultKind, path: str, method: str = "POST", **more: Any) -> None:
        self.sandbox.faults.add(Fault(kind, path, method, **more))


async def event_of(sandbox: Sandbox, name: str) -> Event:
    await sandbox.drain_webhooks()
    sent = next(one for one in reversed(sandbox.deliveries) if one.event == name)
    parsed = events.parse(name, sent.guid, sent.payload)
    assert isinstance(parsed, Event)
    return parsed


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    number = sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", "It stops.").number
    said = sandbox.comment(REPOSITORY, number, "mira", "/label question")
    event = await event_of(sandbox, "issue_comment")
    assert event.comment is not None
    assert event.comment.id == said.id
    lost: list[bool] = []

    async def fence() -> None:
        if lost:
            raise ClaimLost("taken over")

    async with open_session() as session:
        app = GitHubApp(
            session, Credentials(sandbox.app_id, sandbox.private_key), api_url=sandbox.url, windows=WindowsInMemory(),
            declared=declared_permissions(tuple(one.manifest for one in REGISTRY)),
        )  # fmt: skip
        ledger = LedgerInMemory()
        identity: AppIdentity = await app.identity()
        github = app.client(event.installation, event.repository.id)
        yield Desk(sandbox, Executor(github, event, identity, ledger, fence, KEY), ledger, lost)


def text(words: str, kind: str = "status", key: bytes = KEY, subject: str = "1#5") -> Rendered:
    return render((Prose(words),), POLICY, marker=make_marker(kind, subject, key))


LABELS: Final = PutLabels("own", ("bug",), commanded=False)
STATUS: Final = PutStatus(text("Hello."), Thread(sections={"triage": Section((Prose("Hello."),))}))
REPLY: Final = PutReply(text("An answer.", "reply"))
SEEN: Final = PutReaction(Reaction.SEEN)
EVERY: Final[dict[str, Effect]] = {"labels": LABELS, "status": STATUS, "reply": REPLY, "reaction": SEEN}


@pytest.mark.parametrize("effect", EVERY.values(), ids=EVERY)
async def test_after_the_claim_is_lost_nothing_is_written(desk: Desk, effect: Effect) -> None:
    desk.lost.append(True)
    with pytest.raises(ClaimLost):
        await desk.do(effect)
    assert desk.writes == []


async def test_after_the_claim_is_lost_nothing_is_edited_or_taken_off(desk: Desk) -> None:
    await desk.do(LABELS, STATUS)
    before = desk.writes
    desk.lost.append(True)
    for effect in (TakeLabels("taken", ("bug",)), PutStatus(text("Other."), desk.ledger.thread or Thread())):
        with pytest.raises(ClaimLost):
            await desk.do(effect)
    assert desk.writes == before


@pytest.mark.parametrize("effect", EVERY.values(), ids=EVERY)
async def test_what_is_done_is_not_done_again(desk: Desk, effect: Effect) -> None:
    await desk.do(effect)
    before = desk.writes
    await desk.again(effect)
    assert (len(before), desk.writes) == (1, before)


async def test_a_label_that_was_added_is_not_added_again_when_a_person_took_it_off(desk: Desk) -> None:
    effect = PutLabels("commanded", ("bug",), commanded=True)
    await desk.do(effect)
    desk.sandbox.remove_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.again(effect)
    assert desk.thread.labels == ()


@pytest.mark.parametrize("effect", [LABELS, STATUS, REPLY], ids=["labels", "status", "reply"])
@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_a_write_without_an_answer_happens_once(desk: Desk, effect: Effect, kind: FaultKind) -> None:
    desk.arm(kind, ISSUES + "/(labels|comments)$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    await desk.again(effect)
    if effect is LABELS:
        assert desk.thread.labels == ("bug",)
        assert next(iter(desk.ledger.details.values())) == {"added": ["bug"]}
    else:
        (said,) = desk.thread.by_bot()
        assert next(iter(desk.ledger.rows.values())).target_id == said.id


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_missing_comment_is_not_believed_at_once(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    with pytest.raises(Deferred) as raised:
        await desk.do(effect)
    (row,) = desk.ledger.rows.values()
    assert (raised.value.until, desk.thread.by_bot()) == (row.begun_at + LOOKS[0], [])


async def later(desk: Desk, effect: Effect, seconds: float) -> timedelta | None:
    """Another attempt, so long after the write; how long after the write it wants to look again, if it does."""
    (row,) = desk.ledger.rows.values()
    desk.ledger.ahead = row.begun_at + timedelta(seconds=seconds) - datetime.now(UTC)
    try:
        await desk.do(effect)
    except Deferred as deferred:
        return deferred.until - row.begun_at
    return None


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_missing_comment_is_looked_for_until_lists_can_be_believed(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    waits = [await later(desk, effect, seconds) for seconds in (2, 11, 31, 61)]
    assert waits == [LOOKS[0], LOOKS[1], SETTLE, None]
    assert len(desk.thread.by_bot()) == 1


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_list_that_shows_fewer_than_the_issue_counts_is_not_believed(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    lag = desk.sandbox.faults.add(Fault(FaultKind.LAG, "/comments$", "GET", times=None, seconds=3600))
    assert await later(desk, effect, 61) == LOOKS[3]
    assert await later(desk, effect, 181) == LOOKS[4]
    assert lag.fired >= 2
    desk.sandbox.faults.clear()
    assert await later(desk, effect, 601) is None
    assert len(desk.thread.by_bot()) == 1


async def test_comments_that_github_counts_and_hides_keep_nothing_back_for_ever(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(REPLY)
    desk.sandbox.comment(REPOSITORY, desk.number, "jonas", "Hidden, as far as lists go.")
    hidden = desk.sandbox.faults.add(Fault(FaultKind.LAG, "/comments$", "GET", times=None, seconds=3600))
    assert await later(desk, REPLY, 61) == LOOKS[3]
    assert await later(desk, REPLY, 601) is None
    assert hidden.fired >= 2
    assert len(desk.thread.by_bot()) == 1


@pytest.mark.parametrize("effect", [STATUS, REPLY], ids=["status", "reply"])
async def test_a_delivery_about_our_comment_proves_it_however_far_lists_lag(desk: Desk, effect: Effect) -> None:
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    lag = desk.sandbox.faults.add(Fault(FaultKind.LAG, "/comments$", "GET", times=None, seconds=3600))
    desk.ledger.deliveries = desk.sandbox.deliveries
    await desk.do(effect)
    (said,) = desk.thread.by_bot()
    assert next(iter(desk.ledger.rows.values())).target_id == said.id
    assert lag.fired >= 1


async def test_a_delivery_about_another_bot_s_copy_proves_nothing(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(STATUS)
    desk.sandbox.add_user("copycat[bot]", "Bot")
    desk.sandbox.comment(REPOSITORY, desk.number, "copycat[bot]", text("Hello.").body)
    desk.ledger.deliveries = desk.sandbox.deliveries
    with pytest.raises(Deferred):
        await desk.do(STATUS)


async def test_a_second_loss_is_waited_for_like_the_first(desk: Desk) -> None:
    """The first write did not happen, its repetition did; the list that does not show it yet is not believed."""
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(REPLY)
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await later(desk, REPLY, 61)
    (row,) = desk.ledger.rows.values()
    stale = desk.sandbox.faults.add(Fault(FaultKind.STALE, "/comments$", "GET"))
    with pytest.raises(Deferred) as raised:
        await desk.do(REPLY)
    assert raised.value.until == row.begun_at + LOOKS[0]
    assert stale.fired == 1
    assert await later(desk, REPLY, 11) is None
    assert len(desk.thread.by_bot()) == 1


@pytest.mark.parametrize("marker", ["foreign key", "another thread", "no marker"])
async def test_somebody_s_comment_is_not_taken_for_ours(desk: Desk, marker: str) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(STATUS)
    bodies = {
        "foreign key": text("x", key=b"l" * 32).body,
        "another thread": text("x", subject="1#6").body,
        "no marker": "x",
    }
    desk.sandbox.comment(REPOSITORY, desk.number, "jonas", bodies[marker])
    await desk.again(STATUS)
    assert len(desk.thread.by_bot()) == 1


async def test_a_person_who_copies_our_marker_is_not_us(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/comments$")
    with pytest.raises(Unavailable):
        await desk.do(STATUS)
    forged = desk.sandbox.comment(REPOSITORY, desk.number, "jonas", text("Hello.").body)
    await desk.again(STATUS)
    (said,) = desk.thread.by_bot()
    assert said.id != forged.id


REFUSED: Final = {"labels": LABELS, "status": STATUS, "reply": REPLY}


@pytest.mark.parametrize("effect", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("status", [403, 404, 410, 422])
async def test_a_refused_write_did_not_happen(desk: Desk, effect: Effect, status: int) -> None:
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/(labels|comments)$", status=status)
    with pytest.raises(Terminal):
        await desk.do(effect)
    assert desk.ledger.rows == {}


async def test_a_failed_look_makes_nobodys_labels_ours(desk: Desk) -> None:
    """The list could not be read at first; by the second attempt a person has set the label."""
    fault = desk.sandbox.faults.add(Fault(FaultKind.STATUS_BEFORE, r"/issues/\d+/labels$", "GET"))
    with pytest.raises(Unavailable):
        await desk.do(PutLabels("own", ("bug",), commanded=False))
    assert fault.fired == 1
    desk.sandbox.add_label(REPOSITORY, desk.executor.event.number, "mira", "bug")
    await desk.do(PutLabels("own", ("bug",), commanded=False))
    assert desk.ledger.details.popitem()[1] == {"added": []}


async def test_labels_that_are_there_are_not_added_again(desk: Desk) -> None:
    desk.sandbox.add_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.do(PutLabels("own", ("bug", "question"), commanded=False))
    assert desk.ledger.details.popitem()[1] == {"added": ["question"]}
    await desk.do(PutLabels("more", ("bug",), commanded=False))
    assert desk.ledger.details.popitem()[1] == {"added": []}
    assert len(desk.writes) == 1


@pytest.mark.parametrize("commanded", [False, True])
async def test_a_label_that_the_repository_lacks_is_never_made(desk: Desk, commanded: bool) -> None:
    await desk.do(PutLabels("own", ("zzz", "bug"), commanded=commanded))
    assert desk.thread.labels == ("bug",)


@pytest.mark.parametrize(("commanded", "labels"), [(False, ()), (True, ("bug",))])
async def test_after_a_lost_answer_what_a_person_took_off_stays_off(
    desk: Desk, commanded: bool, labels: tuple[str, ...]
) -> None:
    effect = PutLabels("own", ("bug",), commanded=commanded)
    desk.arm(FaultKind.RESET_AFTER, ISSUES + "/labels$")
    with pytest.raises(Unavailable):
        await desk.do(effect)
    desk.sandbox.remove_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.again(effect)
    assert desk.thread.labels == labels


async def test_only_labels_that_are_there_are_taken_off(desk: Desk) -> None:
    await desk.do(LABELS, TakeLabels("taken", ("bug", "question")))
    assert desk.thread.labels == ()
    assert len([one for one in desk.writes if one.startswith("DELETE")]) == 1
    await desk.do(TakeLabels("taken", ("bug", "question")))
    assert len(desk.writes) == 2


async def test_a_label_that_goes_meanwhile_is_gone(desk: Desk) -> None:
    await desk.do(LABELS)
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/labels/bug$", "DELETE", status=404)
    await desk.do(TakeLabels("taken", ("bug",)))
    assert any(row.state == "done" for key, row in desk.ledger.rows.items() if key.endswith(":taken"))


async def test_taking_labels_off_is_recorded_and_not_repeated(desk: Desk) -> None:
    await desk.do(LABELS, TakeLabels("taken", ("bug",)))
    desk.sandbox.add_label(REPOSITORY, desk.number, "mira", "bug")
    await desk.do(TakeLabels("taken", ("bug",)))
    assert desk.thread.labels == ("bug",)


async def test_the_comment_is_edited_in_place_and_only_if_it_changes(desk: Desk) -> None:
    await desk.do(STATUS)
    assert desk.ledger.thread is not None
    await desk.do(PutStatus(text("Hello."), desk.ledger.thread))
    assert len(desk.writes) == 1
    await desk.do(PutStatus(text("Changed."), desk.ledger.thread))
    (said,) = desk.thread.by_bot()
    assert "Changed." in said.body


async def test_a_comment_of_an_earlier_delivery_is_used_even_if_the_thread_was_not_saved(desk: Desk) -> None:
    await desk.do(STATUS)
    await desk.do(PutStatus(text("Changed."), Thread()))
    (said,) = desk.thread.by_bot()
    assert "Changed." in said.body
    assert desk.ledger.thread is not None
    assert desk.ledger.thread.comment_id == said.id


async def test_a_deleted_comment_does_not_return_if_the_thread_was_not_saved(desk: Desk) -> None:
    await desk.do(STATUS)
    desk.sandbox.delete_comment(desk.thread.by_bot()[0].id, "mira")
    await desk.again(PutStatus(text("Again."), Thread()))
    assert desk.thread.by_bot() == []
    assert desk.ledger.thread is not None
    assert desk.ledger.thread.silenced


async def test_a_reply_that_a_person_deleted_does_not_return(desk: Desk) -> None:
    await desk.do(REPLY)
    desk.sandbox.delete_comment(desk.thread.by_bot()[0].id, "mira")
    await desk.again(REPLY)
    assert desk.thread.by_bot() == []


async def test_a_comment_that_a_person_deleted_silences_the_thread(desk: Desk) -> None:
    await desk.do(STATUS)
    desk.sandbox.delete_comment(desk.thread.by_bot()[0].id, "mira")
    await desk.do(PutStatus(text("Again."), desk.ledger.thread or Thread()))
    assert desk.thread.by_bot() == []
    assert desk.ledger.thread is not None
    assert (desk.ledger.thread.comment_id, desk.ledger.thread.silenced) == (None, True)


async def test_without_a_body_the_thread_is_remembered_and_nothing_written(desk: Desk) -> None:
    await desk.do(PutStatus(None, Thread(silenced=True)))
    assert (desk.writes, desk.ledger.thread) == ([], Thread(silenced=True))


async def test_a_locked_conversation_gets_nothing(desk: Desk) -> None:
    desk.sandbox.lock(REPOSITORY, desk.number, "mira")
    with pytest.raises(Forbidden):
        await desk.do(STATUS, REPLY)
    assert desk.thread.by_bot() == []


async def test_what_is_refused_does_not_keep_the_rest_back_and_the_receipt_says_so(desk: Desk) -> None:
    desk.arm(FaultKind.STATUS_BEFORE, ISSUES + "/labels$", status=422)
    with pytest.raises(Terminal):
        await desk.do(LABELS, STATUS, PutReaction(Reaction.DONE))
    assert len(desk.thread.by_bot()) == 1
    (said,) = [one for one in desk.thread.comments if not one.is_bot]
    assert said.reactions == {"confused": 1}


async def test_a_write_without_an_answer_keeps_the_rest_back(desk: Desk) -> None:
    desk.arm(FaultKind.RESET_BEFORE, ISSUES + "/labels$")
    with pytest.raises(Unavailable):
        await desk.do(LABELS, STATUS)
    assert desk.thread.by_bot() == []


async def test_after_a_new_installation_our_old_comment_is_found(desk: Desk) -> None:
    await desk.do(STATUS)
    desk.ledger.rows.clear()
    await desk.do(PutStatus(text("Changed."), Thread()))
    (said,) = desk.thread.by_bot()
    assert "Changed." in said.body


def on_pull(desk: Desk, number: int, head: str) -> tuple[Desk, PutReview]:
    event = replace(desk.executor.event, number=number, is_pull=True)
    review = PutReview(
        head, text("A review.", "review"), ({"path": "docs/a.md", "line": 3, "side": "RIGHT"},), (text("A remark."),),
        ("digest",),
    )  # fmt: skip
    return replace(desk, executor=replace(desk.executor, event=event)), review


async def opened(desk: Desk) -> tuple[Desk, PutReview]:
    files = {"docs/a.md": "# Logs\n\nA line.\n"}
    number = desk.sandbox.open_pull(REPOSITORY, "jonas", "Explain logs", files=files).number
    await desk.sandbox.drain_webhooks()
    sent = next(one for one in desk.sandbox.deliveries if one.event == "pull_request")
    return on_pull(desk, number, sent.payload["pull_request"]["head"]["sha"])


async def test_a_review_is_posted_once(desk: Desk) -> None:
    there, review = await opened(desk)
    await there.do(review)
    asked = len(there.sandbox.requests)
    await there.again(review)
    assert len(there.sandbox.requests) == asked
    (posted,) = there.thread.reviews
    assert [one.body for one in posted.comments] == [review.bodies[0].body]
    assert next(iter(there.ledger.details.values())) == {"remarks": ["digest"]}


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_a_review_without_an_answer_is_there_once(desk: Desk, kind: FaultKind) -> None:
    there, review = await opened(desk)
    there.arm(kind, r"/pulls/\d+/reviews$")
    with pytest.raises(Unavailable):
        await there.do(review)
    if kind is FaultKind.RESET_BEFORE:
        with pytest.raises(Deferred):
            await there.do(review)
    await there.again(review)
    assert len(there.thread.reviews) == 1
    assert next(iter(there.ledger.details.values())) == {"remarks": ["digest"]}


async def test_a_second_loss_of_a_review_is_waited_for_like_the_first(desk: Desk) -> None:
    there, review = await opened(desk)
    there.arm(FaultKind.RESET_BEFORE, r"/pulls/\d+/reviews$")
    with pytest.raises(Unavailable):
        await there.do(review)
    there.arm(FaultKind.RESET_AFTER, r"/pulls/\d+/reviews$")
    with pytest.raises(Unavailable):
        await there.again(review)
    stale = there.sandbox.faults.add(Fault(FaultKind.STALE, "/reviews$", "GET"))
    with pytest.raises(Deferred):
        await there.do(review)
    assert stale.fired == 1
    assert len(there.thread.reviews) == 1


async def test_a_review_of_an_old_head_is_not_posted(desk: Desk) -> None:
    there, review = await opened(desk)
    there.sandbox.push_to_pull(REPOSITORY, there.number, "jonas", {"docs/a.md": "# Logs\n\nAnother line.\n"})
    await there.do(review)
    assert (there.thread.reviews, there.writes, there.ledger.rows) == ((), [], {})


async def test_a_refused_review_did_not_happen(desk: Desk) -> None:
    there, review = await opened(desk)
    outside = replace(review, remarks=({"path": "docs/a.md", "line": 99, "side": "RIGHT"},))
    with pytest.raises(AssistantError):
        await there.do(outside)
    assert there.ledger.rows == {}


async def test_a_reaction_goes_to_the_comment_that_was_made(desk: Desk) -> None:
    await desk.do(SEEN)
    (said,) = [one for one in desk.thread.comments if not one.is_bot]
    assert said.reactions == {"eyes": 1}


async def test_a_reaction_to_a_comment_that_is_gone_is_let_be(desk: Desk) -> None:
    assert desk.executor.event.comment is not None
    desk.sandbox.delete_comment(desk.executor.event.comment.id, "mira")
    await desk.do(SEEN)
    assert next(iter(desk.ledger.rows.values())).state == "done"


async def test_a_review_comment_has_reactions_of_its_own(desk: Desk) -> None:
    there, _review = await opened(desk)
    made = there.sandbox.review_comment(REPOSITORY, there.number, "mira", "docs/a.md", 3, "/label bug")
    event = replace(
        there.executor.event,
        kind="pull_request_review_comment.created",
        comment=CommentRef(made.id, Actor("mira", 1), "/label bug", None),
    )
    await replace(there, executor=replace(there.executor, event=event)).do(SEEN)
    assert there.writes[-1].endswith(f"/pulls/comments/{made.id}/reactions")


@pytest.mark.parametrize("comment", [None, CommentRef(1, Actor("mira", 1), "x", None)])
async def test_what_cannot_be_reacted_to_is_let_be(desk: Desk, comment: CommentRef | None) -> None:
    event = replace(desk.executor.event, kind="pull_request_review.submitted", comment=comment)
    await replace(desk, executor=replace(desk.executor, event=event)).do(SEEN)
    assert desk.writes == []
