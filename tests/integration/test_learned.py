"""What was learned, at the wire: from labelled history to a label, from a correction to silence, and gone when told."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pytest

from bot.bootstrap import forget
from bot.domain.feedback import LABELS, TRIAGE, Feedback, Opinion
from bot.domain.history.values import Change, ChangeKind, HistoryItem, Setter, Writer
from bot.learning.artefact import FORMAT, pack
from bot.learning.training.kinds import Example
from bot.learning.training.learn import learn
from bot.runtime import training
from bot.runtime.learning import Learning
from bot.runtime.training import Training
from bot.settings import Settings
from bot.store.backfills import Backfills
from bot.store.database import Pool, migrate, open_pool
from bot.store.feedback import Feedbacks
from bot.store.history import History
from bot.store.learned import Learned
from bot.store.learners import Learners
from bot.store.threads import Threads
from tests.integration.test_events import bodies, opened, seen
from tests.integration.test_modes import configure
from tests.support.assistant import REPOSITORY, Assistant

THEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING: Final = cast(Any, None)
OPEN_TITLE: Final = "Tide gauge at the pier"
OPEN_BODY: Final = (
    "The tide gauge reading at the pier and the moon phase chart are what this is about, in the harbour view."
)
"""Nothing that the rules know; much that the history knows."""
_PLACES: Final = ("pier", "harbour", "buoy", "lagoon", "quay")
_WISHES: Final = ("export", "palette", "legend", "shortcut", "printout")


def past(count: int = 40, *, first: int = 1000) -> Iterator[tuple[HistoryItem, Change]]:
    """Reports of two kinds in equal parts, labelled by people, whose words the rules do not know."""
    for at in range(count):
        place, wish = _PLACES[at % 5], _WISHES[at // 2 % 5]
        bug = at % 2 == 0
        title = f"Tide gauge at the {place}" if bug else f"Colour {wish} of the map"
        body = (
            f"The tide gauge reading at the {place} and the moon phase chart are what this is about, number {at}."
            if bug
            else f"The colour {wish} of the map with a legend is what this is about, number {at}."
        )
        label = "bug" if bug else "enhancement"
        number = first + at
        item = HistoryItem(
            number, False, title, body, "closed", "completed", "NONE", Writer.PERSON, "someone", (label,), 0, THEN,
            THEN, THEN,
        )  # fmt: skip
        yield (
            item,
            Change(number, ChangeKind.LABELED, label, Setter.PERSON, THEN + timedelta(hours=1), f"event:{number}"),
        )


def repository_id(assistant: Assistant) -> int:
    return assistant.sandbox.state.repository(REPOSITORY).id


async def remembered(assistant: Assistant, pairs: Sequence[tuple[HistoryItem, Change]]) -> None:
    """Store a past, and let the repository be seen."""
    pool, repository = assistant.service.pool, repository_id(assistant)
    installation = next(iter(assistant.sandbox.state.installations))
    await History(pool).store(repository, [one for one, _change in pairs], [change for _item, change in pairs])
    await Learners(pool).seen(repository, installation=installation, private=False)


async def taught(assistant: Assistant, pairs: Sequence[tuple[HistoryItem, Change]] = tuple(past())) -> None:
    """As after a training, by the trainer's own function, in this process; the first label is the kind."""
    await remembered(assistant, pairs)
    repository = str(repository_id(assistant))
    made = pack(
        learn([Example(repository, one.labels[0], one.title, one.body, labels=one.labels[1:]) for one, _ in pairs])
    )
    learned = Learned(assistant.service.pool)
    installation = next(iter(assistant.sandbox.state.installations))
    of = [int(repository)]
    assert await learned.keep(made, form=FORMAT, installation=installation, members=of, serves=of)


