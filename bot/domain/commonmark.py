"""Readers of Markdown that a process makes once and all of its threads use."""

from markdown_it import MarkdownIt


def shared(reader: MarkdownIt) -> MarkdownIt:
    """The reader with its rules compiled, so that reading changes nothing in it.

    markdown-it-py compiles a level's rules at the first text, in place: a second thread would read with some of them.
    """
    for level in (reader.core.ruler, reader.block.ruler, reader.inline.ruler, reader.inline.ruler2):
        level.getRules()
    return reader
