"""The two readers of Markdown: blocks first, then the inline text of each block on its own.

Apart, because a hostile line of 100,000 brackets must not be parsed as inline text at all.
"""

from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from bot.domain.commonmark import shared

_MAX_NESTING: Final = 60


class Parser:
    """CommonMark with tables and strikethrough, without HTML; every link is a link, whatever its address.

    Reading changes nothing in it: what a text defines is in its environment.
    """

    def __init__(self) -> None:
        self._blocks = _reader()
        self._blocks.core.ruler.enableOnly(["normalize", "block"])
        self._inline = shared(_reader())
        shared(self._blocks)

    def blocks(self, markdown: str) -> tuple[SyntaxTreeNode, dict[str, Any]]:
        """The tree of blocks, whose `inline` nodes hold unparsed text, and the environment for `inline`."""
        environment: dict[str, Any] = {}
        return SyntaxTreeNode(self._blocks.parse(markdown, environment)), environment

    def inline(self, text: str, environment: dict[str, Any]) -> list[Token]:
        """Inline tokens of one block's text."""
        return self._inline.parseInline(text, environment)[0].children or []


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    # The link policy decides later; here a refused link is still a link, and its address stays raw.
    reader.validateLink = lambda url: True  # type: ignore[method-assign]
    reader.normalizeLink = lambda url: url  # type: ignore[method-assign]
    reader.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return reader


PARSER: Final = Parser()