async def test_what_the_history_taught_labels_what_the_rules_leave_open_and_why_says_how_sure(
    assistant: Assistant,
) -> None:
    before = opened(assistant, "stranger", OPEN_TITLE, OPEN_BODY)
    await assistant.settled()
    assert seen(assistant, before).labels == (), "the rules were meant to be unsure"

    await remembered(assistant, list(past()))
    longest = await _longest_gap_while(assistant.service.training.turn())
    number = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/why")
    await assistant.settled()
    thread = seen(assistant, number)
    assert thread.labels == ("bug",)
    (why,) = [one for one in bodies(thread) if "What I decided here" in one]
    assert "learned, version 1" in why
    assert "answers on issues that it had not learned from were right" in why
    assert "acts from a confidence of " in why
    assert "on, chosen so that 90% are right" in why
    assert "it reads like the reports that people called bug here" in why
    assert "” in the text" in why
    assert "“and" not in why, "small words tell people nothing"
    assert "others of its owner" not in why
    assert longest < 1.0, "the trainer held up the deliveries"


async def _longest_gap_while(work: Any) -> float:
    """The longest time for which this loop could do nothing else while the work was done."""
    task = asyncio.create_task(work)
    longest, last = 0.0, time.monotonic()
    while not task.done():
        await asyncio.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert task.result() == 1
    return longest


async def test_corrections_are_stored_and_end_the_matter(assistant: Assistant) -> None:
    await taught(assistant)
    sandbox = assistant.sandbox
    first = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    second = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    await assistant.settled()
    assert seen(assistant, first).labels == seen(assistant, second).labels == ("bug",)

    sandbox.remove_label(REPOSITORY, first, "mira", "bug")
    sandbox.comment(REPOSITORY, second, "stranger", "/wrong")
    await assistant.settled()
    assert seen(assistant, second).labels == ("bug",), "a stranger took it off"
    sandbox.comment(REPOSITORY, second, "jonas", "/wrong bug")
    await assistant.settled()
    assert seen(assistant, second).labels == ()
    for number in (first, second):
        sandbox.edit_issue(REPOSITORY, number, "jonas", body=f"{OPEN_BODY} The tide gauge, the moon phase chart.")
    await assistant.settled()
    assert seen(assistant, first).labels == seen(assistant, second).labels == ()
    said = await assistant.service.feedback.of_repository(repository_id(assistant), "triage")
    assert [(one.number, one.subject, one.opinion.value) for one in said] == [(second, "bug", "wrong")]
    now = datetime.now(UTC)
    settled = await assistant.service.learning.settled(repository_id(assistant), now)
    assert {(one.number, one.label, one.kept) for one in settled} == {(first, "bug", False), (second, "bug", False)}


async def test_what_people_say_by_commands_teaches_until_they_say_otherwise(assistant: Assistant) -> None:
    configure(assistant, "mode: suggest\n")
    sandbox, service = assistant.sandbox, assistant.service
    first, second, third = (opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY) for _ in range(3))
    await assistant.settled()
    for number in (first, second, third):
        sandbox.comment(REPOSITORY, number, "mira", "/label bug")
    await assistant.settled()
    sandbox.clock_offset += timedelta(minutes=1)
    sandbox.comment(REPOSITORY, second, "mira", "/unlabel bug\n/label question")
    sandbox.remove_label(REPOSITORY, third, "mira", "bug")
    await assistant.settled()
    assert [seen(assistant, number).labels for number in (first, second, third)] == [("bug",), ("question",), ()]
    lines = [json.loads(one) async for one in service.training._lines([repository_id(assistant)])]
    assert [(one["title"], one["kind"]) for one in lines] == [(OPEN_TITLE, "bug"), (OPEN_TITLE, "question")]


async def test_earned_acts_while_it_holds_and_suggests_after_corrections(assistant: Assistant) -> None:
    configure(assistant, "mode: earned\n")
    await taught(assistant)
    number = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    await assistant.settled()
    assert seen(assistant, number).labels == ("bug",)
    assistant.sandbox.remove_label(REPOSITORY, number, "mira", "bug")
    await assistant.settled()
    later = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    assistant.sandbox.comment(REPOSITORY, later, "mira", "/why")
    await assistant.settled()
    thread = seen(assistant, later)
    assert thread.labels == ()
    assert any("A label that may fit: `bug`" in one for one in bodies(thread))
    assert any("people corrected 1 of the last 1" in one for one in bodies(thread))


