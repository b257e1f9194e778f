"""Re-emits the blocks of parsed Markdown; whatever is not on the list of known blocks is left out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

from markdown_it.tree import SyntaxTreeNode

from bot.domain.text.codeblock import fenced
from bot.domain.text.hazards import NO_TAIL
from bot.domain.text.model import RenderPolicy
from bot.domain.text.paragraph import Paragraph, write
from bot.domain.text.parse import PARSER
from bot.domain.text.table import table

MAX_DEPTH: Final = 6
MAX_ITEMS: Final = 200
MAX_TEXTS: Final = 5_000
"""Paragraphs, headings and cells: each costs time, however short it is."""

_CONTAINERS: Final = frozenset({"blockquote", "bullet_list", "ordered_list", "list_item"})
_BULLETS: Final = ("-", "*")
_DELIMITERS: Final = (".", ")")


_Written: TypeAlias = tuple[SyntaxTreeNode, str]


class Writer:
    """Writes Markdown for one body. `was_cut` tells whether something was too long and left out."""

    def __init__(self, policy: RenderPolicy) -> None:
        self.was_cut = False
        self._given = self._policy = policy
        self._environment: dict[str, Any] = {}
        self._items = 0
        self._texts = 0
        self._tail = NO_TAIL

    def blocks(self, markdown: str, numbers: frozenset[int] = frozenset()) -> Iterator[str]:
        """Each top-level block as Markdown without a line end. `markdown` holds no hidden characters.

        `numbers` may stay live besides those of the policy, until the next call.
        """
        last = self._policy
        base = self._given or last  # guard: numbers-of-one-text (13): as last
        self._policy = replace(base, numbers=base.numbers | numbers)
        tree, self._environment = PARSER.blocks(markdown)
        return (written for _, written in self._children(tree, 0))

    def _children(self, node: SyntaxTreeNode, depth: int) -> Iterator[_Written]:
        before, alternated = "", False
        for child in self._shallow(node, depth):
            # Two lists in a row need different bullets, or they would be one.
            alternate = child.type == before and not alternated
            written = self._block(child, depth, alternate=alternate)
            if written:
                before, alternated = child.type, alternate
                yield child, written

    def _shallow(self, node: SyntaxTreeNode, depth: int) -> Iterator[SyntaxTreeNode]:
        """The children; those that nest too deep are replaced by what they hold."""
        for child in node.children:
            if depth < MAX_DEPTH or child.type not in _CONTAINERS:  # guard: deep-nesting (15): as True
                yield child
            else:
                yield from self._shallow(child, depth)

    def _block(self, node: SyntaxTreeNode, depth: int, *, alternate: bool) -> str:
        written = ""
        match node.type:
            case "paragraph":
                written = self._inline(node)
            case "heading":
                text = self._inline(node, breaks=False)
                written = f"{'#' * max(3, int(node.tag[1:]))} {text}" if text else ""
            case "fence" | "code_block":
                written, cut = fenced(node.content, node.info)
                self.was_cut |= cut
            case "hr":
                # Not "---", which after a list's bullet would be another rule.
                written = "***"
            case "table":
                written = table(node, lambda cell: self._inline(cell, breaks=False, in_table=True))
            case "blockquote":
                written = self._quote(node, depth)
            case "bullet_list" | "ordered_list":
                written = self._list(node, depth, alternate=alternate)
        return written

    def _quote(self, node: SyntaxTreeNode, depth: int) -> str:
        body = "\n\n".join(written for _, written in self._children(node, depth + 1))
        return "\n".join(f"> {line}".rstrip() for line in body.split("\n")) if body else ""

    def _list(self, node: SyntaxTreeNode, depth: int, *, alternate: bool) -> str:
        items = [list(self._children(item, depth + 1)) for item in self._admitted(node)]
        tight = all(map(_is_tight, items))
        number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
        if number is not None and number + len(items) > 999_999_999:
            number = 1
        gap = "\n" if tight else "\n\n"
        lines = []
        for offset, item in enumerate(items):
            bullet = _BULLETS[alternate] if number is None else f"{number + offset}{_DELIMITERS[alternate]}"
            body = gap.join(written for _, written in item).replace("\n", "\n" + " " * (len(bullet) + 1))
            lines.append("\n".join(line.rstrip() for line in f"{bullet} {body}".split("\n")))
        return gap.join(lines)

    def _admitted(self, node: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
        for item in node.children:
            if self._items >= MAX_ITEMS:  # guard: many-items (15)
                self.was_cut = True
                return
            self._items += 1
            yield item

    def _inline(self, node: SyntaxTreeNode, *, breaks: bool = True, in_table: bool = False) -> str:
        self._texts += 1
        if self._texts > MAX_TEXTS:  # guard: many-texts (15)
            self.was_cut = True
            return ""
        content = "".join(child.content for child in node.children)
        text = Paragraph(content, node.parent.type if node.parent else "", breaks=breaks, table=in_table)
        written = write(text, self._policy, self._environment, self._tail)
        self.was_cut |= written.was_cut
        self._tail = self._tail.then(written.runs)
        return written.markdown


def _is_tight(item: list[_Written]) -> bool:
    """Whether paragraph and nested bullets of an item can stand without blank lines between them."""
    if not item:
        return True
    first, *rest = [node for node, _ in item]
    if first.type != "paragraph" or not first.hidden or len(rest) > 1:
        return False
    return all(child.type == "bullet_list" and _begins_with_text(child) for child in rest)


def _begins_with_text(node: SyntaxTreeNode) -> bool:
    first = node.children[0]
    return bool(first.children) and first.children[0].type == "paragraph"
