"""Whatever somebody may look through counts: a field that does not would be looked through on the loop."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.actions import LineComment, Reply, Review, SetSection
from bot.domain.compose import written
from bot.domain.facts import (
    ChangedFile,
    DecisionRecord,
    Facts,
    FormField,
    IssueForm,
    Label,
    LabelEvent,
    Misspelling,
    ThreadMemory,
)
from bot.domain.sizes import size_of
from bot.domain.status import Section, Thread
from bot.domain.text import Details, Prose
from tests.unit.capabilities.build import commented, facts

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG = "x" * 1_000
FORM = IssueForm("a.yml", "Bug", "", (), ())
SECTION = Section((Prose(LONG),))
TEXTS: dict[str, Mapping[str, Any]] = {
    "broken configuration": {"broken_configuration": (LONG,)},
    "proposed configuration": {"proposed_configuration": LONG},
    "labels": {"labels": (Label(LONG),)},
    "what labels mean": {"labels": (Label("a", LONG),)},
    "label events": {"label_events": (LabelEvent(LONG, True, False, NOW),)},
    "templates": {"forms": (replace(FORM, text=LONG),)},
    "labels of forms": {"forms": (replace(FORM, labels=(LONG,)),)},
    "questions": {"forms": (replace(FORM, fields=(FormField(LONG, True, "input"),)),)},
    "defaults": {"forms": (replace(FORM, fields=(FormField("a", True, "input", default=LONG),)),)},
    "hints": {"forms": (replace(FORM, fields=(FormField("a", True, "input", hint=LONG),)),)},
    "options": {"forms": (replace(FORM, fields=(FormField("a", True, "input", (LONG,)),)),)},
    "patches": {"files": (ChangedFile("a.md", "modified", LONG),)},
    "paths": {"files": (ChangedFile(LONG, "modified", None),)},
    "documents": {"documents": {"a.md": LONG}},
    "the tree": {"tree": frozenset({LONG})},
    "misspellings": {"misspellings": (Misspelling("a.md", 1, 0, LONG, ()),)},
    "decisions": {"decisions": (DecisionRecord("triage", NOW, "x", LONG, (), ""),)},
    "evidence": {"decisions": (DecisionRecord("triage", NOW, "x", "", (LONG,), ""),)},
    "sections": {"memory": ThreadMemory(written={"triage": SECTION})},
}


@pytest.mark.parametrize("more", TEXTS.values(), ids=TEXTS)
def test_every_text_counts(more: Mapping[str, Any]) -> None:
    bare = replace(facts(), labels=())
    assert size_of(replace(bare, **more)) >= size_of(bare) + 1_000


def test_titles_bodies_and_comments_count() -> None:
    assert size_of(facts(title=LONG)) > 1_000
    assert size_of(facts(body=LONG)) > 1_000
    assert size_of(commented(LONG)) > 1_000


def test_many_short_ones_count_too() -> None:
    many: Facts = replace(facts(), labels=tuple(Label(str(number)) for number in range(300)))
    assert size_of(many) > 6_000


REVIEW = Review("a" * 40, (Prose("a"),), ())
REMARK = LineComment("a.md", 1, (Prose("a"),))
PLANS = {
    "a section": SetSection((Prose(LONG),)),
    "a fold": SetSection((Details("a", LONG),)),
    "its summary": SetSection((Details(LONG, "a"),)),
    "a reply": Reply((Prose(LONG),)),
    "a review": replace(REVIEW, text=(Prose(LONG),)),
    "a remark": replace(REVIEW, comments=(replace(REMARK, text=(Prose(LONG),)),)),
    "a suggestion": replace(REVIEW, comments=(replace(REMARK, suggestion=(LONG,)),)),
    "what it replaces": replace(REVIEW, comments=(replace(REMARK, original=(LONG,)),)),
}


@pytest.mark.parametrize("action", PLANS.values(), ids=PLANS)
def test_everything_that_is_rendered_counts(action: Any) -> None:
    assert 1_000 <= written([("docs", (action,))], Thread()) <= 1_010


def test_what_was_written_before_is_rendered_again() -> None:
    assert written([], Thread(sections={"triage": SECTION})) == 1_000
