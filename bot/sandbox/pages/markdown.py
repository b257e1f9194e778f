"""Markdown as the page shows it: comments hidden, a few harmless tags kept, all other HTML escaped."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_COMMENT = re.compile(r"<!--.*?(-->|$)", re.DOTALL)
_KEPT = re.compile(r"&lt;(/?(?:details|summary|sub|sup|kbd|br)(?: open)?)&gt;")


def render(text: str) -> str:
    """Return HTML that is safe to put into the page."""
    return str(_parser().render(text))


def _parser() -> MarkdownIt:
    # the parser must see HTML to know it from text; the two rules below decide what is shown
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).disable("image")
    parser.add_render_rule("html_block", _html)
    parser.add_render_rule("html_inline", _html)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("link_open", _link)
    return parser


def _html(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
    del self, options, env
    shown = escape(_COMMENT.sub("", tokens[idx].content), quote=False)
    return _KEPT.sub(r"<\1>", shown)


def _fence(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
    del self, options, env
    token = tokens[idx]
    code = f"<pre><code>{escape(token.content)}</code></pre>"
    if token.info.strip() == "suggestion":
        return f'<div class="suggestion"><p>Suggested change</p>{code}</div>'
    return code


def _link(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
    tokens[idx].attrSet("rel", "noopener noreferrer nofollow")
    return self.renderToken(tokens, idx, options, env)
