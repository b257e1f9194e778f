"""Thresholds are chosen from held-back answers, measured on others, and earned and lost by counts alone."""

import json
import zlib
from dataclasses import replace

import pytest

from bot.learning.artefact import MAX_BYTES, Answer, Artefact, bars_of, pack, unpack
from bot.learning.earned import Bar, Measured, Outcomes, Row, choose, outcomes_of, standing
from bot.learning.kinds import KindModel, UnusableModel, predict
from bot.learning.training.kinds import Example
from bot.learning.training.learn import learn


def rows(label: str, *groups: tuple[float, int, int]) -> list[Row]:
    """(probability, right, wrong) groups, mixed so that old and new ones have some of all."""
    made = []
    for probability, right, wrong in groups:
        total = right + wrong
        for at in range(total):
            is_right = at * wrong // total == (at + 1) * wrong // total
            made.append((at / total, Row(label, probability, is_right)))
    return [row for _, row in sorted(made, key=lambda pair: pair[0])]


def test_the_threshold_leaves_the_doubtful_ones_out_and_is_measured_on_others() -> None:
    bars = choose([*rows("bug", (0.95, 60, 0), (0.6, 10, 20)), *rows("question", (0.9, 3, 3))], precision=0.9)
    bug = bars["bug"]
    assert bug.threshold is not None
    assert 0.6 < bug.threshold <= 0.95
    assert bug.measured == Measured(30, 30), "the newer half judges"
    assert 0.9 < bug.measured.low < 1
    assert bug.coverage == pytest.approx(60 / 96)
    assert bug.reached_by(0.95)
    assert not bug.reached_by(0.6)
    assert bars["question"].threshold is None
    assert not bars["question"].reached_by(1.0)


def in_time(*stretches: tuple[float, int, int]) -> list[Row]:
    """(probability, count, every how manyth is wrong; 0: none) stretches, oldest first."""
    return [
        Row("bug", chance, not (nth and at % nth == 0))
        for chance, count, nth in stretches
        for at in range(1, count + 1)
    ]


DRIFT = {
    "always right": (in_time((0.9, 80, 0)), True, Measured(40, 40)),
    "right at first, wrong of late": (in_time((0.9, 60, 0), (0.9, 20, 2)), False, Measured(25, 30)),
    "wrong at first, right of late": (in_time((0.9, 20, 2), (0.9, 160, 0)), True, Measured(45, 45)),
    "wrong only of late, where it was surest": (in_time((0.8, 60, 0), (0.99, 20, 2)), False, Measured(25, 30)),
    "wrong in the newest few": (in_time((0.9, 92, 0), (0.9, 8, 4)), True, Measured(48, 50)),
    "too few to choose from before": (in_time((0.9, 12, 0)), False, Measured(5, 5)),
}


@pytest.mark.parametrize(("said", "earned", "measured"), DRIFT.values(), ids=DRIFT)
def test_older_answers_choose_and_newer_ones_judge(said: list[Row], earned: bool, measured: Measured) -> None:
    bar = choose(said, precision=0.9)["bug"]
    assert bar.measured == measured
    assert standing(bar, Outcomes()).earned is earned


def test_a_threshold_that_the_newest_answers_contradict_is_raised() -> None:
    before = in_time((0.9, 60, 0), (0.7, 60, 12))
    assert choose(before, precision=0.9)["bug"].threshold == 0.7
    later = [*before, *in_time((0.7, 20, 3), (0.9, 20, 0))]
    assert choose(later, precision=0.9)["bug"].threshold == 0.9


def test_a_few_lucky_answers_are_no_threshold() -> None:
    assert choose(rows("bug", (0.99, 4, 0)), precision=0.9)["bug"].threshold is None


def bar(right: int, count: int, wanted: float = 0.9) -> Bar:
    return Bar("bug", wanted, 0.8, Measured(right, count), 0.5)