GUIDE: Final = "It is about the printed guide and its chapters."


def with_areas() -> Iterator[tuple[HistoryItem, Change]]:
    """Reports of the tide are about one area; twelve others, which are too few to earn anything, about another."""
    for at, (item, change) in enumerate(past()):
        if at % 2 == 0:
            yield replace(item, labels=(*item.labels, "area: cli")), change
        elif at < 24:
            yield replace(item, labels=(*item.labels, "area: docs"), body=f"{item.body} {GUIDE}"), change
        else:
            yield item, change


async def test_an_area_acts_while_it_earned_it_and_never_comes_back_where_a_person_took_it_off(
    assistant: Assistant,
) -> None:
    configure(assistant, "mode: earned\nlabels:\n  allow: [bug, enhancement, 'area: cli', 'area: docs']\n")
    await taught(assistant, list(with_areas()))
    sandbox = assistant.sandbox
    guide = ("Colour palette of the map", f"The colour palette of the map. {GUIDE}")
    first, other = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY), opened(assistant, "jonas", *guide)
    labels, why = await labels_and_why(assistant, first)
    assert labels == {"bug", "area: cli"}
    assert "mode earned: area: cli: 10 of 10 were right: enough to count on 90%" in why
    labels, why = await labels_and_why(assistant, other)
    assert labels == {"enhancement"}
    assert "mode earned: area: docs: 5 of 5 were right: not enough to count on 90%" in why

    sandbox.remove_label(REPOSITORY, first, "mira", "area: cli")
    sandbox.edit_issue(REPOSITORY, first, "jonas", body=f"{OPEN_BODY} The tide gauge, once more.")
    await assistant.settled()
    assert seen(assistant, first).labels == ("bug",)
    later = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    labels, why = await labels_and_why(assistant, later)
    assert labels == {"bug"}
    assert "mode earned: area: cli: people corrected 1 of the last 1: less than 90% right" in why


async def labels_and_why(assistant: Assistant, number: int) -> tuple[set[str], str]:
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/why")
    await assistant.settled()
    thread = seen(assistant, number)
    (why,) = [one for one in bodies(thread) if "What I decided here" in one]
    return set(thread.labels), why.replace("\\", "")


async def test_what_was_learned_goes_with_its_repository_and_is_never_shared_by_a_private_one(
    settings: Settings,
) -> None:
    assert settings.database_url is not None
    await migrate(settings.database_url)
    async with open_pool(settings.database_url, size=2) as pool:
        history, learners, learned = History(pool), Learners(pool), Learned(pool)
        for repository in (1, 2):
            await learners.seen(repository, installation=7, private=False)
        for _again in range(3):
            assert await learned.keep(b"both", form="f", installation=7, members=[1, 2], serves=[1, 2])
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT count(*) FROM assistant.learned")
            assert await cursor.fetchone() == (2,), "older versions stay"
        await learners.seen(2, installation=7, private=True)
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT count(*) FROM assistant.learned")
            assert await cursor.fetchone() == (0,)
            await connection.execute(
                "INSERT INTO assistant.learned (installation_id, repository_ids, serves, format, model, digest) "
                "VALUES (7, '{1,2}', '{1,2}', 'f', 'left over', 'd')"
            )
        assert await learned.newest(1) is None
        assert await learned.keep(b"late", form="f", installation=7, members=[1, 2], serves=[1, 2]) is None
        assert await learned.newest(2) is not None, "its own words, and public ones"
        own = await learned.keep(b"own", form="f", installation=7, members=[1, 2], serves=[2])
        found = await learned.newest(2)
        assert found is not None
        assert (found.number, await learned.load(found), await learned.newest(1)) == (own, b"own", None)
        ((item, _change),) = past(1)
        await history.store(2, [replace(item, author=(await history.digest())("ada"))], [])
        await forget(settings, repository=None, user="ada")
        assert await learned.load(found) is None, "a person's words stayed in what was learned from them"
        assert await learned.keep(b"anew", form="f", installation=7, members=[1, 2], serves=[2])
        found = await learned.newest(2)
        assert found is not None
        await forget(settings, repository="1", user=None)
        assert await learned.newest(2) is None
        assert await learned.load(found) is None


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=2) as made:
        yield made


