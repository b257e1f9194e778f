"""What a question is about, and whether a text answers it without saying so in the form."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from bot.capabilities.missing_info import numbers
from bot.domain.report import Report, squash, systems


class Topic(Enum):
    """Kinds of answers that can be recognised in running text."""

    VERSION = "version"
    SYSTEM = "system"
    STEPS = "steps"
    OTHER = "other"


_SYSTEM: Final = re.compile(
    r"\b(?:os|operating systems?|platform|environment|system info(?:rmation)?|distribution)\b", re.I
)
_VERSION: Final = re.compile(r"\b(?:version|release|build|commit)s?\b", re.I)
_STEPS: Final = re.compile(r"\b(?:steps?|repro\w*|how to reproduce|minimal example)\b", re.I)
_TELLING: Final = re.compile(
    r"\b(?:repro\w*|steps?|when i|if i|i (?:ran|run|click\w*|open\w*|typed?|call\w*)|then)\b", re.I
)
_NEWEST: Final = re.compile(
    r"\b(?:latest (?:version|release|main|master|nightly|commit)|(?:on|from) (?:main|master))\b", re.I
)
_COMMAND: Final = re.compile(
    r"\b(?:to repro\w*|repro\w*|steps?|(?:when|whenever|if|after|once) (?:i|we|you|one) \w+|"
    r"(?:i|we) (?:run|ran(?! into)|type[ds]?|call(?:ed)?|use[ds]?|tr(?:y|ied)|did|execute[ds]?)|"
    r"running|calling|typing|executing|invoking|just run|run)\b[^\n.!?`]{0,60}`[^`\n]{2,}`",
    re.I,
)
"""One line that says how to make it happen: "Running `rocket go` prints nothing"."""
_WORDS: Final = re.compile(r"[^\W\d_]+")
_NO_NAMES: Final = frozenset(
    [
        *("version", "versions", "release", "build", "commit", "number", "exact", "affected", "what", "which"),
        *("your", "the", "of", "are", "is", "you", "using", "use", "do", "does", "this", "on", "in", "and", "or"),
        *("installed", "project", "package", "software", "app", "library", "run", "running", "see", "issue"),
    ]
)


def topic_of(label: str) -> Topic:
    """What a form's question asks for, by its (English) label."""
    if _STEPS.search(label):
        return Topic.STEPS
    if _SYSTEM.search(label):
        return Topic.SYSTEM
    return Topic.VERSION if _VERSION.search(label) else Topic.OTHER


def tells(label: str, text: Report, project: str, *, reply: bool = False) -> bool:
    """Whether a text answers the question with this label in passing. `project` is the repository's name; a `reply`
    was written when the question had been asked."""
    match topic_of(label):
        case Topic.VERSION:
            return _tells_version(label, text, project, reply=reply)
        case Topic.SYSTEM:
            return bool(systems(text.visible))
        case Topic.STEPS:
            return _tells_steps(text)
        case Topic.OTHER:
            return False


def reports(label: str, environment: Mapping[str, str], project: str) -> bool:
    """Whether an environment report (versions by component) answers the question with this label."""
    match topic_of(label):
        case Topic.VERSION:
            ours, names = _names(label, project)
            return any(not (names or ours).isdisjoint(_WORDS.findall(one)) for one in environment)
        case Topic.SYSTEM:
            return "system" in environment
        case Topic.STEPS | Topic.OTHER:
            return False


def _names(label: str, project: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of the project's name, and those of what else the question names; case-folded."""
    ours = frozenset({*_WORDS.findall(squash(project)), squash(project)})
    return ours, frozenset(one for one in _WORDS.findall(squash(label)) if one not in _NO_NAMES) - ours


def _tells_version(label: str, text: Report, project: str, *, reply: bool) -> bool:
    """The project's own version may stand anywhere, another one near the name that the question asks about."""
    ours, names = _names(label, project)
    if any(numbers.in_code(code, names or ours, unnamed=not names) for code in text.code):
        return True
    if names:
        return numbers.beside(text.written, names)
    return bool(_NEWEST.search(text.written)) or numbers.in_prose(text.written, ours, reply=reply)


def _tells_steps(text: Report) -> bool:
    in_a_block = bool(text.code) and bool(_TELLING.search(text.visible))
    return text.steps >= 2 or in_a_block or bool(_COMMAND.search(text.written))
