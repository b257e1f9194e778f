"""GitHub's Markdown for a terminal: what a reader of the page does not see is left out."""

import re
from typing import ClassVar, Final

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Markdown, MarkdownElement
from rich.padding import Padding
from rich.text import Text

_COMMENT: Final = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_SUMMARY: Final = re.compile(r"<details>\s*<summary>(.*?)</summary>")
_SUGGESTION: Final = re.compile(r"^(`{3,})suggestion\n(.*?)\n?^\1$", re.DOTALL | re.MULTILINE)
_PARSER: Final = MarkdownIt("commonmark")


class _Code(CodeBlock):
    """A block of code without the blank lines that rich puts around it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Padding(Text(str(self.text).rstrip(), style="cyan"), (0, 2))


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements, "fence": _Code, "code_block": _Code
    }  # fmt: skip


def visible(markdown: str) -> str:
    """Without hidden comments; a fold becomes a bold line with what is in it."""
    text = _COMMENT.sub("", markdown)
    return _SUMMARY.sub(r"**▸ \1**", text).replace("</details>", "").strip()


def shown(markdown: str) -> Markdown:
    """Markdown as people see it."""
    return _Markdown(visible(markdown))


def plain(markdown: str) -> str:
    """One line of Markdown as plain text."""
    tokens = _PARSER.parseInline(markdown)[0].children or []
    return "".join(one.content for one in tokens)


def suggestion(body: str) -> tuple[str, list[str] | None]:
    """A review remark's words, and the lines that it suggests instead (None: it suggests nothing)."""
    found = _SUGGESTION.search(body)
    if found is None:
        return body, None
    return body[: found.start()] + body[found.end() :], found[2].split("\n")
