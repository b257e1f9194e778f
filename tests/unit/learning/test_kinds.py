"""Training on a handful of reports, and prediction from plain arrays."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bot.learning.kinds import COMMON, KindModel, UnusableModel, certain, dump, load, predict
from bot.learning.training.kinds import Example, TooFewExamples, latest, solve, train
from bot.learning.views import views
from tests.unit.learning.reports import examples

NEW = (
    ("Crash when the export is empty", "It crashes with `ValueError: no rows`."),
    ("Add sorting by size", "It would be nice to sort by size."),
    ("How can I change the settings?", "Hi, where are the settings? Thanks"),
    ("", ""),
    ("Ünïcode 表示", "```\nunclosed fence\n" + "x" * 5_000),
)


@pytest.fixture(scope="module")
def model() -> KindModel:
    return train(examples("one/app", "two/lib"))


@pytest.mark.parametrize("repository", ["one/app", "two/lib", "three/unknown"])
def test_the_stored_model_says_what_the_trainer_says(repository: str) -> None:
    known = examples("one/app", "two/lib")[:-3]
    solution = solve(known, [views(one.title, one.body) for one in known])
    stored = load(dump(solution.model(0.9)))
    wanted = solution.scores([repository] * len(NEW), [views(*one) for one in NEW])
    found = [predict(stored, repository, *one).scores for one in NEW]
    assert np.abs(wanted - np.array(found)).max() < 1e-6
    assert np.ptp(wanted) > 0.1


def test_the_same_examples_give_the_same_model(model: KindModel) -> None:
    assert dump(train(examples("one/app", "two/lib"))) == dump(model)


def test_a_stored_model_comes_back_whole(model: KindModel) -> None:
    assert load(dump(model)) == model


@pytest.mark.parametrize(("text", "kind"), list(zip(NEW, ("bug", "feature", "question"), strict=False)))
def test_clear_reports_are_told_apart(model: KindModel, text: tuple[str, str], kind: str) -> None:
    found = predict(model, "one/app", *text, reasons=5)
    assert found.kind == kind
    assert sum(found.probabilities) == pytest.approx(1)
    assert found.confidence == max(found.probabilities)
    assert not found.pooled


def test_reasons_name_features_of_the_report_strongest_first(model: KindModel) -> None:
    found = predict(model, "one/app", *NEW[0], reasons=8)
    taken = views(*NEW[0])
    assert len(found.reasons) == 8
    assert all(one.feature in taken[one.view] and one.weight > 0 for one in found.reasons)
    assert [one.weight for one in found.reasons] == sorted((one.weight for one in found.reasons), reverse=True)
    assert any("crash" in one.feature for one in found.reasons)


def test_reasons_add_up_to_the_lead_of_the_kind(model: KindModel) -> None:
    bare = predict(model, "one/app", *NEW[0])
    own = [model.blocks[COMMON].bias, model.blocks["one/app"].bias]
    lead = sum(bias[0] - sum(bias) / 3 for bias in own)
    every = predict(model, "one/app", *NEW[0], reasons=10**6)
    against = bare.scores[0] - sum(bare.scores) / 3 - lead - sum(one.weight for one in every.reasons)
    assert against < 0
    assert every.scores == bare.scores


def test_an_unknown_repository_gets_what_all_have_in_common(model: KindModel) -> None:
    found = predict(model, "three/unknown", *NEW[0])
    assert found.pooled
    assert found.kind == "bug"


def test_what_is_a_repository_s_own_counts_there_only() -> None:
    """In one project "slow" is a bug, in the other a question."""
    texts = [("The table is slow", "It is slow."), ("Slow lists", "Very slow"), ("Slow start", "It starts slow")]
    others = [("The table is red", "It is red."), ("Red lists", "Very red"), ("Red start", "It starts red")]
    known = [Example("one/app", "bug", *one) for one in texts] + [Example("two/lib", "question", *one) for one in texts]
    known += [Example("one/app", "question", *one) for one in others]
    known += [Example("two/lib", "bug", *one) for one in others]
    model = train(known)
    assert predict(model, "one/app", "Slow menus", "The menus are slow").kind == "bug"
    assert predict(model, "two/lib", "Slow menus", "The menus are slow").kind == "question"


def test_a_kind_without_a_threshold_is_never_certain(model: KindModel) -> None:
    sure = replace(model, thresholds={"bug": 0.0})
    assert certain(sure, predict(sure, "one/app", *NEW[0]))
    assert not certain(sure, predict(sure, "one/app", *NEW[1]))
    strict = replace(model, thresholds={"bug": 1.1})
    assert not certain(strict, predict(strict, "one/app", *NEW[0]))


def test_two_kinds_are_enough() -> None:
    known = [one for one in examples("one/app") if one.kind != "question"]
    assert predict(train(known), "one/app", *NEW[1]).kind == "feature"


def test_of_too_many_examples_the_last_of_each_group_are_taken() -> None:
    many = [Example("one/app", "bug", str(at), "") for at in range(50)]
    few = [Example("two/lib", "question", str(at), "") for at in range(3)]
    taken = latest([*few, *many], 10)
    assert taken == [*few, *many[-7:]]
    assert latest([*few, *many], 53) == [*few, *many]
    assert latest([], 10) == []


@pytest.mark.parametrize("count", [0, 1, 6, 7])
def test_too_few_examples_are_refused(count: int) -> None:
    with pytest.raises(TooFewExamples):
        train(examples("one/app")[:count])


def _changed(name: str, key: str, change: Callable[[bytes], bytes]) -> Callable[[dict[str, Any]], object]:
    """Damage to one array of a block, whole numbers of which are left."""

    def damage(data: dict[str, Any]) -> None:
        block = data["blocks"][name]
        block[key] = base64.b64encode(change(base64.b64decode(block[key]))).decode()

    return damage


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda data: data.update(format="kinds 0"),
    "other features": lambda data: data.update(features="views 0"),
    "no common block": lambda data: data["blocks"].pop(COMMON),
    "a row of weights cut off": _changed(COMMON, "weights", lambda raw: raw[:-12]),
    "half a number": _changed(COMMON, "weights", lambda raw: raw[:-2]),
    "a weight of no feature": _changed("one/app", "places", lambda raw: b"\xff\xff\xff\x7f" + raw[4:]),
    "a bias too few": lambda data: data["blocks"][COMMON]["bias"].pop(),
    "no array": lambda data: data["blocks"]["one/app"].update(places="?"),
    "a term too many": lambda data: data["views"]["title"]["terms"].append("more"),
    "nothing of it": lambda data: data.clear(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_no_model_is_refused(model: KindModel, damage: str) -> None:
    data = json.loads(dump(model))
    DAMAGE[damage](data)
    with pytest.raises(UnusableModel):
        load(json.dumps(data).encode())


@pytest.mark.parametrize("stored", [b"", b"null", b"[]", b"\xff", b"12"])
def test_what_is_no_json_object_is_refused(stored: bytes) -> None:
    with pytest.raises(UnusableModel):
        load(stored)
