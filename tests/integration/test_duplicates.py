"""Related threads at the wire and in PostgreSQL: learned from a past, listed, taken back, kept fresh, forgotten."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from bot import upkeep
from bot.appraisal.command import stored
from bot.appraisal.run import duplicates_once_more
from bot.bootstrap import forget
from bot.domain.feedback import LABELS, Feedback, Opinion
from bot.domain.history import HistoryItem, Writer
from bot.domain.history.sightings import Noted
from bot.domain.ports import Pay
from bot.endpoints import Endpoint as Settled
from bot.learning.duplicates import Place
from bot.learning.index import Entry, MemoryIndex, matches
from bot.learning.likeness import Profile, profile, statistics
from bot.learning.terms import terms
from bot.learning.training.latent import learn
from bot.runtime.building import ANALYSIS, build, learned_from, profile_pending, replayed
from bot.runtime.embedding import Budget, Embedding
from bot.runtime.relating import Query, Relating, relation
from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.store.backfills import Backfills
from bot.store.database import Pool, migrate, open_pool
from bot.store.embedded import EmbeddedPostgres
from bot.store.embeddings import Embeddings
from bot.store.feedback import Feedbacks
from bot.store.generations import Due, Generations
from bot.store.history import History
from bot.store.limits import Limits
from bot.store.profiles import Profiles, Text, entry_id, item_number
from bot.store.threads import Threads
from tests.integration.test_events import bodies, seen
from tests.support.assistant import REPOSITORY, Assistant, running
from tests.support.history import Quiet

THINGS: Final = ("gauge", "harbour", "zone", "legend", "export", "buoy", "mooring", "calendar", "printer")
FAULTS: Final = ("is drawn upside down", "loses its colour", "cannot be renamed", "is missing on Windows")
TITLE: Final = "Crash when the tide table has an empty last row"
BODY: Final = "Reading a tide table whose last row is empty stops with `IndexError: row out of range` in read_table."
LOGIN: Final = ("Organisation token: 403 at login", "The login with the token of our organisation fails with 403.")
ATTACK: Final = ("Remote code execution", "An attacker can exploit this vulnerability.")
_IDS: Final = itertools.count(1)
BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)
TEXTS: Final = tuple((f"The {thing} {fault}", f"Since today {thing} {fault}.") for thing in THINGS for fault in FAULTS)


@contextlib.contextmanager
def earlier(sandbox: Sandbox, hours: int) -> Iterator[None]:
    sandbox.clock_offset -= timedelta(hours=hours)
    try:
        yield
    finally:
        sandbox.clock_offset += timedelta(hours=hours)


class Past:
    """A closed and fixed issue, a chain of duplicates, a pull request, and 36 issues that are about other things."""

    def __init__(self, sandbox: Sandbox) -> None:
        with earlier(sandbox, 48):
            for text in TEXTS:
                sandbox.open_issue(REPOSITORY, "jonas", *text)
            self.fixed = self._issue(sandbox, "IndexError for an empty last row of the tide table", BODY)
            self.original = self._issue(sandbox, "Login with a token of an organisation fails", "It says 403.")
            self.middle = self._issue(sandbox, "Organisation token is refused at login", "The login says 403.")
            self.last = self._issue(sandbox, *LOGIN)
            self.pull = sandbox.open_pull(
                REPOSITORY, "aiko", "Skip an empty last row of the tide table", BODY, files={"a.py": "1\n"}
            ).number
        with earlier(sandbox, 24):
            sandbox.close(REPOSITORY, self.fixed, "mira", "completed")
            sandbox.mark_duplicate(REPOSITORY, self.middle, "mira", self.original)
            sandbox.mark_duplicate(REPOSITORY, self.last, "mira", self.middle)

    def _issue(self, sandbox: Sandbox, title: str, body: str) -> int:
        return sandbox.open_issue(REPOSITORY, "aiko", title, body).number


async def opened(assistant: Assistant, title: str, body: str) -> int:
    number = assistant.sandbox.open_issue(REPOSITORY, "jonas", title, body).number
    await assistant.settled()
    return number


def listed(assistant: Assistant, number: int) -> set[str]:
    """The related threads in our comment there."""
    body = bodies(seen(assistant, number))[0]
    return {line for line in body.split("\n") if line.startswith("- #")}


async def count(pool: Pool, table: str) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute(f"SELECT count(*) FROM assistant.{table}".encode())).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_new_report_gets_what_is_near_and_people_take_it_back(sandbox: Sandbox, settings: Settings) -> None:
    past = Past(sandbox)
    async with running(sandbox, settings) as assistant:
        await assistant.settled()
        before = await opened(assistant, TITLE, BODY)
        assert bodies(seen(assistant, before)) == []
        sandbox.close(REPOSITORY, before, "jonas")
        await upkeep.backfill(settings, REPOSITORY, Quiet())
        while await assistant.service.profiling.turn():
            pass
        first = await opened(assistant, f"{TITLE} again", BODY)
        assert listed(assistant, first) == {
            f"- #{past.fixed} (closed as done)",
            f"- #{past.pull} (pull request, open)",
            f"- #{before} (closed as done)",
        }
        for said in ("abc", "v2", "#999", f"#{past.pull}"):
            sandbox.comment(REPOSITORY, first, "jonas", f"/not-duplicate {said}")
        edited = sandbox.comment(REPOSITORY, first, "jonas", "Thanks")
        await assistant.settled()
        struck = listed(assistant, first)
        assert struck == {f"- #{past.fixed} (closed as done)", f"- #{before} (closed as done)"}
        sandbox.edit_comment(edited.id, "jonas", "/not-duplicate")
        sandbox.edit_issue(REPOSITORY, first, "jonas", body=f"{BODY} Always.")
        await assistant.settled()
        assert listed(assistant, first) == struck
        second = await opened(assistant, "Login says 403", LOGIN[1])
        assert listed(assistant, second) == {f"- #{past.original} (open)"}
        assert bodies(seen(assistant, await opened(assistant, "Sails", "Which colours may flags have?"))) == []
        sandbox.comment(REPOSITORY, first, "jonas", "/not-duplicate")
        sandbox.comment(REPOSITORY, second, "stranger", "/not-duplicate")
        await assistant.settled()
        assert "No related threads" in bodies(seen(assistant, first))[0]
        assert listed(assistant, second)
        sandbox.edit_issue(REPOSITORY, first, "jonas", body=f"{BODY} It is still so.")
        sandbox.edit_issue(REPOSITORY, second, "jonas", title="Flags", body="Which colours may they have?")
        await assistant.settled()
        assert listed(assistant, first) == listed(assistant, second) == set()
        assert sandbox.unknown_requests == []
        await assistant.service.profiling.turn()
    await forget(settings, repository=REPOSITORY, user=None)
    async with open_pool(settings.database_url or "", size=1) as pool:
        for table in ("profiling", "profiles", "postings", "frequencies"):
            assert await count(pool, table) == 0


def item(number: int, title: str, body: str, **changes: Any) -> HistoryItem:
    at = BEGIN + timedelta(minutes=number)
    made = HistoryItem(
        number=number, is_pull=False, title=title, body=body, state="open", state_reason="", association="NONE",
        writer=Writer.PERSON, author="", labels=(), comments=0, created_at=at, updated_at=at, closed_at=None,
    )  # fmt: skip
    return replace(made, **changes)


class Learned:
    """A repository of 36 items, or with others after them, in the database."""

    def __init__(self, pool: Pool) -> None:
        self.id = next(_IDS)
        self.pool = pool
        self.profiles = Profiles(pool)
        self.generations = Generations(pool)
        self.history = History(pool)
        self.relating = Relating(self.profiles, self.history, Embedding(None, Embeddings(pool), ""))

    async def store(self, *more: HistoryItem) -> None:
        await Backfills(self.pool).name(self.id, f"octo/{self.id}")
        await self.history.store(self.id, [*(item(at, *text) for at, text in enumerate(TEXTS, 1)), *more], ())

    async def build(self, *more: HistoryItem) -> int:
        await self.store(*more)
        due = await self.due()
        assert due is not None
        return await build(self.generations, self.profiles, self.history, due, learn)

    async def due(self) -> Due | None:
        return await self.generations.next_due(ANALYSIS, 1, repository=self.id)

    async def rows(self, table: str) -> int:
        return await count(self.pool, f"{table} WHERE repository_id = {self.id}")

    async def look_up(self, title: str, body: str = "", *, number: int = 1_000) -> Query:
        found = await self.relating.look_up(self.id, Text(number, title, body), is_pull=False, private=False)
        assert found is not None
        return found

    async def best(self, title: str) -> int:
        return item_number((await self.look_up(title)).found[0].id)


@pytest.fixture(scope="module")
def shared_url(postgres: EmbeddedPostgres) -> str:
    """A migrated database for all repositories of this module."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_profiles")
    url = postgres.url.replace("@/postgres?", "@/test_profiles?")
    asyncio.run(migrate(url))
    return url


