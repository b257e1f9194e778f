"""The one renderer: untrusted Markdown goes in, inert Markdown comes out.

Capabilities build `Text` (with `code`, `literal` and `quote` around foreign words); only `render` and
`render_suggestion` make the `Rendered` that may be sent to GitHub.
"""

from bot.domain.text.marker import Marker, find_marker, make_marker
from bot.domain.text.model import Details, Prose, RenderPolicy, Text, UnsafeText
from bot.domain.text.quoting import code, literal, quote
from bot.domain.text.render import MAX_BODY, Rendered, render, render_suggestion

__all__ = [
    "MAX_BODY",
    "Details",
    "Marker",
    "Prose",
    "RenderPolicy",
    "Rendered",
    "Text",
    "UnsafeText",
    "code",
    "find_marker",
    "literal",
    "make_marker",
    "quote",
    "render",
    "render_suggestion",
]
