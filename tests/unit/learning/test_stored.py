"""Profiles as bytes: what a query sees of them is what it would see of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.index import Entry, matches
from bot.learning.likeness import ASPECTS, Profile, likeness, profile, statistics
from bot.learning.stored import (
    FetchedIndex,
    StoredEntry,
    names,
    pack,
    pack_numbers,
    term_number,
    unpack,
    unpack_numbers,
)
from bot.learning.terms import terms

TEXTS = st.text(max_size=200)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_the_likeness_is_that_of_the_whole_profiles(title: str, body: str, other: str, more: str) -> None:
    reports = [terms(title, body), terms(other, more), terms("Another", "one")]
    known = statistics(reports)
    one, two = (profile(report, known, (0.6, 0.8)) for report in reports[:2])
    stored = unpack(pack(two), names(one), unpack_numbers(pack_numbers(two.dense)))
    wanted, found = likeness(one, two), likeness(one, stored)
    assert found.parts == pytest.approx(wanted.parts, abs=1e-5)
    assert all(stored.aspects[aspect].keys() <= one.aspects[aspect].keys() for aspect in ASPECTS)


@given(TEXTS)
def test_a_term_s_number_fits_an_integer(term: str) -> None:
    assert -(2**31) <= term_number(term) < 2**31


def test_what_was_fetched_is_an_index() -> None:
    empty = Profile({aspect: {} for aspect in ASPECTS})
    found = FetchedIndex(tuple(StoredEntry(str(at), False, pack(empty)) for at in range(5)))
    assert [one.id for one in found.candidates(empty)] == ["0", "1", "2", "3", "4"]
    assert len(found.candidates(empty, 2)) == 2
    assert {one.id for one in matches(Entry("3", empty), found)} == {"0", "1", "2", "4"}