@pytest.fixture
async def learned(shared_url: str) -> AsyncIterator[Learned]:
    async with open_pool(shared_url, size=4) as pool:
        yield Learned(pool)


async def test_the_database_finds_what_the_index_in_memory_finds(learned: Learned) -> None:
    """`eval duplicates` judges the one, and the service uses the other."""
    assert await learned.build() == len(TEXTS)
    assert await learned.due() is None
    found = [terms(*text) for text in TEXTS]
    known = statistics(found)
    latent = learn([profile(one, known) for one in found]) or ()
    index = MemoryIndex()
    for at, one in enumerate(found, 1):
        index.add(Entry(entry_id(at), profile(one, known, latent)))
    for title, body in (*TEXTS[::7], ("The printer is drawn without colour", "Since the update.")):
        stored = await learned.look_up(title, body)
        asked: Profile = profile(terms(title, body), known, latent)
        wanted = {one.id: one.likeness.score for one in matches(Entry("", asked), index)}
        assert wanted
        assert {one.id: one.likeness.score for one in stored.found} == pytest.approx(wanted, abs=1e-5)


async def test_only_older_items_are_found(learned: Learned) -> None:
    await learned.build()
    found = (await learned.look_up(*TEXTS[10], number=11)).found
    assert found
    assert all(item_number(one.id) < 11 for one in found)


