"""Evidence in a report's structure: what the person declared, and which template's headings are answered."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.capabilities.triage.kinds import Kind, Signal
from bot.domain.facts import IssueForm
from bot.domain.report import Report, Section, is_blank, plain, stack_traces

_WORDS: Final = {
    Kind.BUG: frozenset({"bug", "bugs", "bugfix", "fix", "regression", "crash", "defect"}),
    Kind.ENHANCEMENT: frozenset(
        {"feature", "features", "feat", "enhancement", "enhancements", "proposal", "suggestion", "rfe", "idea"}
    ),
    Kind.QUESTION: frozenset({"question", "questions", "help", "support", "howto"}),
    Kind.DOCUMENTATION: frozenset({"doc", "docs", "documentation", "readme"}),
}
_PREFIX: Final = re.compile(r"^\W{0,3}(?:\[([^\]]{1,40})\]|([A-Za-z][\w /-]{0,30})(?:\([^()]{0,40}\))?!?\s?:(?=\s))")
_TYPE_LINE: Final = re.compile(
    r"^\W{0,4}(?:issue |ticket |report )?(?:type|kind|category)\W{0,4}[:=]\W{0,4}(\w[\w /]{1,30}?)\W{0,4}$",
    re.I,
)
_TYPE_HEADING: Final = re.compile(
    r"\b(?:issue|ticket|report|request|change) (?:type|kind|category)\b|^(?:type|kind|category)\b", re.I
)
_MAX_ANSWER: Final = 60
_CRASHES: Final = frozenset({"C", "Rust"})
"""Languages of which stack_traces() mostly sees the crash itself."""
_PREFIX_WEIGHT: Final = 3.5
_FORM_WEIGHT: Final = 4.0

# What people pick in a "type" question: "bug" is often just the first choice, the others are meant.
_TYPE_WEIGHTS: Final = {Kind.BUG: 0.2, Kind.ENHANCEMENT: 1.7, Kind.QUESTION: 2.4, Kind.DOCUMENTATION: 2.4}

_HEADINGS: Final = (
    ("h_reproduce", Kind.BUG, 0.5, re.compile(r"\b(?:repro\w*|steps? to|how to reproduce)\b", re.I)),
    (
        "h_feature",
        Kind.ENHANCEMENT,
        0.5,
        re.compile(
            r"\b(?:feature|motivation|propos(?:als?|ed)|solution you['’]?d like|use[ -]cases?|enhancement|"
            r"why is this needed|what would you like)\b",
            re.I,
        ),
    ),
    ("h_alternatives", Kind.ENHANCEMENT, 0.5, re.compile(r"\balternatives?\b|\bsolution\b", re.I)),
    ("h_question", Kind.QUESTION, 0.4, re.compile(r"\bquestions?\b|\bwhat are you trying to\b", re.I)),
    ("h_docs", Kind.DOCUMENTATION, 0.5, re.compile(r"\b(?:docs?|documentation)\b", re.I)),
)


def structure(title: str, body: str, report: Report) -> Iterator[Signal]:
    """Declared kinds (prefix, type line) and answered template headings, whatever the language."""
    yield from _prefix(title)
    yield from _declared(body, report.sections)
    yield from _headings(report.sections)


def form_signal(form: IssueForm, labels: Sequence[tuple[str, Kind]]) -> Iterator[Signal]:
    """What a used form says: by the labels it sets, else by its name."""
    kinds = {kind for name, kind in labels if name in form.labels}
    if not kinds:
        kinds = _kinds_in(form.name) or _kinds_in(form.title) or _kinds_in(form.path.rsplit("/", 1)[-1])
    if len(kinds) == 1:
        yield Signal("form", kinds.pop(), _FORM_WEIGHT, f"the form “{form.name}” was used", declared=True)


def artefacts(body: str, report: Report) -> Iterator[Signal]:
    """What reports of failures carry: stack traces and numbered steps."""
    traces = stack_traces(body)
    if traces:
        what = "crash message" if traces[0] in _CRASHES else "stack trace"
        yield Signal("trace", Kind.BUG, 0.8, f"there is a {traces[0]} {what}")
    if report.steps >= 2:
        yield Signal("steps", Kind.BUG, 0.3, f"there are {report.steps} numbered steps")


def _prefix(title: str) -> Iterator[Signal]:
    found = _PREFIX.match(title)
    kinds = _kinds_in(found.group(1) or found.group(2)) if found else set()
    if found and len(kinds) == 1:
        seen = f"the title begins with “{found.group().strip()}”"
        yield Signal("prefix", kinds.pop(), _PREFIX_WEIGHT, seen, declared=True)


def _declared(body: str, sections: Sequence[Section]) -> Iterator[Signal]:
    for answer in _type_answers(body, sections):
        kinds = _kinds_in(answer)
        if len(kinds) == 1:
            kind = kinds.pop()
            seen = f"the report says that it is “{answer}”"
            yield Signal("type", kind, _TYPE_WEIGHTS[kind], seen, declared=True)
            return


def _type_answers(body: str, sections: Sequence[Section]) -> Iterator[str]:
    for one in sections:
        if _asks_for_the_kind(one.heading):
            first = next((line for line in plain(one.text).split("\n") if line.strip()), "")
            if len(first) <= _MAX_ANSWER:
                yield first.strip()
        elif one.heading and not one.text and len(_kinds_in(one.heading)) == 1 and len(one.heading) < 20:
            yield one.heading
    for line in body[:4_000].splitlines():
        if 4 < len(line) < 80 and ":" in line:
            found = _TYPE_LINE.match(plain(line))
            if found:
                yield found.group(1).strip()


def _asks_for_the_kind(heading: str) -> bool:
    """Whether a heading lets the person choose: "Issue type", "Is this a bug or a feature request?"."""
    both = {Kind.BUG, Kind.ENHANCEMENT} <= _kinds_in(heading)
    return both or _TYPE_HEADING.search(heading) is not None


def _headings(sections: Sequence[Section]) -> Iterator[Signal]:
    named = (one for one in sections if one.heading and not _asks_for_the_kind(one.heading))
    answered = [one for one in named if not is_blank(one.text)]
    for id_, kind, weight, pattern in _HEADINGS:
        found = next((one for one in answered if pattern.search(one.heading)), None)
        if found:
            yield Signal(id_, kind, weight, f"the part “{found.heading[:80]}” is filled in", declared=True)


def _kinds_in(text: str) -> set[Kind]:
    words = set(re.findall(r"[a-z]+", text.lower()))
    return {kind for kind, names in _WORDS.items() if words & names}
