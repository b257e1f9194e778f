"""Closed issues once more: what is known when, what counts as the truth, and that the gate has its say."""

from array import array
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.appraisal import rehearsal
from bot.appraisal.figures import figures
from bot.appraisal.rehearsal import FEWEST, Past, TooLittleHistoryError, rehearse
from bot.appraisal.run import gathered
from bot.capabilities import REGISTRY
from bot.demo.past import COUNT, past
from bot.domain.feedback import LABELS, TRIAGE, Feedback, Opinion
from bot.domain.history.values import ChangeKind, Setter
from bot.domain.learned import AreaGuess, Lesson, Measure
from bot.domain.plan import ModelAnswer, ModelRequest
from bot.domain.repo_config import ConfigSchema, RepoConfig
from bot.learning.artefact import Artefact, Bars
from bot.learning.earned import Bar, Measured, Outcomes
from bot.learning.examples import Taught
from bot.learning.kinds import COMMON, Block, KindModel

NO_BARS = Bars({}, {}, own=True, answers=0)
SCHEMA = ConfigSchema(tuple(one.manifest for one in REGISTRY))


def quietly(_what: str, _done: int, _total: int) -> None:
    return None


def history() -> list[Past]:
    return gathered(past())


def config(text: str = "") -> RepoConfig:
    found = SCHEMA.parse(text)
    assert isinstance(found, RepoConfig)
    return found


