"""Which numbers with a dot in them are versions: those that their shape or the words before them make plausible."""

import re
from collections.abc import Set as AbstractSet
from typing import Final

from bot.domain.report import versions

_NEAR: Final = 60
_BESIDE: Final = 40
_MANY_WORDS: Final = 8

_NAMING: Final = frozenset(["version", "versions", "ver", "release", "releases", "build", "tag", "v"])
_HAVING: Final = frozenset(
    [
        *("installed", "install", "running", "run", "using", "use", "used", "tried", "tested", "have", "got", "on"),
        *("upgraded", "upgrade", "upgrading", "updated", "update", "updating", "downgraded", "downgrade", "migrated"),
        *("downgrading", "switched", "bumped", "since", "in", "with", "until", "before", "after", "latest"),
        "newest",
    ]
)
_PASSED_OVER: Final = frozenset(
    [
        *("a", "an", "the", "my", "our", "its", "is", "was", "it", "it's", "i", "we", "i'm", "am", "are", "be", "to"),
        *("from", "of", "that", "this", "which", "number", "now", "still", "and", "or", "app", "application"),
        *("package", "software", "library", "tool", "project", "program", "integration", "plugin", "extension"),
        *("sorry", "oh", "ah", "oops", "yes", "ok", "forgot", "here", "should", "think", "would"),
    ]
)
# What has a version of its own and is hardly ever what a project asks for by "Version" alone.
_FOREIGN: Final = re.compile(
    r"\b(?:windows(?: server)?|mac ?os(?: ?x)?|os ?x|ubuntu|debian|fedora|centos|rhel|red hat|alpine|android|ios|"
    r"freebsd|linux|kernel|python|node(?: ?js|\.js)?|java|jdk|ruby|php|perl|gcc|clang|npm|pip|chrome|chromium|firefox|"
    r"safari|edge)[^\w\n]{0,3}(?:(?:versions?|release|build)[^\w\n]{0,3})?v?$",
    re.I,
)
_WORD_BEFORE: Final = re.compile(r"(?<!\w)([^\W\d_][\w'’]*)[ \t:=@/(\[\"'“”`*_,-]*$")
_ADJECTIVE: Final = re.compile(r"[^\W\d_]{1,40} $")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SOMEBODY_ELSES: Final = "?"
_UNCLEAR: Final = "…"

_CALENDAR_DAY: Final = re.compile(r"(?:19|20)\d\d\.\d\d\.\d\d|\d\d?\.\d\d?\.(?:19|20)\d\d")
_DAY: Final = re.compile(r"[0-3]?\d\.0\d")
_COORDINATE: Final = re.compile(r"\d+\.\d\d+")
_SECOND_COORDINATE: Final = re.compile(r"\s?[,;/]\s?-?\d+\.\d\d+(?![\d.])")
_UNIT: Final = re.compile(
    r"\s?(?:[%°€$£]|(?:percent|degrees?|times|(?:milli|micro|nano)?sec(?:ond)?s?|ms|µs|ns|s|min(?:ute)?s?|h|hours?|"
    r"hrs?|days?|weeks?|months?|years?|am|pm|o'clock|[kmµcn]?m|met(?:re|er)s?|inch(?:es)?|feet|ft|miles?|"
    r"[kKMGT]i?B(?:/s)?|[kKMGT]?bytes?|[kKMGT]?bits?|[kMG]?Hz|[mk]?g|[mk]?V|[mk]?W|fps|px|pt|em|x|million|billion)"
    r"(?![\w-]))"
)
_NAMED_AFTER: Final = re.compile(r"[`\"'”)]?\s(?:version|release|build|beta|alpha|series)\b", re.I)

_PINNED: Final = re.compile(
    r"(?<![\w.-])([\w.-]{1,40}(?:[ \t][A-Z]\w{0,20})?)"
    r"(?:(?P<sure>[ \t]{0,4}(?:==|>=|~=|@)[ \t]{0,4}|,?[ \t]{1,4}version:?[ \t]{1,4})|[ \t:=(-]{1,3})$"
)
_LABELLED: Final = re.compile(r"(?:^|\n)[ \t]{0,4}version:?[ \t]{1,4}$", re.I)
_ANSWERED: Final = re.compile(
    r"([^\W\d_]+)[ \t]+(?:--version|-V|version)[ \t]*\n{1,2}[ \t]*(?:[\w-]{1,30}[ \t,]+)?(?:version[ \t]+)?$", re.I
)


