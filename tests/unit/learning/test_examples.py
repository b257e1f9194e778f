"""What a history teaches: people's labels, never our own; and what became of ours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.naming import kind_of_label
from bot.domain.feedback import ALL, DUPLICATES, LABELS, TRIAGE, Feedback, Opinion, newest_words
from bot.domain.history.values import Change, ChangeKind, HistoryItem, Setter, Writer
from bot.domain.labels import spelled
from bot.learning.examples import CORRECTED, labels_of_people, settled, taught

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = THEN + timedelta(days=30)
ADDED, REMOVED = ChangeKind.LABELED, ChangeKind.UNLABELED
PERSON, US, FORM, A_BOT = Setter.PERSON, Setter.US, Setter.FORM, Setter.BOT
RIGHT, WRONG = Opinion.RIGHT, Opinion.WRONG


def item(*labels: str, **changes: Any) -> HistoryItem:
    values: dict[str, Any] = {
        "number": 5, "is_pull": False, "title": "T", "body": "B", "state": "closed", "state_reason": "",
        "association": "NONE", "writer": Writer.PERSON, "author": "a", "labels": labels, "comments": 0,
        "created_at": THEN, "updated_at": THEN, "closed_at": THEN,
    }  # fmt: skip
    return HistoryItem(**(values | changes))


def history(*steps: tuple[ChangeKind, str, Setter]) -> tuple[Change, ...]:
    return tuple(
        Change(5, kind, label, setter, THEN + timedelta(seconds=at), f"event:{at}")
        for at, (kind, label, setter) in enumerate(steps)
    )


TAUGHT = {
    "a person's label": (item("bug"), history((ADDED, "bug", PERSON)), Kind.BUG, 1.0),
    "in the repository's own words": (item("Type: Feature"), (), Kind.ENHANCEMENT, 1.0),
    "a form's label": (item("bug"), history((ADDED, "bug", FORM)), Kind.BUG, 1.0),
    "corrected by a person": (
        item("question"), history((ADDED, "bug", US), (REMOVED, "bug", PERSON), (ADDED, "question", PERSON)),
        Kind.QUESTION, CORRECTED,
    ),
    "two kinds": (item("bug", "question"), (), None, 1.0),
    "another label only": (item("area: cli"), (), None, 1.0),
}  # fmt: skip


@pytest.mark.parametrize(("given", "changes", "kind", "weight"), TAUGHT.values(), ids=TAUGHT)
def test_people_teach(given: HistoryItem, changes: tuple[Change, ...], kind: Kind | None, weight: float) -> None:
    found = taught(given, changes)
    assert found is not None
    assert (found.kind, found.weight) == (kind, weight)


def at(seconds: int, kind: ChangeKind, label: str, setter: Setter) -> Change:
    return Change(5, kind, label, setter, THEN + timedelta(seconds=seconds), f"event:{seconds}")


def said(seconds: int, opinion: Opinion, subject: str, capability: str = LABELS) -> Feedback:
    return Feedback(5, capability, subject, opinion, "x", f"comment:{seconds}", THEN + timedelta(seconds=seconds))


# what was done by hand and by others, what was said, and what people's newest word of `bug` is
WORDS: dict[str, tuple[tuple[Change, ...], tuple[Feedback, ...], bool | None]] = {
    "nobody's": ((at(1, ADDED, "bug", US), at(2, ADDED, "bug", A_BOT), at(3, REMOVED, "bug", US)), (), None),
    "put there by hand": ((at(1, ADDED, "Bug", PERSON),), (), True),
    "by the form": ((at(1, ADDED, "bug", FORM),), (), True),
    "taken off by hand": ((at(1, ADDED, "bug", FORM), at(2, REMOVED, "BUG", PERSON)), (), False),
    "taken off by another bot": ((at(1, ADDED, "bug", PERSON), at(2, REMOVED, "bug", A_BOT)), (), True),
    "/label": ((at(2, ADDED, "bug", US),), (said(1, RIGHT, "Bug"),), True),
    "/unlabel of a person's": ((at(1, ADDED, "bug", PERSON),), (said(2, WRONG, "bug"),), False),
    "/wrong of ours": ((at(1, ADDED, "bug", US),), (said(2, WRONG, "bug", TRIAGE),), False),
    "/wrong, then by hand": ((at(3, ADDED, "bug", PERSON),), (said(2, WRONG, "bug", TRIAGE),), True),
    "by hand, then /unlabel": ((at(1, ADDED, "bug", PERSON),), (said(2, WRONG, "bug", TRIAGE),), False),
    "/label, then by hand": ((at(3, REMOVED, "bug", PERSON),), (said(2, RIGHT, "bug"),), False),
    "/wrong, then /label": ((), (said(1, WRONG, "bug", TRIAGE), said(2, RIGHT, "bug")), True),
    "/label, then /unlabel, stored late": ((), (said(2, WRONG, "bug"), said(1, RIGHT, "bug")), False),
    "by hand and by command at once": ((at(1, REMOVED, "bug", PERSON),), (said(1, RIGHT, "bug"),), True),
    "of all our work": ((), (said(1, WRONG, "", ALL), said(2, WRONG, "", TRIAGE)), None),
    "of another item of that name": ((), (said(1, WRONG, "bug", DUPLICATES),), None),
    "a mark": ((at(1, ChangeKind.MARKED, "bug", PERSON),), (), None),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "told", "wanted"), WORDS.values(), ids=WORDS)
def test_the_newest_word_of_people_counts(
    changes: tuple[Change, ...], told: tuple[Feedback, ...], wanted: bool | None
) -> None:
    assert newest_words(told, changes) == ({} if wanted is None else {"bug": wanted})


OURS = at(1, ADDED, "bug", US)
OFF = at(3, REMOVED, "bug", US)
# the item's labels, their history, what was said, and what that teaches: the kind and its weight, or nothing
BY_COMMAND: dict[str, tuple[tuple[str, ...], tuple[Change, ...], tuple[Feedback, ...], tuple[Kind, float] | None]] = {
    "/label of what we only suggested": (("bug",), (OURS,), (said(1, RIGHT, "bug"),), (Kind.BUG, 1.0)),
    "/label of what we had set": (("bug",), (OURS,), (said(2, RIGHT, "bug"),), (Kind.BUG, 1.0)),
    "/label that was not carried out": ((), (), (said(1, RIGHT, "bug"),), None),
    "/unlabel and /label of another kind": (
        ("question",), (OURS, OFF, at(3, ADDED, "question", US)),
        (said(2, WRONG, "bug", TRIAGE), said(2, RIGHT, "question")), (Kind.QUESTION, CORRECTED),
    ),
    "/wrong, and put back by hand": (
        ("bug",), (OURS, OFF, at(4, ADDED, "bug", PERSON)), (said(2, WRONG, "bug", TRIAGE),), (Kind.BUG, 1.0),
    ),
    "/wrong, and put back by another bot": (
        ("bug",), (OURS, OFF, at(4, ADDED, "bug", A_BOT)), (said(2, WRONG, "bug", TRIAGE),), None,
    ),
    "a person's label, called wrong and still there": (
        ("bug",), (at(1, ADDED, "bug", PERSON),), (said(2, WRONG, "bug"),), None,
    ),
    "/unlabel of a person's, and another kind by hand": (
        ("question",), (at(1, ADDED, "bug", PERSON), at(4, ADDED, "question", PERSON)), (said(2, WRONG, "bug"),),
        (Kind.QUESTION, 1.0),
    ),
    "by hand, and then put back by hand": (
        ("bug",), (OURS, at(3, REMOVED, "bug", PERSON), at(4, ADDED, "bug", PERSON)), (), (Kind.BUG, 1.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("labels", "changes", "told", "expected"), BY_COMMAND.values(), ids=BY_COMMAND)
def test_a_word_by_command_teaches_like_one_by_hand(
    labels: tuple[str, ...], changes: tuple[Change, ...], told: tuple[Feedback, ...],
    expected: tuple[Kind, float] | None,
) -> None:  # fmt: skip
    found = taught(item(*labels), changes, told)
    assert (found and (found.kind, found.weight)) == expected
    assert labels_of_people(item(*labels), changes, told) == (labels if expected else ())


GIVEN: dict[str, tuple[tuple[Change, ...], set[str]]] = {
    "by its form": ((at(1, ADDED, "bug", FORM), at(1, ADDED, "area: cli", FORM)), {"bug", "area: cli"}),
    "by a maintainer who opened it so": ((at(0, ADDED, "bug", PERSON),), {"bug"}),
    "by a maintainer later": ((at(11, ADDED, "bug", PERSON),), set()),
    "by us, at once": ((at(1, ADDED, "bug", US), at(60, ADDED, "bug", PERSON)), set()),
    "by another bot, at once": ((at(1, ADDED, "bug", A_BOT),), set()),
    "by its form, and changed by a person": (
        (at(1, ADDED, "question", FORM), at(60, REMOVED, "question", PERSON), at(60, ADDED, "bug", PERSON)),
        {"question"},
    ),
    "taken off at once": ((at(1, ADDED, "question", A_BOT), at(2, REMOVED, "question", PERSON)), set()),
    "nobody knows": ((), set()),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "given"), GIVEN.values(), ids=GIVEN)
def test_labels_that_it_was_opened_with_are_known_apart(changes: tuple[Change, ...], given: set[str]) -> None:
    found = taught(item("bug", "area: cli"), changes)
    assert found is not None
    assert set(found.given) == given


SILENT = {
    "our own label": (item("bug"), history((ADDED, "bug", US))),
    "another bot's label": (item("bug"), history((ADDED, "bug", A_BOT))),
    "no label": (item(), ()),
    "a pull request": (item("bug", is_pull=True), ()),
    "a bot's issue": (item("bug", writer=Writer.BOT), ()),
}


@pytest.mark.parametrize(("given", "changes"), SILENT.values(), ids=SILENT)
def test_nothing_is_learned_from(given: HistoryItem, changes: tuple[Change, ...]) -> None:
    assert taught(given, changes) is None


THUMBS_DOWN = {
    "on something else": ((), 1.0),
    "on an area of ours": (history((ADDED, "area: cli", US)), 1.0),
    "on a kind of ours": (history((ADDED, "bug", US), (REMOVED, "bug", US)), CORRECTED),
    "on the form's kind": (history((ADDED, "question", FORM)), 1.0),
}


@pytest.mark.parametrize(("changes", "weight"), THUMBS_DOWN.values(), ids=THUMBS_DOWN)
def test_a_thumb_down_is_about_the_kind_only_where_we_had_set_one(changes: tuple[Change, ...], weight: float) -> None:
    found = taught(item("question"), changes, [said(9, WRONG, "", ALL)])
    assert found is not None
    assert found.weight == weight


def test_a_label_that_people_called_wrong_teaches_nothing() -> None:
    assert taught(item("bug"), (), [said(1, WRONG, "Bug", TRIAGE)]) is None


@pytest.mark.parametrize(("wrong", "weight"), [("Question", CORRECTED), ("P1", 1.0)])
def test_only_a_kind_that_people_called_wrong_makes_an_example_weigh_more(wrong: str, weight: float) -> None:
    found = taught(item("bug"), (), [said(1, WRONG, wrong, TRIAGE)])
    assert found is not None
    assert found.weight == weight


SETTLED = {
    "kept until it was closed": (item("bug"), history((ADDED, "bug", US)), [("bug", True)]),
    "kept for a week": (item("bug", state="open"), history((ADDED, "bug", US)), [("bug", True)]),
    "taken off by a person": (item(), history((ADDED, "bug", US), (REMOVED, "bug", PERSON)), [("bug", False)]),
    "taken off and put back by a person": (
        item("bug"), history((ADDED, "bug", US), (REMOVED, "bug", PERSON), (ADDED, "bug", PERSON)), [("bug", False)],
    ),
    "taken off by another bot": (item(), history((ADDED, "bug", US), (REMOVED, "bug", A_BOT)), []),
    "swapped by ourselves": (
        item("question"), history((ADDED, "bug", US), (REMOVED, "bug", US), (ADDED, "question", US)),
        [("question", True)],
    ),
    "a person's label": (item("bug"), history((ADDED, "bug", PERSON)), []),
}  # fmt: skip


@pytest.mark.parametrize(("given", "changes", "expected"), SETTLED.values(), ids=SETTLED)
def test_what_became_of_our_labels(
    given: HistoryItem, changes: tuple[Change, ...], expected: list[tuple[str, bool]]
) -> None:
    assert [(one.label, one.kept) for one in settled(given, changes, now=NOW)] == expected


def test_what_is_still_open_is_not_settled() -> None:
    given, changes = item("bug", state="open"), history((ADDED, "bug", US))
    assert settled(given, changes, now=THEN + timedelta(days=1)) == ()


def test_an_opinion_counts_as_a_correction_and_a_command_is_none_of_our_merits() -> None:
    given, changes = item("bug"), history((ADDED, "bug", US))
    assert [one.kept for one in settled(given, changes, now=NOW, wrong={"Bug"})] == [False]
    assert [one.kept for one in settled(given, changes, now=NOW, wrong={""})] == [False]
    assert settled(given, changes, now=NOW, commanded={"bug"}) == ()


NAMES = {
    "Bug": Kind.BUG, "type: bug": Kind.BUG, "kind/bug": Kind.BUG, "🐛 bug": Kind.BUG, "t-bug": Kind.BUG,
    "bug-report": Kind.BUG, "[Type] Bug": Kind.BUG, "feature": Kind.ENHANCEMENT, "kind/feature": Kind.ENHANCEMENT,
    "feature-request": Kind.ENHANCEMENT, "Type: Enhancement": Kind.ENHANCEMENT, "question": Kind.QUESTION,
    "usage question": Kind.QUESTION, "docs": Kind.DOCUMENTATION, "documentation": Kind.DOCUMENTATION,
    "not a bug": None, "needs-info": None, "bug bounty": None, "area: docs": None, "component/bug tracker": None,
    "good first issue": None, "type": None, "": None,
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), NAMES.items(), ids=[name or "empty" for name in NAMES])
def test_only_plain_names_stand_for_a_kind(name: str, kind: Kind | None) -> None:
    assert kind_of_label(name) is kind


SPELLINGS = {
    "exact": (("bug",), ("bug", "other"), ("bug",)),
    "another case": (("bug",), ("Bug",), ("Bug",)),
    "absent": (("bug",), ("bugs",), ()),
    "two spellings, none exact": (("bug",), ("Bug", "BUG"), ()),
    "two spellings, one exact": (("bug",), ("Bug", "bug"), ("bug",)),
    "order stays, once each": (("b", "a", "B"), ("A", "B"), ("B", "A")),
}


@pytest.mark.parametrize(("names", "existing", "found"), SPELLINGS.values(), ids=SPELLINGS)
def test_names_are_spelled_as_the_repository_does(
    names: tuple[str, ...], existing: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert spelled(names, existing) == found
