"""Ways to put untrusted plain text into Markdown. The result still goes through the renderer."""

import re
from typing import Final

from bot.domain.text.characters import clean, one_line

_CODE_LIMIT: Final = 120
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~#&!$])")
_LEADING: Final = re.compile(r"^(\d{0,9})([-+=:.)])")


def code(text: str) -> str:
    """An inline code span with the text on one line, at most 120 characters ("…" where cut); "" for nothing.

    Not for table cells: there a "|" in the text would end the cell.
    """
    return code_span(shorten(one_line(text), _CODE_LIMIT))


def literal(text: str) -> str:
    """Markdown that reads as exactly this plain text, on one line, wherever it is put."""
    return _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", one_line(text)))


def quote(text: str, limit: int = 280) -> str:
    """A block quote of the plain text, cut to `limit` characters; line breaks stay, empty lines go."""
    lines = (literal(line) for line in shorten(clean(text).strip(), limit).split("\n"))
    return "\n".join(f"> {line}" for line in lines if line)


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning and "…", at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def code_span(text: str) -> str:
    """An inline code span of one clean line, kept as it is; "" for nothing."""
    text = text.strip()
    if not text:
        return ""
    ticks = "`" * (longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def longest_run(text: str) -> int:
    """Length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