STANDINGS = {
    "nothing was ever measured": (None, Outcomes(), False),
    "too few to tell": (bar(4, 4), Outcomes(), False),
    "enough, all right": (bar(20, 20), Outcomes(), True),
    "at the stated precision only by luck": (bar(18, 20), Outcomes(), False),
    "many at a little more": (bar(186, 200), Outcomes(), True),
    "a looser precision": (bar(36, 40, 0.8), Outcomes(), True),
    "one correction, nothing kept": (bar(200, 200), Outcomes(0, 1), False),
    "one correction among many kept": (bar(200, 200), Outcomes(12, 1), True),
    "drift: two of ten, whatever the past": (bar(1000, 1000), Outcomes(8, 2), False),
    "kept ones alone earn nothing: another method may have set them": (bar(5, 5), Outcomes(60, 0), False),
    "just enough": (bar(184, 200), Outcomes(), True),
    "just enough, and corrections that tip the scale": (bar(184, 200), Outcomes(17, 3), False),
}


@pytest.mark.parametrize(("measured", "outcomes", "earned"), STANDINGS.values(), ids=STANDINGS)
def test_a_label_is_earned_by_counts(measured: Bar | None, outcomes: Outcomes, earned: bool) -> None:
    found = standing(measured, outcomes)
    assert found.earned is earned
    assert found.reason


def test_what_is_never_sure_enough_today_does_not_act() -> None:
    found = standing(replace(bar(200, 200), threshold=None), Outcomes())
    assert (found.earned, found.reason) == (False, "no confidence is sure enough for 90%")


def test_outcomes_are_counted_by_label() -> None:
    counted = outcomes_of([("bug", True), ("bug", False), ("bug", True), ("docs", True)])
    assert counted == {"bug": Outcomes(2, 1), "docs": Outcomes(1, 0)}


def answers(*groups: tuple[Answer, int]) -> tuple[Answer, ...]:
    return tuple(one for one, count in groups for _ in range(count))


RULED = Answer("bug", "bug", 0.9, "bug", 0.95)
WRONGLY_RULED = Answer("question", "question", 0.9, "bug", 0.95)
WRONGLY_LEARNED = Answer("question", "bug", 0.9, "bug", 0.95)
LEARNED = Answer("bug", "bug", 0.9, "bug", 0.5)
EMPTY = KindModel(("bug", "question"), {}, {}, 1.0, {}, {})


USES = {
    "rules that decide": (answers((RULED, 40), (LEARNED, 40)), Measured(40, 40), {"bug": Measured(20, 20)}),
    "rules that stand back": (
        answers((RULED, 40), (WRONGLY_RULED, 40), (LEARNED, 40)), Measured(40, 80),
        {"bug": Measured(40, 40), "question": Measured(20, 20)}),
    "rules too seldom wrong to stand back": (
        answers((WRONGLY_RULED, 4), (LEARNED, 40)), Measured(0, 4), {"bug": Measured(20, 20)}),
    "what was learned is wrong where the rules stand back": (
        answers((WRONGLY_LEARNED, 40), (LEARNED, 40)), Measured(0, 40), {"bug": Measured(0, 0)}),
}  # fmt: skip


@pytest.mark.parametrize(("given", "rules", "learned"), USES.values(), ids=USES)
def test_what_was_learned_is_measured_where_it_is_used(
    given: tuple[Answer, ...], rules: Measured, learned: dict[str, Measured]
) -> None:
    """That is where the rules leave it open, or stand back because they were measured to fall short."""
    bars = bars_of(Artefact(EMPTY, {"1": given}), "1", precision=0.9, sure=0.85)
    assert bars.rules["bug"].measured == rules
    assert {kind: bar.measured for kind, bar in bars.learned.items()} == learned
    assert (bars.own, bars.answers) == (True, len(given))


def test_a_repository_with_few_answers_is_measured_with_the_others() -> None:
    made = Artefact(EMPTY, {"1": answers((LEARNED, 3)), "2": answers((LEARNED, 100))})
    few = bars_of(made, "1", precision=0.9, sure=0.85)
    assert (few.own, few.answers) == (False, 103)
    assert bars_of(made, "2", precision=0.9, sure=0.85).answers == 100


def test_repositories_that_are_measured_together_are_put_in_order_of_time() -> None:
    """One after the other, the wrong answers would be the older half."""
    wrong = Answer("question", "bug", 0.9, None, 0.0)
    mixed = {
        "1": tuple(replace(wrong, at=2.0 * at) for at in range(40)),
        "2": tuple(replace(LEARNED, at=2.0 * at + 1) for at in range(40)),
    }
    assert bars_of(Artefact(EMPTY, mixed), "1", precision=0.5, sure=0.85).learned["bug"].threshold is None
    late = {**mixed, "1": tuple(replace(one, at=-one.at) for one in mixed["1"])}
    assert bars_of(Artefact(EMPTY, late), "1", precision=0.5, sure=0.85).learned["bug"].measured.count == 0


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    texts = [("bug", f"Tide {n} gauge", "The gauge of the tide is flat.") for n in range(8)]
    texts += [("question", f"Moon {n} phase", "Which phase of the moon is it?") for n in range(8)]
    return learn([Example("1", kind, title, body) for kind, title, body in texts])


