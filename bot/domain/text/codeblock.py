"""Code blocks, in which nothing is live on GitHub; but other bots read raw lines."""

import re
from typing import Final

from bot.domain.text.characters import fold
from bot.domain.text.quoting import longest_run

MAX_CODE: Final = 20_000
LINE_MARK: Final = "· "
"""Put before "/word" or "@name" at the start of a line of code, so that no other bot reads a command."""

_LANGUAGE: Final = re.compile(
    "bash|bat|c|cmake|console|cpp|cs|css|csv|diff|dockerfile|go|html|ini|java|javascript|js|json|json5|jsonc|kotlin"
    "|lua|make|makefile|markdown|md|patch|perl|php|powershell|py|python|pycon|r|rb|rst|ruby|rust|scala|sh|shell|sql"
    "|swift|text|toml|ts|tsx|typescript|txt|xml|yaml|yml|zsh"
)
_CALL: Final = re.compile(r"^(?:[\s>]|[-*+](?=\s)|\d{1,9}[.)](?=\s))*[/@](?=\w)")


def fenced(content: str, info: str = "") -> tuple[str, bool]:
    """A fenced block that holds the (clean) content, and whether it had to be cut. Only plain language names stay."""
    lines = [mark_call(line) for line in content.removesuffix("\n").split("\n")]
    text = "\n".join(lines)
    cut = len(text) > MAX_CODE
    if cut:  # guard: long-code (15)
        text = text[:MAX_CODE].rpartition("\n")[0] + "\n…"
    language = info.split(maxsplit=1)[0].lower() if info.split() else ""
    fence = "`" * max(3, longest_run(text) + 1)  # guard: code-fences (11): as "```"
    # guard: code-languages (11): always
    return f"{fence}{language if _LANGUAGE.fullmatch(language) else ''}\n{text}\n{fence}", cut


def is_call(line: str) -> bool:
    """Whether a bot that reads raw lines may see a command or a mention at the start of this one."""
    return _CALL.match(fold(line)[0]) is not None


def mark_call(line: str) -> str:
    """The line, with a visible mark after its indentation where it would be a call."""
    if not is_call(line):  # guard: calls-in-code (8): as True
        return line
    text = line.lstrip()
    return f"{line[: len(line) - len(text)]}{LINE_MARK}{text}"
