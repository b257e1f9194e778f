"""Who is due to learn, and who learns with whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from bot.capabilities.triage.kinds import Kind
from bot.learning.examples import Taught
from bot.learning.training.kinds import Example
from bot.runtime.training import FEWEST, Class, classes_of, is_due, line_of
from bot.runtime.training_child import read
from bot.store.learned import Learner

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=1)
NEW = Learner(1, 9, False, 0, None, False, 30, NOW)

DUE = {
    "never learned": (NEW, True),
    "nothing to learn": (replace(NEW, labelled=0), False),
    "a fifth more": (replace(NEW, learned_at=OLD, learned_from=100, labelled=120), True),
    "less than a fifth more": (replace(NEW, learned_at=OLD, learned_from=100, labelled=119), False),
    "fifty more of many": (replace(NEW, learned_at=OLD, learned_from=3000, labelled=3050), True),
    "forty-nine more of many": (replace(NEW, learned_at=OLD, learned_from=3000, labelled=3049), False),
    "a fifth more, which is nearly nothing": (replace(NEW, learned_at=OLD, learned_from=20, labelled=24), False),
    "history read for the first time": (
        replace(NEW, learned_at=OLD, learned_from=30, labelled=30, read_first=True), True,
    ),
    "an hour has not passed": (
        replace(NEW, learned_at=NOW - timedelta(minutes=59), learned_from=0, labelled=900, read_first=True), False,
    ),
    "after an hour": (replace(NEW, learned_at=NOW - timedelta(minutes=61), learned_from=0, labelled=900), True),
    "fewer than before": (replace(NEW, learned_at=OLD, learned_from=100, labelled=60), False),
}  # fmt: skip


@pytest.mark.parametrize(("learner", "due"), DUE.values(), ids=DUE)
def test_when_a_repository_is_due(learner: Learner, due: bool) -> None:
    assert is_due(learner) is due


def of(
    repository: int, *, installation: int = 9, private: bool = False, labelled: int = 30, due: bool = True
) -> Learner:
    return Learner(repository, installation, private, labelled, None if due else OLD, False, labelled, NOW)


CLASSES = {
    "one": ([of(1)], [Class(9, (1,), (1,))]),
    "public ones of an owner": ([of(1), of(2, due=False)], [Class(9, (1, 2), (1, 2))]),
    "nobody is due": ([of(1, due=False), of(2, due=False)], []),
    "owners do not share": (
        [of(1), of(2, installation=8)], [Class(8, (2,), (2,)), Class(9, (1,), (1,))],
    ),
    "a private one learns from others and teaches itself": (
        [of(1), of(2, private=True)], [Class(9, (1,), (1,)), Class(9, (1, 2), (2,))],
    ),
    "two private ones": (
        [of(1, private=True), of(2, private=True)], [Class(9, (1,), (1,)), Class(9, (2,), (2,))],
    ),
    "a private one with little, and a rich owner": (
        [of(1, due=False), of(2, private=True, labelled=1)], [Class(9, (1, 2), (2,))],
    ),
    "too few": ([of(1, labelled=FEWEST - 1)], []),
    "few, but enough together": (
        [of(1, labelled=FEWEST - 1), of(2, labelled=1)], [Class(9, (1, 2), (1, 2))],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("learners", "expected"), CLASSES.values(), ids=CLASSES)
def test_who_learns_with_whom(learners: list[Learner], expected: list[Class]) -> None:
    assert list(classes_of(learners)) == expected


def test_the_trainer_reads_up_to_the_empty_line() -> None:
    line = b'{"repository": "1", "kind": "bug", "title": "T", "body": "B", "weight": 3.0}\n'
    assert [one.weight for one in read(BytesIO(line + line + b"\n" + line))] == [3.0, 3.0]


def test_half_of_the_examples_teach_nothing() -> None:
    with pytest.raises(EOFError):
        read(BytesIO(b'{"repository": "1", "kind": "bug", "title": "T", "body": "B"}\n'))


def test_the_trainer_reads_what_it_was_told() -> None:
    one = Taught(5, "Title", "Body", Kind.BUG, ("area: cli",), 12.5, 3.0, ("bug",))
    example = Example("7", "bug", "Title", "Body", 3.0, ("area: cli",), 12.5, ("bug",))
    assert read(BytesIO(line_of(7, one, Kind.BUG) + b"\n")) == [example]
