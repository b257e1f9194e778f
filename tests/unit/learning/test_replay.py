"""Replaying a history: only the past is known."""

from collections.abc import Sequence

import pytest

from bot.learning.duplicates import Mark, Place
from bot.learning.judge import duplicates_figures
from bot.learning.latent import Latent
from bot.learning.likeness import Profile
from bot.learning.replay import Outcome, Report, earned_bar, replay
from bot.learning.training.latent import learn

TOPICS = ("export table crash", "dark mode colour", "login token expired", "sorting order date", "printer margin page")


def history(count: int = 40) -> list[Report]:
    """Reports of five topics, each topic every five reports."""
    texts = [(f"{TOPICS[at % 5]} in part {at}", f"The {TOPICS[at % 5]} again, seen {at} times.") for at in range(count)]
    return [Report(Place(float(at), str(at)), *text) for at, text in enumerate(texts)]


def marks(count: int = 40) -> list[Mark]:
    """Each report is marked as the duplicate of the one five before it."""
    return [(str(at), str(at - 5)) for at in range(5, count)]


def twins(count: int) -> list[Report]:
    """Each second report repeats the one before it; otherwise they have little in common."""
    made = []
    for at in range(count):
        word = f"{TOPICS[at // 2 % 5].split()[0]}{at // 2}x"
        made.append(Report(Place(float(at), str(at)), f"Crash of the {word}", f"The {word} crashed: {word}_run."))
    return made


def marks_of_twins(count: int) -> list[Mark]:
    return [(str(at), str(at - 1)) for at in range(1, count, 2)]


def outcomes(reports: Sequence[Report], said: Sequence[Mark] | None = None) -> list[Outcome]:
    return list(replay(reports, marks(len(reports)) if said is None else said, learn))


def test_reports_are_met_oldest_first_and_only_older_ones_are_found() -> None:
    found = outcomes(history()[::-1])
    assert [one.id for one in found] == [str(at) for at in range(40)]
    assert all(int(other.id) < int(one.id) for one in found for other in one.found)
    assert all(one.wanted == ({str(int(one.id) - 5)} if int(one.id) >= 5 else set()) for one in found)


def test_reports_of_the_same_moment_do_not_know_each_other() -> None:
    made = [Report(Place(float(at // 2), str(at)), "The export crashes", "") for at in range(3)]
    first, second, third = outcomes(made, [("1", "0"), ("2", "0"), ("2", "1")])
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
    made = [one for one in outcomes(reports, marks_of_twins(120)) if one.claim]
    times = {one.place.id: one.place for one in reports}
    assert made
    assert all(one.bar is not None for one in made)
    assert all(one.claim.of in one.wanted for one in made if one.claim)
    assert earned_bar(reports, marks_of_twins(120), learn) is not None
    assert earned_bar(reports[:30], marks_of_twins(30), learn) is None
    assert all(times[one.claim.of] < times[one.id] for one in made if one.claim)


def test_dense_vectors_that_reports_bring_are_used_instead_of_learned_ones() -> None:
    def refuse(_: Sequence[Profile]) -> Latent | None:
        raise AssertionError("nothing is to be learned")

    dense = [Report(one.place, one.title, one.body, (1.0, 0.0)) for one in history(20)]
    found = list(replay(dense, marks(20), refuse))
    assert found[-1].found[0].likeness.parts["dense"] == 1


TRIPLETS = 75


def triplets() -> list[Report]:
    """Three reports in a row are the same; otherwise they have little in common."""
    made = []
    for at in range(TRIPLETS):
        word = f"{TOPICS[at // 3 % 5].split()[0]}{at // 3}x"
        made.append(Report(Place(float(at), str(at)), f"Crash of the {word}", f"The {word} crashed: {word}_run."))
    return made


MARKED = {
    "in a chain": [(str(at), str(at - 1)) for at in range(TRIPLETS) if at % 3],
    "of one that is not there": [(str(at), f"gone-{at // 3}") for at in range(TRIPLETS)],
    "of the newest": [(str(at), str(at // 3 * 3 + 2)) for at in range(TRIPLETS)],
    "the other way round": [(str(at - at % 3), str(at)) for at in range(TRIPLETS)],
}


@pytest.mark.parametrize("said", MARKED.values(), ids=MARKED)
def test_claims_and_their_bar_are_judged_by_whole_families(said: list[Mark]) -> None:
    found = outcomes(triplets(), said)
    figures, claims = duplicates_figures(found), [one.claim for one in found if one.claim]
    assert figures["claims"]["right"] == figures["claims"]["made"] == len(claims) > 0
    assert figures["family_queries"] == TRIPLETS * 2 / 3
    assert figures["claim_recall"] == len(claims) / figures["family_queries"]


def test_ranks_are_of_what_was_marked_and_of_the_family() -> None:
    found = outcomes(triplets(), MARKED["in a chain"])
    assert found[-1].claim is not None
    assert found[-1].claim.of == "72"
    assert found[-1].wanted == {"73"}
    assert found[-1].family == {"72", "73"}
    figures = duplicates_figures(found)
    assert figures["family_recall_at_5"] == figures["recall_at_5"] == 1
    assert figures["family_mrr"] == figures["family_recall_at_1"] == 1
    assert figures["recall_at_1"] < 1
    ranked = ("recall_at_1", "recall_at_5", "recall_at_10", "mrr")
    assert set(figures["intervals"]) == {*ranked, *(f"family_{name}" for name in ranked)}


@pytest.mark.parametrize(("joined_at", "original"), [(122.5, "zebra"), (121.5, "margin")], ids=["later", "before"])
def test_two_are_the_same_once_the_one_is_there_that_joins_them(joined_at: float, original: str) -> None:
    made = [
        *twins(60),
        Report(Place(120, "margin"), "The page has no margin", "Printed without one."),
        Report(Place(121, "zebra"), "Crash of the zebra", "The zebra crashed: zebra_run."),
        Report(Place(122, "again"), "Crash of the zebra", "The zebra crashed: zebra_run."),
        Report(Place(joined_at, "joining"), "Nothing like these", "Something else."),
    ]
    joins = [("again", "zebra"), ("joining", "margin"), ("joining", "zebra")]
    (found,) = (one for one in outcomes(made, [*marks_of_twins(60), *joins]) if one.id == "again")
    assert found.claim is not None
    assert found.claim.of == original
    assert found.family == {"margin", "zebra"} | ({"joining"} if joined_at < 122 else set())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_history(count: int) -> None:
    figures = duplicates_figures(outcomes(history(count)))
    assert (figures["queries"], figures["recall_at_5"], figures["claims"]["precision"]) == (0, 0, None)
