"""Replaying a history: only the past is known."""

from collections.abc import Sequence

import pytest

from bot.learning.duplicates import Place
from bot.learning.judge import duplicates_figures
from bot.learning.latent import Latent
from bot.learning.likeness import Profile
from bot.learning.replay import Outcome, Report, earned_bar, replay
from bot.learning.training.latent import learn

TOPICS = ("export table crash", "dark mode colour", "login token expired", "sorting order date", "printer margin page")


def history(count: int = 40) -> list[Report]:
    """Each report is the duplicate of the one five before it."""
    texts = [(f"{TOPICS[at % 5]} in part {at}", f"The {TOPICS[at % 5]} again, seen {at} times.") for at in range(count)]
    relatives = [frozenset(str(one) for one in (at - 5, at + 5) if 0 <= one < count) for at in range(count)]
    places = [Place(float(at), str(at)) for at in range(count)]
    return [Report(place, *text, found) for place, text, found in zip(places, texts, relatives, strict=True)]


def twins(count: int) -> list[Report]:
    """Each second report repeats the one before it; otherwise they have little in common."""
    made = []
    for at in range(count):
        word = f"{TOPICS[at // 2 % 5].split()[0]}{at // 2}x"
        other = frozenset((str(at ^ 1),))
        made.append(
            Report(Place(float(at), str(at)), f"Crash of the {word}", f"The {word} crashed: {word}_run.", other)
        )
    return made


def outcomes(reports: Sequence[Report]) -> list[Outcome]:
    return list(replay(reports, learn))


def test_reports_are_met_oldest_first_and_only_older_ones_are_found() -> None:
    found = outcomes(history()[::-1])
    assert [one.id for one in found] == [str(at) for at in range(40)]
    assert all(int(other.id) < int(one.id) for one in found for other in one.found)
    assert all(one.wanted == ({str(int(one.id) - 5)} if int(one.id) >= 5 else set()) for one in found)


def test_reports_of_the_same_moment_do_not_know_each_other() -> None:
    relatives = [frozenset(("1", "2")), frozenset(("0", "2")), frozenset(("0", "1"))]
    made = [Report(Place(float(at // 2), str(at)), "The export crashes", "", relatives[at]) for at in range(3)]
    first, second, third = outcomes(made)
    assert [(one.found, len(one.wanted)) for one in (first, second)] == [((), 0), ((), 0)]
    assert {one.id for one in third.found} == third.wanted == {"0", "1"}


def test_relatives_are_found_and_counted() -> None:
    figures = duplicates_figures(outcomes(history()))
    assert figures["queries"] == 35
    assert figures["recall_at_10"] == 1
    assert figures["mrr"] <= figures["recall_at_5"] <= figures["recall_at_10"]
    low, high = figures["intervals"]["mrr"]
    assert low <= figures["mrr"] <= high


def test_the_future_changes_nothing() -> None:
    assert outcomes(history())[:20] == outcomes(history()[:20])


def test_the_same_history_has_the_same_outcomes() -> None:
    assert outcomes(history()) == outcomes(history())


def test_claims_name_older_reports_only() -> None:
    reports = twins(120)
    made = [one for one in outcomes(reports) if one.claim]
    times = {one.place.id: one.place for one in reports}
    assert made
    assert all(one.bar is not None for one in made)
    assert all(one.claim.of in one.wanted for one in made if one.claim)
    assert earned_bar(reports, learn) is not None
    assert earned_bar(reports[:30], learn) is None
    assert all(times[one.claim.of] < times[one.id] for one in made if one.claim)


def test_dense_vectors_that_reports_bring_are_used_instead_of_learned_ones() -> None:
    def refuse(_: Sequence[Profile]) -> Latent | None:
        raise AssertionError("nothing is to be learned")

    dense = [Report(one.place, one.title, one.body, one.relatives, (1.0, 0.0)) for one in history(20)]
    found = list(replay(dense, refuse))
    assert found[-1].found[0].likeness.parts["dense"] == 1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_history(count: int) -> None:
    figures = duplicates_figures(outcomes(history(count)))
    assert (figures["queries"], figures["recall_at_5"], figures["claims"]["precision"]) == (0, 0, None)