async def learned_together(pool: Pool) -> None:
    """1 and 2 are public and learned together; 3 is private and learned from these, too."""
    history, learners, learned = History(pool), Learners(pool), Learned(pool)
    for repository, (item, _change) in zip((1, 2, 3), past(3), strict=True):
        await learners.seen(repository, installation=7, private=repository == 3)
        author = (await history.digest())("ada") if repository == 1 else "someone"
        await history.store(repository, [replace(item, author=author)], [])
    for members, serves in (((1, 2), (1, 2)), ((1, 2, 3), (3,))):
        labelled = dict.fromkeys(serves, 1)
        assert await learned.keep(b"m", form="f", installation=7, members=members, serves=serves, labelled=labelled)
    assert await due(pool) == set()


async def due(pool: Pool) -> set[int]:
    return {one.repository for one in await Learned(pool).learners() if training.is_due(one)}


ENDINGS: dict[str, tuple[Callable[[Pool, Settings], Awaitable[object]], set[int]]] = {
    "a repository is forgotten": (lambda _pool, given: forget(given, repository="1", user=None), {2, 3}),
    "a repository becomes private": (lambda pool, _: Learners(pool).seen(1, installation=7, private=True), {1, 2, 3}),
    "a person is forgotten": (lambda _pool, given: forget(given, repository=None, user="ada"), {2, 3}),
}


@pytest.mark.parametrize(("end", "left"), ENDINGS.values(), ids=ENDINGS)
async def test_those_who_lose_what_they_learned_with_others_are_due_at_once(
    pool: Pool, settings: Settings, end: Callable[[Pool, Settings], Awaitable[object]], left: set[int]
) -> None:
    await learned_together(pool)
    await end(pool, settings)
    assert [await Learned(pool).newest(repository) for repository in (1, 2, 3)] == [None, None, None]
    assert await due(pool) == left


async def test_only_github_itself_makes_a_repository_public(pool: Pool) -> None:
    learners, learned = Learners(pool), Learned(pool)

    async def private() -> bool:
        (one,) = await learned.learners()
        return one.private

    await learners.told(1, installation=7, private=False)
    assert await private(), "a delivery may be old"
    await learners.seen(1, installation=7, private=False)
    assert not await private()
    await learned.tried(1, labelled=5)
    await learners.told(1, installation=7, private=False)
    assert [(one.private, one.learned_from) for one in await learned.learners()] == [(False, 5)]
    await learners.told(1, installation=7, private=True)
    assert await private()
    await learners.told(1, installation=7, private=False)
    assert await private(), "an older delivery came later"
    await learners.seen(1, installation=7, private=False)
    assert not await private()
    await learners.told(1, installation=8, private=False)
    assert await private(), "nobody knows yet who its new company is"


async def test_an_old_delivery_does_not_share_a_private_repository_and_its_next_reading_does(
    assistant: Assistant,
) -> None:
    pool, repository = assistant.service.pool, repository_id(assistant)
    installation = next(iter(assistant.sandbox.state.installations))
    await Learners(pool).seen(repository, installation=installation, private=True)
    opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    await assistant.settled()
    learned = Learned(pool)
    assert [one.private for one in await learned.learners()] == [True]
    assert await History(pool).count(repository) > 0, "the delivery was taken note of"
    await Backfills(pool).want([repository], installation)
    await assistant.service.chores._backfill.turn(pages=1)
    assert [one.private for one in await learned.learners()] == [False]


async def test_nothing_is_kept_while_a_member_is_being_forgotten(pool: Pool) -> None:
    await learned_together(pool)
    async with pool.connection() as connection, connection.transaction(force_rollback=True):
        await connection.execute("DELETE FROM assistant.learners WHERE repository_id = 2")
        kept = Learned(pool).keep(b"late", form="f", installation=7, members=[1, 2], serves=[1, 2])
        assert await asyncio.wait_for(kept, 5) is None


