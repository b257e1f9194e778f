"""Makes the only texts that may be sent to GitHub."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import InitVar, dataclass
from typing import Final

from bot.domain.text.blocks import Writer
from bot.domain.text.characters import clean, is_hidden, is_mark, one_line
from bot.domain.text.codeblock import is_call
from bot.domain.text.marker import is_marker
from bot.domain.text.model import Details, Prose, RenderPolicy, Text, UnsafeText
from bot.domain.text.quoting import longest_run, shorten
from bot.domain.text.summary import summary_text

MAX_BODY: Final = 60_000
MAX_INPUT: Final = 100_000
MAX_SUGGESTION: Final = 10_000
_MAX_FOOTER: Final = 5_000
_CUT_NOTE: Final = "*The rest was cut: it is too long for a comment.*"
_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body that went through the renderer. Nothing else can make one."""

    body: str
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:  # guard: seal (9)
            raise TypeError("only the renderer makes Rendered")


def render(text: Text, policy: RenderPolicy, *, marker: str | None = None, footer: Text = ()) -> Rendered:
    """The text as inert Markdown, at most 60,000 characters, cut at block borders (and it says so).

    `marker` (from `make_marker`) becomes the first line, `footer` the end that is never cut away.
    Raises ValueError for another marker.
    """
    if marker is not None and not is_marker(marker):  # guard: foreign-markers (15)
        raise ValueError("a marker comes from make_marker")
    writer = Writer(policy)
    head = f"{marker}\n" if marker else ""  # guard: marker-line (15): as ""
    blocks = _fitting(text, writer, MAX_BODY - _MAX_FOOTER - len(head) - len(_CUT_NOTE) - 10)
    if writer.was_cut:
        blocks.append(_CUT_NOTE)
    blocks += _fitting(footer, writer, _MAX_FOOTER - 10)  # guard: says-it-is-automated (15)
    return Rendered(head + "\n\n".join(blocks), _SEAL)


def render_suggestion(
    replacement: tuple[str, ...], *, original: tuple[str, ...], lead: Text, policy: RenderPolicy
) -> Rendered:
    """A review comment that suggests to put the lines of `replacement` where `original` stands.

    The replacement is written as it is. Raises UnsafeText where it adds a hidden character, holds a line
    break, is over 10,000 characters, or has a line that another bot could take for a command or a mention.
    """
    _check_suggestion(replacement, original)
    writer = Writer(policy)
    lines = "".join(f"{line}\n" for line in replacement)
    fence = "`" * max(3, longest_run(lines) + 1)  # guard: suggestion-fences (14): as "```"
    suggestion = f"{fence}suggestion\n{lines}{fence}"
    blocks = _fitting(lead, writer, MAX_BODY - len(suggestion) - len(_CUT_NOTE) - 10)
    if writer.was_cut:
        blocks.append(_CUT_NOTE)
    return Rendered("\n\n".join([*blocks, suggestion]), _SEAL)


def _check_suggestion(replacement: tuple[str, ...], original: tuple[str, ...]) -> None:
    if sum(map(len, replacement)) > MAX_SUGGESTION:  # guard: long-suggestions (14)
        raise UnsafeText(f"a suggestion holds at most {MAX_SUGGESTION:,} characters")
    # guard: line-breaks-in-suggestions (14)
    if any(len(line.splitlines()) > 1 or re.search(r"[\r\n]", line) for line in replacement):
        raise UnsafeText("a line of a suggestion holds a line break")
    added = Counter(filter(_is_suspect, "".join(replacement))) - Counter("".join(original))
    if added:  # guard: characters-that-suggestions-add (12)
        raise UnsafeText(f"a suggestion adds the invisible character U+{ord(min(added)):04X}")
    if any(is_call(line) for line in replacement):  # guard: calls-in-suggestions (8)
        raise UnsafeText("a line of a suggestion begins like a command or a mention")


def _is_suspect(char: str) -> bool:
    return is_hidden(char) or is_mark(char)  # guard: marks-that-suggestions-add (12): each


def _fitting(text: Text, writer: Writer, room: int) -> list[str]:
    """The blocks that fit into `room` characters with the blank lines between them."""
    fitting: list[str] = []
    available = MAX_INPUT
    for part in text:
        if available <= 0:
            writer.was_cut = True
            break
        source = part.markdown[:available]  # guard: long-input (15): without [:available]
        writer.was_cut |= len(source) < len(part.markdown)
        available -= len(source)
        opening, closing = _frame(part)
        # guard: clean-input (12): without clean
        kept = list(_take(writer.blocks(clean(source), part.numbers), room - len(opening) - len(closing) - 4, writer))
        if kept or opening:
            framed = [block for block in (opening, *kept, closing) if block]
            fitting += framed
            room -= sum(len(block) + 2 for block in framed)
    return fitting


def _take(blocks: Iterator[str], room: int, writer: Writer) -> Iterator[str]:
    for block in blocks:
        room -= len(block) + 2
        if room < 0:  # guard: long-bodies (15)
            writer.was_cut = True
            return
        yield block


def _frame(part: Prose | Details) -> tuple[str, str]:
    if isinstance(part, Prose):
        return "", ""
    summary = summary_text(shorten(one_line(part.summary), 200))  # guard: fold-summaries (10, 11): without summary_text
    return f"<details><summary>{summary}</summary>", "</details>"