def in_prose(text: str, names: AbstractSet[str], *, reply: bool = False) -> bool:
    """Whether a text without blocks of code names a version of the project, whose names (case-folded) are `names`.

    In a `reply` to the question the bare number is enough.
    """
    return any(_is_version(found, text, names, reply=reply) for found in versions(text))


def beside(text: str, names: AbstractSet[str]) -> bool:
    """Whether a number stands a little behind one of these names in a text without blocks of code."""
    return any(
        _names_one(text[max(0, found.start() - _BESIDE) : found.start()], names)
        for found in versions(text)
        if not _UNIT.match(text, found.end()) and not _CALENDAR_DAY.fullmatch(found.group())
    )


def in_code(code: str, names: AbstractSet[str], *, unnamed: bool) -> bool:
    """Whether a block of code pins one of these names (`rocket==1.4`, `rocket 1.4.0`) or shows the answer to
    `rocket --version`; where `unnamed`, a line `Version: 1.4.0` is enough."""
    return any(
        _is_shown(found.group(), code[max(0, found.start() - _NEAR) : found.start()], names, unnamed=unnamed)
        for found in versions(code)
        if not _UNIT.match(code, found.end())
    )


def _is_shown(number: str, before: str, names: AbstractSet[str], *, unnamed: bool) -> bool:
    if _is_of_others(before, names):
        return False
    whole = number.count(".") > 1
    pinned, answered = _PINNED.search(before), _ANSWERED.search(before)
    if pinned and (whole or pinned["sure"]) and _names_one(pinned[1], names):
        return True
    return bool(answered and _names_one(answered[1], names)) or bool(unnamed and whole and _LABELLED.search(before))


def _is_version(found: re.Match[str], text: str, names: AbstractSet[str], *, reply: bool) -> bool:
    number = found.group()
    word = _word_before(text[max(0, found.start() - _NEAR) : found.start()].rpartition("\n")[2], names)
    if word == _SOMEBODY_ELSES or _UNIT.match(text, found.end()):
        return False
    if word in _NAMING or word in names or _NAMED_AFTER.match(text, found.end()):
        return True
    parts = number.count(".") + 1
    if parts > 3 or _CALENDAR_DAY.fullmatch(number):
        return False
    if parts == 3 or not number.replace(".", "").isdigit():
        return True
    return (word in _HAVING and not _is_day_or_place(number, text, found.end())) or (reply and not word)


def _is_day_or_place(number: str, text: str, end: int) -> bool:
    place = _COORDINATE.fullmatch(number) and _SECOND_COORDINATE.match(text, end)
    return bool(_DAY.fullmatch(number) or place)


def _word_before(before: str, names: AbstractSet[str]) -> str:
    """The nearest telling word before a number, case-folded; "" if nothing stands there that could mean another thing.

    One name of whatever it is may stand between: "using HA 2024.5", "Rocket Studio 1.4".
    """
    titled = False
    for _ in range(_MANY_WORDS):
        if _is_of_others(before, names):
            return _SOMEBODY_ELSES
        found = _WORD_BEFORE.search(before)
        if found is None:
            return _UNCLEAR if titled or any(map(str.isalnum, before)) else ""
        word = found[1].casefold().replace("’", "'")
        if word in _NAMING | _HAVING or word in names:
            return word
        if word not in _PASSED_OVER:
            if titled or found[1].islower():
                return _UNCLEAR
            titled = True
        before = before[: found.start()]
    return _UNCLEAR


def _is_of_others(before: str, names: AbstractSet[str]) -> bool:
    """Whether the text ends with a system or a language, and not with the project's own ("Rocket Python version")."""
    found = _FOREIGN.search(before)
    if found is None:
        return False
    adjective = _ADJECTIVE.search(before[: found.start()]) if "version" in found.group().casefold() else None
    return not _names_one(found.group() + (adjective[0] if adjective else ""), names)


def _names_one(text: str, names: AbstractSet[str]) -> bool:
    return not names.isdisjoint(_LETTERS.findall(text.casefold()))
