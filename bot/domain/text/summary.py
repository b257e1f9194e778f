"""The text of a fold's summary: HTML, where no code span can make a word dead."""

import html
import re
from typing import Final

from bot.domain.text.characters import fold
from bot.domain.text.codeblock import is_call

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.\-]*:(?://)?(?=\S)|www\.", re.IGNORECASE)
_COMMIT: Final = re.compile(r"(?<![0-9a-z_])[0-9a-f]{7,40}(?![0-9a-z_])", re.IGNORECASE)
_NAMED: Final = re.compile(r"\b(GH|GHSA|CVE)-(?=\w)", re.IGNORECASE)
_CALL: Final = re.compile(r"^[\s/>*+\-]+(?=\w)")


def summary_text(text: str) -> str:
    """The cleaned line as HTML text, without the signs that make a word live on GitHub."""
    # guard: look-alikes-in-summaries (10): as text
    plain = "".join(" " if set(fold(char)[0]) & set("@#$/") and not char.isascii() else char for char in text)
    plain = re.sub(r"[@#$](?=\S)", "", plain)  # guard: signs-in-summaries (10): as plain
    plain = _NAMED.sub(r"\1 ", plain)  # guard: names-in-summaries (13): as plain
    plain = _SCHEME.sub("", plain)  # guard: addresses-in-summaries (11): as plain
    plain = _COMMIT.sub(lambda found: f"{found.group()[:6]}…", plain)  # guard: commits-in-summaries (13): as plain
    plain = _CALL.sub("", plain).strip()
    while "/" in plain and is_call(plain):  # guard: calls-in-summaries (8)
        plain = plain.replace("/", "", 1)
    return html.escape(plain, quote=False)  # guard: html-in-summaries (11): without html.escape
