"""Readers that threads share read with all of their rules from the first text on."""

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

import pytest
from markdown_it import MarkdownIt

from bot.domain import commands, forms, report
from bot.domain.commonmark import shared
from bot.domain.documents.inline import parser
from bot.domain.text import parse


def rules(reader: MarkdownIt) -> Iterator[object]:
    """What was compiled at each level, or None."""
    for level in (reader.core.ruler, reader.block.ruler, reader.inline.ruler, reader.inline.ruler2):
        yield level.__cache__


def of_module(module: ModuleType) -> list[MarkdownIt]:
    return [one for one in vars(module).values() if isinstance(one, MarkdownIt)]


def of_parser() -> list[MarkdownIt]:
    return [one for one in vars(parse.Parser()).values() if isinstance(one, MarkdownIt)]


READERS: tuple[Callable[[], list[MarkdownIt]], ...] = (
    lambda: of_module(commands),
    lambda: of_module(forms),
    lambda: of_module(report),
    lambda: of_module(import_module("bot.domain.history.duplicates")),
    lambda: [parser()],
    of_parser,
)


def test_a_new_reader_compiles_at_its_first_text_only() -> None:
    reader = MarkdownIt("commonmark").enable("table")
    assert list(rules(reader)) == [None] * 4
    assert None not in list(rules(shared(reader)))


@pytest.mark.parametrize("readers", READERS)
def test_every_shared_reader_is_compiled_before_its_first_text(readers: Callable[[], list[MarkdownIt]]) -> None:
    found = readers()
    assert found
    for reader in found:
        before = [dict(one) if isinstance(one, dict) else None for one in rules(reader)]
        assert None not in before
        reader.parse("# A\n\n| a |\n|---|\n| *b* [c](d) |\n")
        assert list(rules(reader)) == before
