"""From what was found to what may be said: older, of the same kind, the original, and nothing that is sensitive."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.history.values import HistoryItem, Writer
from bot.domain.related import Relation
from bot.learning.duplicates import Place
from bot.learning.index import Match
from bot.learning.likeness import ASPECTS, Likeness, Profile
from bot.learning.stored import FetchedIndex, StoredEntry, pack
from bot.runtime.relating import Query, Relating, relation
from bot.store.profiles import Text, entry_id
from tests.unit.capabilities.build import comment, commented, facts

BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)
EMPTY: Final = Profile({aspect: {} for aspect in ASPECTS})
ATTACK: Final = ("Remote code execution", "An attacker can exploit this vulnerability.")
NOTHING: Final = cast(Any, None)


def item(number: int, *, of: int | None = None, pull: bool = False, text: tuple[str, str] = ("", "")) -> HistoryItem:
    at = BEGIN + timedelta(minutes=number)
    return HistoryItem(
        number=number, is_pull=pull, title=text[0], body=text[1], state="open", state_reason="", association="NONE",
        writer=Writer.PERSON, author="", labels=(), comments=0, created_at=at, updated_at=at, closed_at=None,
        duplicate_of=of,
    )  # fmt: skip


def query(
    number: int, scores: Mapping[int, float], *, pulls: frozenset[int] = frozenset(), bar: float | None = 0.1
) -> Query:
    index = FetchedIndex(tuple(StoredEntry(entry_id(one), one in pulls, pack(EMPTY)) for one in scores))
    found = tuple(
        Match(entry_id(one), Likeness(score, {})) for one, score in sorted(scores.items(), key=lambda one: -one[1])
    )
    return Query(Text(number, "", ""), number in pulls, EMPTY, EMPTY, 1, bar, index, found)


def place(number: int) -> Place:
    return Place((BEGIN + timedelta(minutes=number)).timestamp(), entry_id(number))


def said(asked: Query, known: Sequence[HistoryItem], **more: Any) -> Relation:
    return relation(asked, place(asked.text.number), known, **more)


def original(found: Relation) -> int | None:
    return found.original.item.number if found.original else None


def near(found: Relation) -> list[int]:
    return [one.number for one in found.near]


def test_what_was_not_asked_for_is_told() -> None:
    assert said(replace(query(9, {4: 0.8}), note="no vectors"), (item(4),)).note == "no vectors"


CHAIN: Final = (item(1), item(2, of=1), item(3, of=2), item(4))


def test_of_several_duplicates_the_original_stands_for_all() -> None:
    found = said(query(9, {3: 0.8, 2: 0.7, 4: 0.6}), CHAIN)
    assert near(found) == [1, 4]
    assert original(found) == 1
    assert found.near[0].score == 0.8


@pytest.mark.parametrize(
    ("asked", "known", "wanted"),
    [
        (query(9, {4: 0.8}), CHAIN, 4),
        (query(9, {4: 0.8}, bar=None), CHAIN, None),
        (query(9, {4: 0.8}, bar=2.0), CHAIN, None),
        (query(9, {4: 0.8}, pulls=frozenset({4})), (item(4, pull=True),), None),
        (query(9, {4: 0.8}, pulls=frozenset({4, 9})), (item(4, pull=True),), 4),
        (query(9, {4: 0.8}, pulls=frozenset({1})), (item(1, pull=True), item(4, of=1)), 4),
        (query(9, {4: 0.8}, pulls=frozenset({1, 9})), (item(1, pull=True), item(4, of=1)), None),
        (query(9, {4: 0.8}), (item(1, text=ATTACK), item(4, of=1)), 4),
        (query(9, {4: 0.8}), (item(1, of=3), item(3, text=ATTACK), item(4, of=3)), 1),
        (query(9, {4: 0.8}), (item(4, text=ATTACK),), None),
        (query(9, {4: 0.8}), (), None),
        (query(2, {3: 0.8}), (item(2), item(3)), None),
    ],
    ids=[
        "above the bar", "no bar", "below it", "an issue and a pull request", "two pull requests",
        "a duplicate of a pull request", "an issue and a pull request's duplicate", "a duplicate of a vulnerability",
        "two duplicates of a vulnerability", "a vulnerability", "not known", "newer",
    ],
)  # fmt: skip
def test_what_is_called_the_original(asked: Query, known: Sequence[HistoryItem], wanted: int | None) -> None:
    assert original(said(asked, known)) == wanted


def test_what_looks_like_a_vulnerability_is_not_listed() -> None:
    assert near(said(query(9, {4: 0.8, 1: 0.7}), (item(4, text=ATTACK), item(1)))) == [1]


@pytest.mark.parametrize(
    ("pair", "wanted"), [((9, 4), [1]), ((4, 9), [1]), ((8, 4), [4, 1]), ((9, None), [])],
    ids=["this one", "the other way", "another one's", "all"],
)  # fmt: skip
def test_what_people_said_is_no_duplicate_is_not_listed(pair: tuple[int, int | None], wanted: list[int]) -> None:
    found = said(query(9, {4: 0.8, 1: 0.7}), CHAIN, rejected=frozenset({pair}))
    assert near(found) == wanted


def test_an_original_that_people_struck_is_not_listed_for_its_duplicates_either() -> None:
    found = said(query(9, {3: 0.8, 4: 0.7}), CHAIN, rejected=frozenset({(9, 1)}))
    assert near(found) == [4]
    assert original(found) is None


def test_nor_where_the_one_that_they_struck_is_a_pull_request() -> None:
    known = (item(1, pull=True), item(4, of=1))
    assert near(said(query(9, {4: 0.8}), known)) == [4]
    assert said(query(9, {4: 0.8}), known, rejected=frozenset({(9, 1)})) == Relation()


def test_what_people_have_linked_already_needs_no_word() -> None:
    found = said(query(9, {3: 0.8, 4: 0.7}), (*CHAIN, item(9, of=2)))
    assert near(found) == [4]
    assert original(found) == 4


# what was found, which of these are pull requests, what people linked, and what is listed
LISTED: Final[dict[str, tuple[Query, Sequence[HistoryItem], list[int]]]] = {
    "an issue for the pull requests that people linked to it": (
        query(9, {4: 0.8}, pulls=frozenset({4})), (item(1), item(4, of=1, pull=True)), [1],
    ),
    "a pull request of no issue": (query(9, {4: 0.8}, pulls=frozenset({4})), (item(4, pull=True),), [4]),
    "an issue whose original is a pull request": (query(9, {4: 0.8}), (item(1, pull=True), item(4, of=1)), [4]),
    "an issue whose original is a vulnerability": (query(9, {4: 0.8}), (item(1, text=ATTACK), item(4, of=1)), [4]),
    "for a pull request, one issue for its duplicates": (
        query(9, {3: 0.8, 2: 0.7, 4: 0.6}, pulls=frozenset({9})), CHAIN, [1, 4],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "known", "wanted"), LISTED.values(), ids=LISTED)
def test_who_stands_for_a_family(asked: Query, known: Sequence[HistoryItem], wanted: list[int]) -> None:
    assert near(said(asked, known)) == wanted


class Asked:
    """Profiles of a repository that was not learned; counts who asks."""

    times = 0

    async def known(self, _repository: int, _report: object) -> None:
        self.times += 1


async def test_reports_of_vulnerabilities_and_comments_are_not_looked_up() -> None:
    asked = Asked()
    made = Relating(cast(Any, asked), NOTHING, NOTHING)
    secret = facts(title=ATTACK[0], body=ATTACK[1])
    assert await made.find(secret.event, secret.item) == Relation()
    told = commented("Me too", comments=(comment("Me too"),))
    assert await made.find(told.event, told.item) == Relation()
    assert asked.times == 0
    plain = facts(title="It crashes")
    assert (await made.find(plain.event, plain.item)).silence
    assert asked.times == 1


NUMBERS: Final = st.integers(1, 8)


@settings(deadline=None)  # a busy machine is no mistake
@given(
    marks=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12),
    order=st.permutations(range(1, 9)),
    best=st.fixed_dictionaries(dict.fromkeys(range(1, 9), NUMBERS)),
    pulls=st.frozensets(NUMBERS),
)
def test_claims_that_people_believe_never_go_round_in_a_circle(
    marks: list[tuple[int, int]], order: list[int], best: dict[int, int], pulls: frozenset[int]
) -> None:
    """Items are met in any order (edits come late), and each claim is marked as people would mark it."""
    links = {one: other for one, other in marks if one != other}
    claims: dict[int, int] = {}
    for number in order:
        known = [item(one, of=links.get(one), pull=one in pulls) for one in range(1, 9)]
        found = original(said(query(number, {best[number]: 1.0}, pulls=pulls, bar=0.0), known))
        if found is not None:
            assert found < number
            assert (found in pulls) is (number in pulls)
            claims[number] = links[number] = found
    for start in claims:
        here, steps = start, 0
        while here in claims:
            here, steps = claims[here], steps + 1
            assert here != start
            assert steps < 9