async def test_what_is_edited_is_found_by_its_new_text_and_what_is_gone_not_at_all(learned: Learned) -> None:
    await learned.build(item(40, "Xylophone plays no sound", ""), item(41, "Zeppelin", ""))
    assert await learned.best("xylophone") == 40
    later = BEGIN + timedelta(days=1)
    await learned.history.note(learned.id, Noted(item(40, "Quartz clock", "", updated_at=later)))
    await learned.history.note(learned.id, Noted(item(41, "Zeppelin", "", updated_at=later), gone=True))
    assert await profile_pending(learned.profiles, learned.id, 1, 10) == 1
    assert await learned.best("quartz") == 40
    assert (await learned.look_up("xylophone zeppelin")).found == ()
    assert await learned.rows("profiles") == len(TEXTS) + 1


async def test_a_person_s_items_are_forgotten_with_their_profiles(learned: Learned) -> None:
    digest = await learned.history.digest()
    await learned.build(item(40, "Xylophone plays no sound", "", author=digest("Ada")))
    posted = await learned.rows("postings")
    assert await learned.history.forget_author("ada") == 1
    assert (await learned.look_up("xylophone")).found == ()
    assert await learned.rows("profiles") == len(TEXTS)
    assert await learned.rows("postings") == posted - 4


async def test_nothing_is_kept_of_a_text_that_changed_meanwhile(learned: Learned) -> None:
    await learned.build()
    query = await learned.look_up("Xylophone", "", number=40)
    await learned.history.store(learned.id, [item(40, "Quartz clock", "")], ())
    await learned.relating.keep(learned.id, query)
    assert await learned.rows("profiles") == len(TEXTS)
    await learned.relating.keep(learned.id, await learned.look_up("Quartz clock", "", number=40))
    assert await learned.best("quartz") == 40