async def test_a_model_sees_what_people_labelled_and_nothing_of_vulnerabilities(pool: Pool) -> None:
    """Of alike titles, those that only we labelled, that were called wrong, or that show an attack stay out; what a
    person asked us for by a command is that person's, for the trainer, too."""
    history, feedback = History(pool), Feedbacks(pool)
    await Backfills(pool).want([1], 7)
    await Backfills(pool).name(1, "tidepool/instruments")
    title = "Login form is empty"
    person, us = Setter.PERSON, Setter.US
    cases = {
        5: ("SQL injection in the login form", "An attacker reads all rows.", ("bug",), person),
        6: (f"{title} on Mondays", "It is.", ("bug",), us),
        7: (f"{title} on Tuesdays", "A crafted link lets an attacker do remote code execution.", ("bug",), person),
        8: (f"{title} on Fridays", "It is.", ("bug", "P1"), person),
        9: (f"{title} on Sundays", "It is.", ("question",), person),
        10: (f"{title} at night", "It is.", ("bug",), us),
    }
    items = [
        HistoryItem(number, False, name, body, "open", "", "NONE", Writer.PERSON, "x", labels, 0, THEN, THEN, None)
        for number, (name, body, labels, _by) in cases.items()
    ]
    changes = [
        Change(number, ChangeKind.LABELED, label, by, THEN, f"event:{number}{place}")
        for number, (_name, _body, labels, by) in cases.items()
        for place, label in enumerate(labels)
    ]
    await history.store(1, items, changes)
    said = Feedback(8, TRIAGE, "P1", Opinion.WRONG, "someone", "comment:1", THEN)
    asked = replace(said, number=10, capability=LABELS, subject="bug", opinion=Opinion.RIGHT)
    await feedback.note(1, [said, replace(said, number=9, subject="question"), asked])
    found = await Learning(Learned(pool), history, feedback).nearby(1, f"{title} again")
    assert sorted((one.number, one.labels) for one in found) == [(8, ("bug",)), (10, ("bug",))]
    lines = [json.loads(line) async for line in Training(history, Learned(pool), feedback, NOTHING)._lines([1])]
    assert [(one["title"], one["kind"], one["weight"]) for one in lines if one["title"].startswith(title)] == [
        (f"{title} on Tuesdays", "bug", 1.0), (f"{title} on Fridays", "bug", 1.0), (f"{title} at night", "bug", 1.0),
    ]  # fmt: skip


async def test_commands_are_read_of_the_asked_items_only(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO assistant.effects (key, guid, repository_id, number, state, detail) SELECT "
            "format('labels:%s:commanded', n), 'g', 1, n, 'done', '{\"added\": [\"bug\"]}' FROM generate_series(1, 3) n"
        )
    assert await Learned(pool).commanded(1, [2, 3, 4]) == {(2, "bug"), (3, "bug")}


async def test_what_one_owner_taught_answers_no_longer_for_another(pool: Pool) -> None:
    await learned_together(pool)
    learners, learned = Learners(pool), Learned(pool)
    await learners.seen(1, installation=8, private=False)
    assert await learned.newest(1) is None
    assert await learned.newest(2) is not None
    assert await due(pool) == {1}
    assert await learned.keep(b"late", form="f", installation=7, members=[1, 2], serves=[1, 2]) is None


async def test_a_failure_leaves_it_due_that_the_history_was_read(pool: Pool) -> None:
    learned = Learned(pool)
    await Learners(pool).seen(1, installation=7, private=False)
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO assistant.backfills (repository_id, finished_at) VALUES (1, now())")
    for labelled, read_first in ((None, True), (3, False)):
        await learned.tried(1, labelled=labelled)
        assert [one.read_first for one in await learned.learners()] == [read_first]