def test_the_stored_form_says_the_same(artefact: Artefact) -> None:
    again = unpack(pack(artefact))
    assert again.answers == {name: tuple(each) for name, each in artefact.answers.items()}
    said = [predict(one, "1", "Tide 9 gauge", "Flat.", reasons=3) for one in (artefact.model, again.model)]
    assert said[0] == said[1]
    assert said[0].kind == "bug"


def test_a_report_that_was_opened_with_a_kind_teaches_and_measures_nothing() -> None:
    """Nobody decides about it live: its form, or whoever opened it, said what it is."""
    texts = [("bug", "Tide gauge"), ("question", "Moon phase")] * 4
    given = [Example("1", kind, title, title, given=("Type: Bug", "area: map")) for kind, title in texts]
    alone = learn(given)
    assert alone.answers == {"1": []}
    assert alone.model.trained_on == {"1": 8}
    bars = bars_of(alone, "1", precision=0.9, sure=0.85)
    assert (bars.rules, bars.learned, bars.answers, bars.own) == ({}, {}, 0, True)
    others = [replace(one, given=("area: map",)) for one in given[:3]]
    assert [one.truth for one in learn([*given, *others]).answers["1"]] == ["bug", "question", "bug"]


def test_answers_are_ordered_by_the_age_of_their_reports() -> None:
    texts = [("bug", "Tide gauge", 5.0), ("question", "Moon phase", 3.0), ("bug", "Tide gauge", 1.0)]
    texts.append(("question", "Moon phase", 9.0))
    made = learn([Example("1", kind, title, title, created=at) for kind, title, at in texts])
    assert [one.at for one in made.answers["1"]] == [1.0, 3.0, 5.0, 9.0]
    assert [one.truth for one in made.answers["1"]] == ["bug", "question", "bug", "question"]
    assert unpack(pack(made)).answers == {"1": tuple(made.answers["1"])}


def test_an_artefact_without_times_can_still_be_read(artefact: Artefact) -> None:
    data = json.loads(zlib.decompress(pack(artefact)))
    del data["times"]
    again = unpack(zlib.compress(json.dumps(data).encode())).answers["1"]
    assert [replace(one, at=0.0) for one in again] == list(artefact.answers["1"])
    assert [one.at for one in again] == sorted({one.at for one in again})


def test_each_report_is_judged_by_a_model_without_it(artefact: Artefact) -> None:
    (answers_of,) = artefact.answers.values()
    assert len(answers_of) == 16
    odd = Example("1", "question", "Tide 99 gauge", "The gauge of the tide is flat.")
    texts = [Example("1", one.truth, f"Tide {n} gauge", "The gauge of the tide is flat.") for n, one in
             enumerate(answers_of) if one.truth == "bug"]  # fmt: skip
    others = [Example("1", "question", f"Moon {n} phase", "Which phase is it?") for n in range(8)]
    (found,) = learn([*texts, *others, odd]).answers.values()
    assert found[-1].learned == "bug", "its own label would have been known to the model"


DAMAGED: dict[str, object] = {
    "nothing": b"",
    "no zlib": b"[]",
    "cut off": None,
    "another format": {"format": "learned 0", "model": {}, "answers": {}},
    "no model": {"format": "learned 1", "model": {}, "answers": {}},
    "no object": [],
}


@pytest.mark.parametrize("stored", DAMAGED.values(), ids=DAMAGED)
def test_what_cannot_be_read_is_refused(stored: object, artefact: Artefact) -> None:

    given = stored if isinstance(stored, bytes) else zlib.compress(json.dumps(stored).encode())
    with pytest.raises(UnusableModel):
        unpack(pack(artefact)[:-9] if stored is None else given)


def test_what_unpacks_to_too_much_is_refused() -> None:

    with pytest.raises(UnusableModel, match="too large"):
        unpack(zlib.compress(b" " * (MAX_BYTES + 1)))