async def test_a_third_more_is_learned_from_again(learned: Learned) -> None:
    await learned.build()
    more = [item(40 + at, f"Number {at} is odd", "") for at in range(len(TEXTS) // 3)]
    assert await learned.build(*more) == len(TEXTS) + len(more)
    known = await learned.profiles.known(learned.id, terms("", ""))
    assert known is not None
    assert (known.generation, known.statistics.reports) == (2, len(TEXTS) + len(more))


async def test_marked_duplicates_earn_a_bar_and_a_claim(learned: Learned) -> None:
    twins = [
        item(40 + at, f"Crash of {THINGS[at // 2 % 9]}{at // 2}x", f"{THINGS[at // 2 % 9]}{at // 2}x_run fails.",
             duplicate_of=39 + at if at % 2 else None)
        for at in range(60)
    ]  # fmt: skip
    await learned.build(*twins)
    query = await learned.look_up(twins[0].title, twins[0].body)
    assert query.bar is not None
    assert await learned.due() is None


CLAIMS: Final = {
    "still open": (
        LOGIN, "This looks like the same issue as #41 (open). If so, what is new here helps most in a comment there.",
    ),
    "closed as done": (
        (TITLE, BODY),
        "This may be a regression: it reads like #40 (closed as done). "
        "If so, the version in which it works helps most.",
    ),
}  # fmt: skip
"""What is reported, and what is said of it above the bar; below it, both are only listed."""


async def test_a_duplicate_is_claimed_above_the_bar_that_was_earned_and_only_listed_below_it(
    assistant: Assistant,
) -> None:
    repository = assistant.sandbox.state.repository(REPOSITORY)
    repository.next_number = 50
    learned = Learned(assistant.service.pool)
    learned.id = repository.id
    fixed = item(
        40, "IndexError for an empty last row of the tide table", BODY, state="closed", state_reason="completed"
    )
    middle = item(42, "Organisation token is refused at login", "The login says 403.", duplicate_of=41)
    await learned.build(fixed, item(41, "Login with a token of an organisation fails", "It says 403."), middle)
    for text, claim in CLAIMS.values():
        needed = await strength_of(learned, *text)
        await learned.generations.keep_bar(learned.id, needed + 0.01, 20)
        number = await opened(assistant, *text)
        original = claim.split(" (")[0].split("#")[1]
        assert any(line.startswith(f"- #{original} (") for line in listed(assistant, number))
        assert "A maintainer decides." not in bodies(seen(assistant, number))[0]
        await learned.generations.keep_bar(learned.id, needed - 0.01, 20)
        assistant.sandbox.edit_issue(REPOSITORY, number, "jonas", body=f"{text[1]}!")
        await assistant.settled()
        (body,) = bodies(seen(assistant, number))
        assert f"{claim} A maintainer decides." in body
        assert not any(line.startswith(f"- #{original} (") for line in listed(assistant, number))


async def strength_of(learned: Learned, title: str, body: str) -> float:
    """How much the best match of a new report stands out, as it is compared with the bar."""
    query = await learned.look_up(title, body)
    known = await learned.history.families(learned.id, [item_number(one.id) for one in query.found])
    found = relation(replace(query, bar=0.0), Place(BEGIN.timestamp() + 10**9, entry_id(1_000)), known).original
    assert found is not None
    return found.strength


async def test_a_repository_that_somebody_works_on_is_left_to_them(learned: Learned) -> None:
    await learned.store()
    async with learned.generations.alone(learned.id) as mine, learned.generations.alone(learned.id) as also_mine:
        assert (mine, also_mine) == (True, False)
        others = await learned.generations.next_due(ANALYSIS, 1)
        assert others is None or others.repository != learned.id
        assert await learned.due() is not None
    assert await learned.generations.next_due(ANALYSIS, 1) == await learned.due()


async def test_nothing_is_learned_of_a_repository_that_was_forgotten_meanwhile(learned: Learned) -> None:
    await learned.build()
    due = Due(learned.id, 1, ANALYSIS, 36, 0, 0, 36, 0)
    knowledge = await learned_from(learned.profiles, due, learn)
    await Threads(learned.pool).forget_repository(learned.id)
    assert await learned.generations.learn(learned.id, 1, knowledge) is False
    assert await learned.rows("frequencies") == await learned.rows("profiling") == 0


async def test_a_repository_that_was_forgotten_meanwhile_is_not_remembered_as_a_failure(learned: Learned) -> None:
    await learned.store()
    await learned.generations.postpone(learned.id, 30)
    assert await learned.rows("profiling") == 1
    assert await learned.due() is None
    await Threads(learned.pool).forget_repository(learned.id)
    await learned.generations.postpone(learned.id, 30)
    assert await learned.rows("profiling") == 0


async def test_the_appraisal_judges_what_the_bar_rests_on(learned: Learned) -> None:
    twins = [item(40 + at, "Crash", "It crashes.", duplicate_of=40 if at else None) for at in range(3)]
    await learned.store(*twins, item(50, "Crash", "", is_pull=True, duplicate_of=40), item(51, *ATTACK))
    note = Feedback(40, "triage", "bug", Opinion.WRONG, "digest", "comment:1", BEGIN)
    asked = replace(note, capability=LABELS, subject="question", opinion=Opinion.RIGHT)
    other = replace(note, capability="duplicates", subject="41")
    await Feedbacks(learned.pool).note(learned.id, [note, asked, other])
    known = await stored(learned.pool, f"octo/{learned.id}")
    assert known.said == {40: [note, asked]}
    live, _ = await replayed(learned.history, learned.id)
    figures = duplicates_once_more([one for one, _ in known.past], lambda *_: None)
    assert figures is not None
    assert figures["reports"] == len(live) == len(TEXTS) + len(twins)
    assert figures["queries"] == 2


async def test_what_looks_like_a_vulnerability_is_neither_indexed_nor_shown_to_an_endpoint(learned: Learned) -> None:
    endpoint = Endpoint()
    embedding = Embedding(endpoint, Embeddings(learned.pool), "attacks")
    assert await Embeddings(learned.pool).available()
    assert await learned.build(item(40, *ATTACK)) == len(TEXTS) + 1
    assert await learned.due() is None
    while await embedding.turn(learned.id, private=False):
        pass
    assert len(endpoint.texts) == await learned.rows("profiles") == await learned.rows("embeddings") == len(TEXTS)
    assert not any(ATTACK[0] in one for one in endpoint.texts)
    await learned.history.note(learned.id, Noted(item(1, *ATTACK, updated_at=BEGIN + timedelta(days=1))))
    assert await profile_pending(learned.profiles, learned.id, 1, 10) == 1
    assert await profile_pending(learned.profiles, learned.id, 1, 10) == 0
    assert await learned.rows("profiles") == await learned.rows("embeddings") == len(TEXTS) - 1
    assert await embedding.turn(learned.id, private=False) == 0
    assert (await learned.look_up(*ATTACK)).found == ()


class Refusing:
    """An endpoint that is not allowed a private repository's text."""

    async def embed(self, texts: Any, *, private: bool, pay: Pay | None = None) -> list[tuple[float, ...]] | None:
        return None


async def test_a_repository_that_an_endpoint_must_not_see_does_not_keep_the_others_back(learned: Learned) -> None:
    other = Learned(learned.pool)
    await learned.build()
    await other.build()
    embedding = Embedding(Refusing(), Embeddings(learned.pool), "nothing")
    met = set()
    while (wanted := await embedding.next()) is not None and wanted.repository not in met:
        met.add(wanted.repository)
        assert await embedding.turn(wanted.repository, private=True) == 0
    assert met >= {learned.id, other.id}


class Endpoint:
    """Vectors of two numbers: whether a text is about water, and that it is a text."""

    def __init__(self) -> None:
        self.private: list[bool] = []
        self.texts: list[str] = []

    async def embed(self, texts: Any, *, private: bool, pay: Pay | None = None) -> list[tuple[float, ...]] | None:
        self.texts += texts
        self.private.append(private)
        return [(0.8, 0.6) if "tide" in one or "flood" in one else (0.0, 1.0) for one in texts]


async def test_an_endpoint_s_vectors_are_kept_in_pgvector_and_compared(learned: Learned) -> None:
    endpoint = Endpoint()
    embedding = Embedding(endpoint, Embeddings(learned.pool), "water")
    await learned.build(item(40, "The tide of the gauge", ""))
    while await embedding.turn(learned.id, private=True):
        pass
    assert await Embeddings(learned.pool).pending(learned.id, "water", 1) == []
    assert await learned.rows("embeddings") == len(TEXTS) + 1
    learned.relating = Relating(learned.profiles, learned.history, embedding)
    query = await learned.look_up("The flood of the gauge")
    dense = {item_number(one.id): one.likeness.parts["dense"] for one in query.found}
    assert dense[40] == pytest.approx(1)
    assert dense[1] == pytest.approx(0.6)
    assert endpoint.private == [True, True, False]
    await learned.history.store(learned.id, [item(40, "Quartz", "", updated_at=BEGIN + timedelta(days=1))], ())
    await profile_pending(learned.profiles, learned.id, 1, 10)
    assert await learned.rows("embeddings") == len(TEXTS)


async def test_over_budget_the_learned_vectors_are_compared_and_that_is_said(learned: Learned) -> None:
    endpoint = Endpoint()
    limits = Limits(learned.pool)
    budget = Budget(limits, Settled("", "", "water", price_in=1.0), 10**6, money_per_day=1)
    embedding = Embedding(endpoint, Embeddings(learned.pool), "water", budget=budget)
    await learned.build()
    latent = await learned.look_up(*TEXTS[10])
    learned.relating = Relating(learned.profiles, learned.history, embedding)
    assert (await learned.look_up(*TEXTS[10])).note == ""
    assert await limits.spend(f"money:{learned.id}", 1, 10)
    asked = len(endpoint.texts)
    assert await embedding.turn(learned.id, private=False) == 0
    query = await learned.look_up(*TEXTS[10])
    assert query.note == "no vectors were asked for: this repository's money for today is used up"
    assert query.found == latent.found
    assert len(endpoint.texts) == asked == 1