async def test_who_learned_in_vain_is_due_and_who_has_too_little_is_not(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remembered(assistant, list(past(20)))
    pool, repository = assistant.service.pool, repository_id(assistant)
    installation = next(iter(assistant.sandbox.state.installations))
    await Learners(pool).seen(999, installation=installation, private=False)

    async def meanwhile(_self: Any, lines: AsyncIterator[bytes]) -> bytes:
        assert len([line async for line in lines]) == 20
        await Threads(pool).forget_repository(999)
        return b"with the words of 999"

    with monkeypatch.context() as patch:
        patch.setattr(training.Training, "_in_a_child", meanwhile)
        assert await assistant.service.training.turn() == 0
    assert await due(pool) == {repository}
    monkeypatch.setattr(training, "ARGUMENTS", (sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit(3)"))
    assert await assistant.service.training.turn() == 0
    assert [(one.learned_from, training.is_due(one)) for one in await Learned(pool).learners()] == [(20, False)]


class Counted:
    """A pool that counts how often a connection is taken."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.taken = 0

    def connection(self) -> Any:
        self.taken += 1
        return self._pool.connection()


async def test_the_outcomes_of_many_labels_take_no_more_look_ups_than_those_of_one(pool: Pool) -> None:
    now = datetime.now(UTC)
    taken = []
    for repository, count in ((1, 1), (2, 30)):
        pairs = [(item, replace(change, setter=Setter.US, at=now)) for item, change in past(count)]
        await History(pool).store(repository, [item for item, _ in pairs], [change for _, change in pairs])
        counted = Counted(pool)
        asked = cast(Pool, counted)
        found = await Learning(Learned(asked), History(asked), Feedbacks(asked)).settled(repository, now)
        assert [(one.number, one.kept) for one in found] == [(item.number, True) for item, _ in pairs]
        taken.append(counted.taken)
    assert taken[0] == taken[1]


async def test_a_trainer_that_fails_is_tried_again_later(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    await remembered(assistant, list(past(20)))
    for ending in ("sys.exit(9)", "sys.stdout.write('not an artefact')"):
        code = f"import sys; sys.stdin.readline(); {ending}"
        monkeypatch.setattr(training, "ARGUMENTS", (sys.executable, "-c", code))
        assert await assistant.service.training.turn() == 0
        (one,) = await Learned(assistant.service.pool).learners()
        assert one.learned_at is not None
        assert not training.is_due(one)
        assert one.learned_from == 0
        assert training.is_due(replace(one, now=one.now + timedelta(hours=2)))
        async with assistant.service.pool.connection() as connection:
            await connection.execute("UPDATE assistant.learners SET learned_at = NULL")
    number = opened(assistant, "jonas", OPEN_TITLE, OPEN_BODY)
    await assistant.settled()
    assert seen(assistant, number).labels == ()
    assert await Learned(assistant.service.pool).newest(repository_id(assistant)) is None


async def test_thumbs_down_count_from_those_who_may_judge_and_until_they_are_taken_back(assistant: Assistant) -> None:
    configure(assistant, "mode: suggest\n")
    sandbox = assistant.sandbox
    number = opened(assistant, "jonas", "[BUG] Login", OPEN_BODY)
    await assistant.settled()
    (comment,) = seen(assistant, number).by_bot()
    assert "A label that may fit" in comment.body

    async def after(what: str) -> list[tuple[str, str]]:
        sandbox.edit_issue(REPOSITORY, number, "jonas", body=f"{OPEN_BODY} {what}")
        await assistant.settled()
        found = await assistant.service.feedback.of_item(repository_id(assistant), number)
        return [(one.capability, one.opinion.value) for one in found]

    sandbox.react("stranger", "-1", comment_id=comment.id)
    assert await after("A stranger frowned.") == []
    sandbox.react("jonas", "-1", comment_id=comment.id)
    assert await after("The author frowned.") == [("all", "wrong")]
    assert "A label that may fit" not in bodies(seen(assistant, number))[0]
    made = sandbox.state.comment(comment.id)
    assert made is not None
    made.reactions.clear()
    assert await after("Nobody frowns.") == []
    assert "A label that may fit" in bodies(seen(assistant, number))[0]
