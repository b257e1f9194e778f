"""Areas are learned label by label, several to a report, and only where there are enough reports."""

import pytest

from bot.learning.areas import predict_areas
from bot.learning.artefact import Artefact, pack, unpack
from bot.learning.training.areas import FEWEST
from bot.learning.training.kinds import Example
from bot.learning.training.learn import learn
from bot.learning.views import views


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    examples = []
    for at in range(60):
        labels = tuple(name for name, step in (("area: map", 2), ("area: tide", 3)) if at % step == 0)
        words = [*(["The harbour map has no legend."] * (at % 2 == 0)), *(["The tide gauge is flat."] * (at % 3 == 0))]
        rare = ("area: rare",) if at < FEWEST - 1 else ()
        body = " ".join(words) or "The moon is round, as it was."
        examples.append(Example("1", ("bug", "question")[at // 30], f"Report {at}", body, labels=(*labels, *rare)))
    return learn(examples)


def chances(made: Artefact, body: str) -> dict[str, float]:
    return dict(predict_areas(made.model, made.areas["1"], views("A report", body)))


CASES = {
    "one": ("The harbour map has no legend.", {"area: map"}),
    "another": ("The tide gauge is flat.", {"area: tide"}),
    "both": ("The harbour map has no legend. The tide gauge is flat.", {"area: map", "area: tide"}),
    "none": ("The moon is round, as it was.", set()),
}


@pytest.mark.parametrize(("body", "areas"), CASES.values(), ids=CASES)
def test_areas_of_a_report(artefact: Artefact, body: str, areas: set[str]) -> None:
    assert {label for label, chance in chances(artefact, body).items() if chance >= 0.5} == areas


def test_labels_of_few_reports_are_left_out_and_answers_are_kept(artefact: Artefact) -> None:
    assert artefact.areas["1"].labels == ("area: map", "area: tide")
    assert {row.label for row in artefact.areas["1"].rows} == {"area: map", "area: tide"}


def test_an_area_that_a_report_was_opened_with_is_no_answer() -> None:
    tide = ("area: tide",)
    examples = [
        Example("1", ("bug", "question")[at // 30], "Tide" if at % 2 else "Map", "Gauge." if at % 2 else "Legend.",
                labels=tide * (at % 2), given=tuple(map(str.upper, tide)) * (at % 4 == 1))
        for at in range(60)
    ]  # fmt: skip
    assert len(learn(examples).areas["1"].rows) == 15, "of thirty, half were opened with it"


def test_the_stored_form_says_the_same(artefact: Artefact) -> None:
    again = unpack(pack(artefact))
    assert chances(again, CASES["both"][0]) == chances(artefact, CASES["both"][0])
    assert list(again.areas["1"].rows) == list(artefact.areas["1"].rows)
