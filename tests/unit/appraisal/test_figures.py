"""What is said about a rehearsal, by hand-counted cases."""

from dataclasses import replace

from bot.appraisal.figures import bins, figures
from bot.appraisal.rehearsal import Rehearsal, Rehearsed
from bot.capabilities.triage.kinds import Kind
from bot.domain.learned import Guess, Measure
from bot.domain.plan import ModelRequest

BUG, WISH, QUESTION = Kind.BUG, Kind.ENHANCEMENT, Kind.QUESTION


def issue(number: int, truth: Kind, said: Kind | None, chance: float = 0.5, method: str = "rules 1") -> Rehearsed:
    label = str(said or "")
    return Rehearsed(number, truth, label, said, Guess(truth, chance), method if said else "")


def of(*issues: Rehearsed) -> Rehearsal:
    return Rehearsal(issues, 10, {"bug": Measure(0.85, 9, 10)}, {}, ("type: bug",))


def test_precision_recall_and_abstention_are_counted_by_label() -> None:
    found = figures(
        of(issue(1, BUG, BUG), issue(2, BUG, None), issue(3, WISH, BUG), issue(4, WISH, WISH), issue(5, QUESTION, None))
    )
    by_label = {one.label: one for one in found.labels}
    bug, question = by_label["bug"], by_label["question"]
    assert (bug.set, bug.right, bug.wanted, bug.precision, bug.recall) == (2, 1, 2, 0.5, 0.5)
    assert bug.precision_interval[0] < 0.5 < bug.precision_interval[1]
    assert (question.set, question.precision, question.recall) == (0, None, 0.0)
    assert (bug.abstained, question.abstained, by_label["enhancement"].abstained) == (1, 1, 0)
    assert (found.issues, found.abstained) == (5, 2)
    assert found.confusion == {
        "bug": {"bug": 1, "nothing": 1}, "enhancement": {"bug": 1, "enhancement": 1}, "question": {"nothing": 1}
    }  # fmt: skip


def test_areas_are_counted_by_what_people_gave() -> None:
    def named(number: int, areas: tuple[str, ...], in_areas: tuple[str, ...]) -> Rehearsed:
        return replace(issue(number, BUG, None), areas=areas, in_areas=in_areas)

    measure = Measure(0.7, 9, 9, earned=True, standing="9 of 9 were right: enough to count on 90%")
    issues = (named(1, ("area: map",), ("area: map",)), named(2, ("area: map",), ()), named(3, (), ("area: map",)))
    found = figures(replace(of(*issues), areas={"area: map": measure, "area: rare": Measure()}))
    known, rare = found.areas
    assert (known.label, known.named, known.right, known.wanted, known.precision, known.recall) == (
        "area: map", 2, 1, 2, 0.5, 0.5,
    )  # fmt: skip
    assert (known.threshold, known.earned, known.reason) == (0.7, True, measure.standing)
    assert (rare.precision, rare.recall, rare.earned) == (None, None, False)
    assert found.plain()["areas"][0]["label"] == "area: map"


def test_what_mode_earned_would_have_set_is_counted_by_what_was_known_then() -> None:
    both = frozenset({"area: map", "bug"})
    right = replace(issue(1, BUG, BUG), in_areas=("area: map",), earned=both)
    found = figures(of(right, replace(issue(2, WISH, BUG), earned=both), issue(3, BUG, BUG)))
    assert (found.earned_set, found.earned_right) == (4, 2)


def test_of_an_issue_that_was_opened_with_a_kind_only_areas_count() -> None:
    given = replace(issue(2, BUG, None), given=True, areas=("area: map",), in_areas=("area: map",))
    found = figures(replace(of(issue(1, BUG, BUG), given), areas={"area: map": Measure()}))
    assert (found.issues, found.given, found.abstained, found.areas[0].right) == (1, 1, 0, 1)
    assert (found.labels[0].wanted, found.confusion) == (1, {"bug": {"bug": 1}})


def test_who_decided_is_counted() -> None:
    learned, asked = "learned, version 3", "model m, prompt triage 1"
    found = figures(of(issue(1, BUG, BUG), issue(2, BUG, BUG, method=learned), issue(3, BUG, BUG, method=asked)))
    assert found.by_method == {"rules": 1, "learned": 1, "model": 1}


def test_bins_hold_their_own_issues_only() -> None:
    first, last = bins([(0.05, False), (0.95, True), (1.0, False)])
    assert (first.low, first.count, first.right) == (0.0, 1, 0.0)
    assert (last.high, last.count, last.right) == (1.0, 2, 0.5)
    assert abs(last.probability - 0.975) < 1e-9


def test_tokens_are_estimated_or_measured() -> None:
    request = ModelRequest("triage", {})
    asked = Rehearsed(7, BUG, "", None, None, "", request, tokens=40)
    assert (figures(of(asked)).tokens, figures(of(asked)).tokens_measured) == (40, True)
    guessed = figures(of(asked, issue(8, BUG, BUG)), tokens={7: 300, 8: 9})
    assert (guessed.asked, guessed.tokens, guessed.tokens_measured) == (1, 300, False)


def test_a_model_s_silence_is_counted_with_its_reason_and_its_tokens() -> None:
    request = ModelRequest("triage", {})
    away = Rehearsed(7, BUG, "", None, None, "", request, tokens=12, silence="no model could be reached")
    found = figures(of(away, Rehearsed(8, BUG, "", None, None, "", request, tokens=40), issue(9, BUG, BUG)))
    assert (found.asked, found.tokens, found.silences) == (2, 52, {"no model could be reached": 1})


def test_without_any_guess_there_is_no_calibration() -> None:
    found = figures(of(Rehearsed(1, BUG, "bug", BUG, None, "rules 1")))
    assert (found.calibration, found.calibration_error) == ((), None)
    assert found.earned["bug by the rules"]["count"] == 10
    assert found.plain()["not_allowed"] == ("type: bug",)
