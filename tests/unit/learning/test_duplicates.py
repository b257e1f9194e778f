"""Families of duplicates, claims and their bar."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.duplicates import ENOUGH_KNOWN, Families, Place, Seen, calibrate, claim, strength
from bot.learning.index import Match
from bot.learning.likeness import Likeness

IDS = st.sampled_from("abcdefgh")
MARKS = st.lists(st.tuples(IDS, IDS), max_size=20)
TIMES = st.fixed_dictionaries({one: st.integers(0, 4).map(float) for one in "abcdefgh"})


def match(name: str, score: float) -> Match:
    return Match(name, Likeness(score, {}))


def families(times: dict[str, float], marks: Sequence[tuple[str, str]] = ()) -> Families:
    made = Families({name: Place(created, name) for name, created in times.items()})
    for one in marks:
        made.mark(*one)
    return made


ORDER = {"old": 1.0, "middle": 2.0, "new": 3.0}


@pytest.mark.parametrize(
    ("marks", "report", "canonical"),
    [
        ((), "old", "old"),
        ((("middle", "old"),), "middle", "old"),
        ((("old", "middle"),), "old", "middle"),
        ((("old", "middle"), ("middle", "old")), "middle", "old"),
        ((("middle", "middle"),), "middle", "middle"),
        ((("middle", "unknown"), ("unknown", "old")), "middle", "old"),
        ((), "new", None),
    ],
    ids=["alone", "a duplicate", "people chose the newer", "a circle", "of itself", "over an unknown one", "not older"],
)
def test_the_canonical_report(marks: Sequence[tuple[str, str]], report: str, canonical: str | None) -> None:
    assert families(ORDER, marks).canonical(report, Place(3.0, "new")) == canonical


@given(times=TIMES, marks=MARKS, best=IDS, query=IDS)
def test_a_claim_goes_to_an_older_report_only(
    times: dict[str, float], marks: list[tuple[str, str]], best: str, query: str
) -> None:
    made = families(times, marks)
    place = Place(times[query], query)
    found = claim(place, [match(best, 1.0)], made, 0.5)
    if found:
        assert found.of != query
        assert Place(times[found.of], found.of) < place
        assert found.of in made.members(best)
    else:
        assert not any(Place(times[one], one) < place for one in made.members(best))


@given(
    times=TIMES,
    marks=MARKS,
    order=st.permutations("abcdefgh"),
    bests=st.fixed_dictionaries(dict.fromkeys("abcdefgh", IDS)),
)
def test_claims_that_become_marks_never_go_round_in_a_circle(
    times: dict[str, float], marks: list[tuple[str, str]], order: list[str], bests: dict[str, str]
) -> None:
    made = families(times, marks)
    claims: dict[str, str] = {}
    for query in order:
        found = claim(Place(times[query], query), [match(bests[query], 1.0)], made, 0.0)
        if found:
            claims[query] = found.of
            made.mark(query, found.of)
    for start in claims:
        at, steps = start, 0
        while at in claims:
            at, steps = claims[at], steps + 1
            assert at != start
            assert steps <= len(claims)


def test_no_claim_below_the_bar_without_a_bar_or_without_a_match() -> None:
    made, place = families(ORDER), Place(3.0, "new")
    found = [match("old", 0.6), match("middle", 0.2)]
    assert claim(place, found, made, 1.0) is not None
    assert claim(place, found, made, 1.01) is None
    assert claim(place, found, made, None) is None
    assert claim(place, [], made, 0.0) is None


def test_relatives_of_the_best_match_are_no_rivals() -> None:
    found = [match("old", 0.6), match("middle", 0.5)]
    assert strength(found, families(ORDER).members) == pytest.approx(0.7)
    assert strength(found, families(ORDER, [("middle", "old")]).members) == pytest.approx(1.2)


def test_a_young_repository_has_no_bar() -> None:
    assert calibrate([]) is None
    assert calibrate([Seen(2.0, True, True)] * (ENOUGH_KNOWN - 1)) is None
    assert calibrate([Seen(2.0, True, True)] * ENOUGH_KNOWN) == 2.0


def test_the_bar_is_where_the_past_was_right() -> None:
    good = [Seen(1.0 + at / 100, right=True, known=True) for at in range(40)]
    bad = [Seen(0.5 + at / 100, right=False, known=False) for at in range(40)]
    bar = calibrate([*bad, *good])
    assert bar is not None
    assert 0.85 <= bar <= 1.0


def test_a_past_that_was_never_right_gives_no_bar() -> None:
    assert calibrate([Seen(1.0, right=False, known=True)] * ENOUGH_KNOWN) is None
