"""How much text there is to look through."""

from collections.abc import Iterator
from typing import Final

from bot.domain.facts import Facts, IssueForm
from bot.domain.text import Details

ENTRY: Final = 20
"""What an entry of a list counts for besides its characters: each takes time, however short it is."""


def size_of(facts: Facts) -> int:
    """Characters of all that a capability may look through, by whomever it was written; entries count as well."""
    texts = list(_texts(facts))
    return sum(len(one) for one in texts if one) + ENTRY * len(texts)


def _texts(facts: Facts) -> Iterator[str | None]:
    yield from (facts.item.title, facts.item.body, facts.proposed_configuration, *facts.broken_configuration)
    yield from facts.item.labels
    if facts.event.comment is not None:
        yield facts.event.comment.body
    yield from (one.body for one in facts.comments)
    for label in facts.labels:
        yield from (label.name, label.description)
    yield from (one.label for one in facts.label_events)
    for form in facts.forms:
        yield from _texts_of_form(form)
    for file in facts.files:
        yield from (file.path, file.previous_path, file.patch)
    for path, text in facts.documents.items():
        yield from (path, text)
    yield from facts.tree
    for found in facts.misspellings:
        yield from (found.path, found.word, *found.corrections)
    for decision in facts.decisions:
        yield from (decision.outcome, *decision.evidence)
    yield from (one.subject for one in facts.feedback)
    for section in facts.memory.written.values():
        for block in section.text:
            yield from (block.markdown, block.summary if isinstance(block, Details) else None)


def _texts_of_form(form: IssueForm) -> Iterator[str]:
    yield from (form.path, form.name, form.title, form.text, *form.labels)
    for field in form.fields:
        yield from (field.label, field.hint, field.default, *field.options)
