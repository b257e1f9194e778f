"""What is said about a rehearsal, by hand-counted cases."""

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
    assert (found.issues, found.abstained) == (5, 2)
    assert found.confusion == {
        "bug": {"bug": 1, "nothing": 1}, "enhancement": {"bug": 1, "enhancement": 1}, "question": {"nothing": 1}
    }  # fmt: skip


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


def test_without_any_guess_there_is_no_calibration() -> None:
    found = figures(of(Rehearsed(1, BUG, "bug", BUG, None, "rules 1")))
    assert (found.calibration, found.calibration_error) == ((), None)
    assert found.earned["bug by the rules"]["count"] == 10
    assert found.plain()["not_allowed"] == ("type: bug",)
