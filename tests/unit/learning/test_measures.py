"""The figures, on cases that can be counted by hand."""

import pytest

from bot.learning.measures import (
    bootstrap,
    calibration_error,
    confusion,
    coverage_at,
    f1_scores,
    macro_f1,
    threshold_for,
    wilson,
)


def test_f1_of_each_label_and_their_mean() -> None:
    truth, answers = ["a", "a", "b", "b"], ["a", "b", "b", "c"]
    assert f1_scores(truth, answers) == {"a": pytest.approx(2 / 3), "b": 0.5, "c": 0.0}
    assert macro_f1(truth, answers) == pytest.approx((2 / 3 + 0.5) / 3)
    assert macro_f1([], []) == 0
    assert confusion(truth, answers) == {"a": {"a": 1, "b": 1}, "b": {"b": 1, "c": 1}}


def test_calibration_error_is_the_distance_of_confidence_and_accuracy() -> None:
    assert calibration_error([0.95] * 20, [True] * 19 + [False]) == pytest.approx(0)
    assert calibration_error([0.95] * 10, [False] * 10) == pytest.approx(0.95)
    assert calibration_error([1.0, 0.05], [True, False]) == pytest.approx(0.025)
    assert calibration_error([], []) == 0


def test_coverage_takes_as_many_answers_as_stay_precise() -> None:
    found = coverage_at(0.75, [0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False])
    assert (found.share, found.precision, found.threshold) == (0.8, 0.75, 0.6)
    assert coverage_at(0.95, [0.9], [False]).threshold is None
    assert coverage_at(0.95, [], []).share == 0


def test_ties_are_not_cut_apart() -> None:
    assert coverage_at(1.0, [0.9, 0.9], [True, False]).share == 0
    assert threshold_for(0.9, [0.9] * 60, [True] * 59 + [False]) == 0.9
    assert threshold_for(0.9, [0.9] * 20, [True] * 10 + [False] * 10) is None


def test_a_threshold_needs_more_than_luck() -> None:
    assert threshold_for(0.9, [0.9] * 2, [True] * 2) is None
    assert threshold_for(0.9, [0.9] * 30 + [0.5] * 30, [True] * 30 + [False] * 30) == 0.9


def test_intervals_hold_the_share() -> None:
    found = wilson(9, 10)
    assert found.low == pytest.approx(0.596, abs=0.001)
    assert found.high == pytest.approx(0.982, abs=0.001)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


def test_the_bootstrap_is_the_same_twice_and_narrows() -> None:
    few, many = bootstrap([0.0, 1.0] * 5), bootstrap([0.0, 1.0] * 200)
    assert few == bootstrap([0.0, 1.0] * 5)
    assert few.low < many.low < 0.5 < many.high < few.high
    assert (bootstrap([]).low, bootstrap([]).high) == (0, 1)
