"""Evidence in English wording: a table of patterns for the title and for the prose, each with its weight."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.capabilities.triage.kinds import Kind, Signal

_MAX_PROSE: Final = 8_000
_FIELD: Final = re.compile(r"^[^:\n]{1,40}:[ \t]*(?:\S+[ \t]+){0,3}\S*$")
"""An entry such as "Type: Bug": not wording."""


@dataclass(frozen=True, slots=True)
class _Cue:
    """A pattern and what it counts for; weights were fitted on labelled issues of five projects."""

    id: str
    kind: Kind
    weight: float
    pattern: re.Pattern[str]


def _cue(id_: str, kind: Kind, weight: float, pattern: str) -> _Cue:
    return _Cue(id_, kind, weight, re.compile(pattern, re.I))


_BUG, _ENH, _ASK, _DOC = Kind.BUG, Kind.ENHANCEMENT, Kind.QUESTION, Kind.DOCUMENTATION

TITLE_CUES: Final = (
    _cue(
        "t_crash",
        _BUG,
        1.4,
        r"\b(?:crash(?:e[sd]|ing)?|seg(?:mentation )?fault(?:s|ed)?|hangs?|freez(?:es?|ing)|deadlock|"
        r"data race|panic(?:s|ked)?|memory leak|leaks)\b",
    ),
    _cue(
        "t_error",
        _BUG,
        0.5,
        r"\berrors?\b|\bexceptions?\b|\b\w+(?:Error|Exception)\b",
    ),
    _cue(
        "t_fails",
        _BUG,
        0.9,
        r"\bfail(?:s|ed|ing|ure|ures)?\b|\bintermittent\w*",
    ),
    _cue(
        "t_broken",
        _BUG,
        0.7,
        r"\b(?:broken|breaks|regression|bug|buggy|wrong(?:ly)?|incorrect(?:ly)?|invalid|"
        r"unexpected(?:ly)?|inconsisten\w+|corrupt\w*|flicker\w*|stale|duplicated?|overflow|"
        r"infinite loop)\b",
    ),
    _cue(
        "t_negation",
        _BUG,
        0.4,
        r"\b(?:does ?n['’]?t|does not|is ?n['’]?t|is not|are not|aren['’]t|did ?n['’]t|no longer|"
        r"missing)\b",
    ),
    _cue(
        "t_when",
        _BUG,
        0.5,
        r"\b(?:when|after|while|on) (?:\w+ ){0,3}\w+",
    ),
    _cue(
        "t_how",
        _ASK,
        1.1,
        r"^\W*(?:how|why|what|where|which|when|who)\b|\bhow (?:to|do|can|should)\b",
    ),
    _cue(
        "t_question_mark",
        _ASK,
        0.3,
        r"\?\s*$",
    ),
    _cue(
        "t_question",
        _ASK,
        0.4,
        r"\b(?:question|questions|help needed|need help|confus\w+|clarif\w+|understand\w*|"
        r"difference between)\b",
    ),
    _cue(
        "t_add",
        _ENH,
        1.6,
        r"^(?:[\w./()\[\] -]{1,25}: ?)?\W*(?:add|allow|support(?! for| of)|implement|provide|enable|introduce|expose"
        r"|make|improve|consider|extend|create|include|let|use|replace|remove|move|reduce|simplify|"
        r"optimi[sz]e|update|rename|port|refactor|deprecate|drop)(?:ing)?\b",
    ),
    _cue(
        "t_request",
        _ENH,
        1.0,
        r"\b(?:feature|enhancement|proposal|suggestion|idea|rfc|rfe|wish(?:list)?|request(?:ing)?)\b",
    ),
    _cue(
        "t_support_for",
        _ENH,
        1.0,
        r"\bsupport (?:for|of)\b|\b(?:ability|option|way|api|command|setting) (?:to|for)\b|"
        r"\bshould (?:\w+ )?(?:support|allow|provide|have|be able|be possible|include|accept|expose|use|"
        r"show)\b|\bsupport\s*$",
    ),
    _cue(
        "t_build",
        _ASK,
        0.3,
        r"\b(?:install\w*|compil\w+|build(?:ing)?|cmake|linking|pip|npm|import(?:ing)?)\b",
    ),
    _cue(
        "t_i",
        _ASK,
        0.6,
        r"\b(?:i|i['’]m|my|me)\b|\bplease\b",
    ),
    _cue(
        "t_docs",
        _DOC,
        1.6,
        r"\b(?:docs?|documentation|readme|docstrings?|changelog|tutorial|api reference|man ?page|"
        r"user guide|javadoc)\b",
    ),
    _cue(
        "t_typo",
        _DOC,
        2.0,
        r"\b(?:typos?|misspell\w+|spelling|grammar|dead link|broken links?)\b",
    ),
)

PROSE_CUES: Final = (
    _cue(
        "b_crash",
        _BUG,
        0.7,
        r"\b(?:crash(?:e[sd]|ing)?|seg(?:mentation )?fault\w*|hangs|freezes|deadlock|data race|"
        r"memory leak|assertion failed)\b",
    ),
    _cue(
        "b_bug",
        _BUG,
        1.0,
        r"\b(?:bug|regression|broken)\b",
    ),
    _cue(
        "b_used_to",
        _BUG,
        0.7,
        r"\b(?:used to work|"
        r"work(?:s|ed) (?:fine |well |correctly |as expected )?(?:in|with|on|before|until)|"
        r"since (?:i )?(?:upgrad\w+|updat\w+|the (?:last|latest|recent)|version|v?\d)|"
        r"after (?:upgrad\w+|updat\w+)|no longer|previous(?:ly)? (?:version|worked|release))\b",
    ),
    _cue(
        "b_wrong",
        _BUG,
        0.3,
        r"\b(?:wrong|incorrect(?:ly)?|unexpected(?:ly)?|inconsistent|not working|doesn['’]t work|"
        r"does not work|intermittent\w*)\b",
    ),
    _cue(
        "b_master",
        _BUG,
        0.5,
        r"\b(?:on|in|with|from) (?:the )?(?:latest |current )?(?:master|main|nightly|insiders?|trunk|"
        r"HEAD)\b|\b(?:bisect\w*|introduced (?:in|by)|regressed|root cause|flaky|sanitizer|fuzz\w*)\b",
    ),
    _cue(
        "b_how",
        _ASK,
        0.5,
        r"\b(?:how (?:can|do|could|should|would|to) (?:i|we|you|one)?|"
        r"what (?:is|would be|'s) the (?:best|right|correct|proper|recommended) way|what should i|"
        r"how to)\b",
    ),
    _cue(
        "b_help",
        _ASK,
        0.9,
        r"\b(?:please help|help me|any (?:help|ideas?|suggestions?|advice|pointers?|thoughts)|"
        r"can (?:anyone|someone|somebody|anybody|you)|could (?:anyone|someone|you)|does any(?:one|body)|"
        r"in advance|appreciated?)\b",
    ),
    _cue(
        "b_question_mark",
        _ASK,
        0.6,
        r"\?(?:\s|$)",
    ),
    _cue(
        "b_why",
        _ASK,
        0.8,
        r"(?:^|[.!?]\s+|\b(?:and|but|so|understand|know) )(?:why|what|where|which)\b[^.!\n]{1,200}\?",
    ),
    _cue(
        "b_trying",
        _ASK,
        1.3,
        r"\b(?:i(?:['’]m| am| was|['’]ve| have)(?: been)? (?:trying|attempting|building|using|working"
        r"|getting|facing|having|developing|following|creating|learning)"
        r"|i (?:tried|try|want|need|followed|installed|downloaded|compiled|have a))\b",
    ),
    _cue(
        "b_hello",
        _ASK,
        0.7,
        r"(?:^|\n)\W*(?:hi|hello|hey|dear|good (?:morning|day|evening))\b",
    ),
    _cue(
        "b_would_be",
        _ENH,
        1.2,
        r"\b(?:(?:would|will|could|might) be (?:\w+ )?(?:nice|great|useful|helpful|good|cool|better"
        r"|handy|awesome|beneficial|convenient|possible|ideal|interesting)"
        r"|it['’]d be|"
        r"would (?:really )?(?:help|love|benefit|improve|make it easier|allow (?:us|me|users|for|the))|"
        r"nice to have)\b",
    ),
    _cue(
        "b_feature",
        _ENH,
        1.3,
        r"\b(?:(?:new|this|a) feature|feature[ -](?:requests?|idea)|enhancement|proposal)\b",
    ),
    _cue(
        "b_request",
        _ENH,
        1.2,
        r"\b(?:i (?:propose|suggest)|we (?:propose|could|should) |my suggestion|"
        r"would like to (?:be able|have|see|propose|suggest|request|add)|"
        r"please (?:add|support|implement|consider|provide|allow|make)|"
        r"(?:could|can) (?:we|you) (?:please )?(?:add|have|support|implement|provide|make)|"
        r"wish(?: there)?|i(?:['’]d| would) (?:love|like) (?:if|it if|for))\b",
    ),
    _cue(
        "b_no_way",
        _ENH,
        0.8,
        r"\b(?:(?:currently|at the moment|right now|today),? (?:there(?:['’]s| is| are) no"
        r"|it is(?:n['’]t| not) possible|no way|we|only|the|you)"
        r"|there(?:['’]s| is) (?:currently )?no (?:\w+ )?(?:way|option|support|api|method)|"
        r"not (?:currently |yet )?(?:support(?:ed)?|possible|available|implemented)|lacks?|use[ -]cases?"
        r"|should (?:support|allow|provide|be able|be possible|offer)|allow(?:s|ing)? users|"
        r"users (?:could|can|should|may|want))\b",
    ),
    _cue(
        "b_docs",
        _DOC,
        1.8,
        r"\b(?:the |your )?(?:docs|documentation|readme|docstrings?|"
        r"tutorial)\b[^.\n]{0,60}\b(?:out(?:dated| of date)|missing|unclear|wrong|incorrect|confusing|"
        r"mislead\w+|says?|states?|should|typos?|lacks?|does(?:n['’]t| not))\b|\b(?:missing|unclear|"
        r"outdated|incorrect|improve|update|fix) (?:\w+ ){0,3}(?:docs|documentation|readme|"
        r"docstrings?)\b",
    ),
    _cue(
        "b_typo",
        _DOC,
        1.4,
        r"\b(?:typo|misspell\w+|spelling mistake|dead link|broken link)\b",
    ),
)


def wording(title: str, prose: str) -> Iterator[Signal]:
    """Evidence in the words of an English report; each cue counts once."""
    for cue in TITLE_CUES:
        found = cue.pattern.search(title)
        if found:
            yield Signal(cue.id, cue.kind, cue.weight, f"the title says “{_shown(found)}”")
    lines = prose[:_MAX_PROSE].split("\n")
    text = "\n".join(line for line in lines if "|" not in line and not _FIELD.match(line))
    for cue in PROSE_CUES:
        found = cue.pattern.search(text)
        if found:
            yield Signal(cue.id, cue.kind, cue.weight, f"the text says “{_shown(found)}”")


def _shown(found: re.Match[str]) -> str:
    return " ".join(found.group().split())[:60]
