"""Ordinary answers of maintainers, and how many of their visible words the renderer changes."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from random import Random
from typing import Final

from markdown_it import MarkdownIt

from bot.domain.text import Prose, RenderPolicy, render

LIMIT: Final = 0.01
_PAGE: Final = "https://github.com/sample-org/tidepool"
_POLICY: Final = RenderPolicy(
    _PAGE, "https://github.com/sample-org", link_prefixes=("https://docs.example.org/tidepool",)
)

_THINGS: Final = (
    "the parser",
    "`read_log`",
    "the `--zone` option",
    "a log without a time zone",
    "version 1.4.2",
    "Python 3.12",
    "`tidepool/parser.py`",
    "the export",
    "**the default**",
    "the cache in `~/.cache/tidepool`",
    "NumPy 2.1",
    "the CI job",
    "the `Reading` class",
    "a row with 3 fields",
    "UTF-8",
    "the [guide](https://github.com/sample-org/tidepool/blob/main/docs/guide.md)",
    "the [reference](https://docs.example.org/tidepool/api)",
    "and/or",
    "the I/O layer",
    "`C:\\logs\\pier.tpl`",
    "*your* branch",
    "the `@property` on `Reading`",
    "`@pytest.fixture`",
    "`#define ZONE`",
    "`git rebase -i HEAD~2`",
    "a 404",
    "50% of the rows",
    "the TCP/IP stack",
    "step 2",
    "docs/guide.md",
    "x = y + 1",
    "the year 2024",
    "a list[int]",
    "issue templates",
    "C++ and C#",
    "`src/**/*.py`",
    "~5 ms",
    "a < b",
    "AT&T syntax",
    "3 * 4 * 5",
    "snake_case_names",
    '"quoted words"',
    "it’s",
    "naïve café",
)
_SENTENCES: Final = (
    "Thanks for the report, I can reproduce this with {}.",
    "This looks like a duplicate of an older report about {} and {}.",
    "Could you try again with {} and tell us what happens?",
    "The reason is that {} does not know about {}; we should document it.",
    "I would expect {} here, but it returns {} instead.",
    "If you set {}, then {} works as before (see the notes).",
    "We fixed that on the main branch; the next release has {}.",
    "Please add a test for {}, and a line to `CHANGELOG.md`.",
    "Good idea! I wonder whether {} should be the default: what do you think?",
    "It depends on {}: on Linux it is fine, on Windows {} fails.",
    "You can work around it by removing {} first.",
    "Sorry for the late answer. {} was changed in 1.3.0, so {} behaves differently now.",
)
_CODE: Final = (
    '```python\nfrom tidepool import read_log\n\nfor reading in read_log("harbour.tpl"):\n    print(reading.time)\n```',
    "```python\nclass Reading:\n    @property\n    def level(self) -> float:\n        return self._level\n```",
    "```sh\npip install tidepool==1.4.2\ntidepool --zone Europe/Lisbon pier.tpl > out.csv\n```",
    "```yaml\nname: build\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n```",
    'Traceback:\n\n```\n  File "tidepool/parser.py", line 42, in read_log\nValueError: no rows in /var/log/a.tpl\n```',
    '```toml\n[tool.tidepool]\nowner = "team@example.org"\n```',
)
_REST: Final = (
    "| option | meaning |\n| --- | --- |\n| `--zone` | time zone of the log |\n| `--offset` | metres to add |",
    "> It stops at an empty row.\n\nThat should not happen.",
    "### Next steps\n\n1. Open the file.\n2. Look for the empty row.\n3. Remove it.",
    "See https://github.com/sample-org/tidepool/blob/main/docs/install.md for the details.",
    "You can also write to conduct@example.org about this.",
    "In the class there is a decorator `@cached_property`; you can drop @property there.",
)


@dataclass(frozen=True, slots=True)
class Loss:
    """`changed` words of the original are not seen any more; `coded` are seen, in code where they were not."""

    texts: int
    words: int
    changed: int
    coded: int

    @property
    def share(self) -> float:
        return (self.changed + self.coded) / max(self.words, 1)


def ordinary(count: int, seed: int) -> list[str]:
    """Answers of one to six blocks, the same ones for the same seed."""
    choose = Random(seed)
    return ["\n\n".join(_block(choose) for _ in range(choose.randint(1, 6))) for _ in range(count)]


def _block(choose: Random) -> str:
    kind = choose.random()
    if kind < 0.12:
        return choose.choice(_CODE)
    if kind < 0.2:
        return choose.choice(_REST)
    sentences = [_sentence(choose) for _ in range(choose.randint(1, 4))]
    return "\n".join(f"- {one}" for one in sentences) if kind < 0.35 else " ".join(sentences)


def _sentence(choose: Random) -> str:
    pattern = choose.choice(_SENTENCES)
    return pattern.format(*(choose.choice(_THINGS) for _ in range(pattern.count("{}"))))


def loss_of(texts: Sequence[str]) -> Loss:
    """Compare what a reader sees of each text before and after."""
    words = changed = coded = 0
    for text in texts:
        before, after = _seen(text), _seen(render((Prose(text),), _POLICY).body)
        words += before.words.total()
        changed += (before.words - after.words).total()
        coded += max(0, after.code - before.code)
    return Loss(len(texts), words, changed, coded)


class _Seen(HTMLParser):
    """Words that a reader sees, and how many of them stand in code."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: Counter[str] = Counter()
        self.code = 0
        self._depth = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        found = re.findall(r"\S+", data)
        self.words.update(found)
        self.code += len(found) if self._depth else 0


def _seen(markdown: str) -> _Seen:
    page = _Seen()
    page.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))
    page.close()
    return page