@pytest.fixture(autouse=True)
def one_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learning takes most of the time: once will do."""
    monkeypatch.setattr(rehearsal, "STRETCHES", (0.5,))


def test_most_of_the_made_up_past_is_told_right() -> None:
    found = rehearse(history(), config(), quietly)
    assert len(found.issues) == COUNT // 2
    said = [one for one in found.issues if one.said]
    assert len(said) > 80
    assert sum(one.said == one.truth for one in said) > 0.9 * len(said)
    assert {one.method.split(" ", 1)[0].strip(",") for one in said} == {"rules", "learned"}


def test_an_issue_that_was_opened_with_a_kind_teaches_and_is_not_judged() -> None:
    """As by a form: live, triage leaves it alone."""

    def by_form(one: Past) -> Past:
        item, changes = one
        if item.number % 10 == 0:
            return one
        made = [replace(each, setter=Setter.FORM, at=item.created_at) for each in changes]
        area = replace(made[0], label="Area: Input", source="event:area")
        return replace(item, labels=(*item.labels, "area: input")), (*made, area)

    found = rehearse([*map(by_form, history()[:100])], config(), quietly)
    judged = figures(found)
    assert (found.taught, judged.issues, judged.given) == (100, 5, 45)
    assert sum(one.wanted for one in judged.labels) == 5
    assert sum(one.count for one in judged.calibration) == 5
    assert all((one.label, one.request, one.in_areas) == ("", None, ()) for one in found.issues if one.given)
    assert sum(one.count for one in (*found.rules.values(), *found.learned.values())) <= 10


def test_what_comes_later_teaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []

    def learned(lessons: Iterable[Taught], _options: object) -> None:
        seen.append([one.number for one in lessons])

    monkeypatch.setattr(rehearsal, "_learned", learned)
    found = rehearse(history(), config(), quietly)
    assert max(seen[0]) < min(one.number for one in found.issues)


def test_labels_that_the_assistant_set_are_no_truth() -> None:
    ours = [
        (item, tuple(replace(one, setter=Setter.US) for one in changes)) for item, changes in history()[: COUNT // 2]
    ]
    found = rehearse([*ours, *history()[COUNT // 2 :]], config(), quietly)
    assert found.taught == COUNT // 2


def test_labels_that_people_called_wrong_are_no_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "_learned", lambda *_: None)
    one = next(item for item, _ in history() if "bug" in item.labels)
    assert rehearse(history(), config(), quietly).taught == COUNT
    said = Feedback(one.number, TRIAGE, "bug", Opinion.WRONG, "x", "comment:1", one.updated_at + timedelta(days=999))
    assert rehearse(history(), config(), quietly, said={one.number: [said]}).taught == COUNT - 1


def test_labels_that_people_asked_for_are_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "_learned", lambda *_: None)
    ours = [(item, tuple(replace(one, setter=Setter.US) for one in changes)) for item, changes in history()]
    said = {
        item.number: [Feedback(item.number, LABELS, label, Opinion.RIGHT, "x", "comment:1", item.created_at)]
        for item, _ in ours[:FEWEST]
        for label in item.labels[:1]
    }
    assert rehearse(ours, config(), quietly, said=said).taught == FEWEST


def test_labels_that_the_gate_refuses_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "_learned", lambda *_: None)
    found = rehearse(history(), config("labels:\n  allow: [question]\n"), quietly)
    assert {one.label for one in found.issues} == {"", "question"}
    assert found.not_allowed == ("bug", "enhancement")


def test_a_model_is_asked_where_the_others_are_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "_learned", lambda *_: None)
    asked: list[ModelRequest] = []

    def ask(request: ModelRequest) -> ModelAnswer:
        asked.append(request)
        return ModelAnswer({"kind": "bug", "confidence": 0.1, "evidence": ""}, "m", "triage 1", tokens=10)

    found = figures(rehearse(history(), config(), quietly, ask=ask))
    assert 0 < len(asked) < found.issues
    assert (found.asked, found.tokens) == (len(asked), 10 * len(asked))


def with_areas(one: Past) -> Past:
    """People called all about input so, and of what is about output the first half only: they changed their minds."""
    item, changes = one
    text = f"{item.title} {item.body}".lower()
    reads, writes = "reader" in text or "loader" in text, "export" in text or "output" in text
    labels = ["area: input"] * reads + ["area: output"] * (writes and item.number < COUNT // 2)
    made = [replace(changes[0], label=label, source=f"{changes[0].source}:{label}") for label in labels]
    return replace(item, labels=(*item.labels, *labels)), (*changes, *made)


def test_areas_are_measured_like_kinds_and_only_where_they_are_allowed() -> None:
    found = figures(
        rehearse([*map(with_areas, history())], config("labels:\n  allow: [bug, 'area: input']\n"), quietly)
    )
    areas = {one.label: one for one in found.areas}
    assert set(areas) == {"area: input", "area: output"}
    reading, writing = areas["area: input"], areas["area: output"]
    assert 0 < reading.right <= reading.named
    assert reading.precision == reading.right / reading.named
    assert reading.recall == reading.right / reading.wanted
    assert reading.threshold is not None
    assert (writing.named, writing.wanted) == (0, 0)
    assert not writing.earned
    assert 0 < found.earned_right <= found.earned_set < found.issues
    assert "area: output" in found.not_allowed
    assert "area: input" not in found.not_allowed


def test_what_mode_earned_may_do_today_heeds_what_people_did_lately(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Block(array("i"), array("f"), (0.0, 0.0))
    model = KindModel(("bug", "question"), {}, {COMMON: nothing}, 1.0, {}, {})
    bug, cli = (Bar(name, 0.9, 0.85, Measured(50, 50)) for name in ("bug", "area: input"))
    bars = Bars({"bug": bug}, {"bug": bug}, own=True, answers=50, areas={"area: input": cli})
    monkeypatch.setattr(rehearsal, "_learned", lambda *_: (Artefact(model, {}), bars))
    issues = [*map(with_areas, history()[:60])]
    for outcomes, earned in (({}, True), ({"bug": Outcomes(0, 1), "area: input": Outcomes(0, 1)}, False)):
        found = rehearse(issues, config(), quietly, outcomes=outcomes)
        assert [one["bug"].earned for one in (found.rules, found.learned)] == [earned] * 2
        assert found.areas["area: input"].earned is earned


@pytest.mark.parametrize(("opened_with", "earned"), [(1, {"area: output"}), (2, set())])
def test_an_issue_that_was_opened_with_two_areas_gets_no_third(
    opened_with: int, earned: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As live, whoever set the two."""
    sure = Measure(0.8, 45, 46, earned=True)
    lesson = Lesson(1, (), areas=(AreaGuess("area: output", 0.9, sure),))
    monkeypatch.setattr(rehearsal, "_learned", lambda *_: (Artefact(KindModel((), {}, {}, 1.0, {}, {}), {}), NO_BARS))
    monkeypatch.setattr(rehearsal, "lesson_of", lambda *_: lesson)

    def by_form(one: Past) -> Past:
        item, changes = one
        labels = ("area: input", "area: map")[:opened_with]
        made = [
            replace(changes[0], label=each, setter=Setter.FORM, at=item.created_at, source=f"event:{each}")
            for each in labels
        ]
        return replace(item, labels=(*item.labels, *labels)), (*changes, *made)

    first, *issues = map(by_form, history()[:60])
    elsewhere = (replace(first[0], labels=(*first[0].labels, "area: output")), first[1])
    found = rehearse([elsewhere, *issues], config("labels:\n  allow: ['area: output']\n"), quietly)
    assert {one.earned for one in found.issues} == {frozenset(earned)}


def test_too_little_is_said() -> None:
    with pytest.raises(TooLittleHistoryError, match=f"^{FEWEST - 1} closed issues"):
        rehearse(history()[: FEWEST - 1], config(), quietly)


def test_an_export_without_changes_can_be_read() -> None:
    rows = [row for row in past() if not hasattr(row, "kind")]
    assert len(gathered(rows)) == COUNT
    assert all(changes == () for _, changes in gathered(rows))
    assert {one.kind for _, changes in history() for one in changes} == {ChangeKind.LABELED}
