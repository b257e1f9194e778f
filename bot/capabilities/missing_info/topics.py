"""What a question is about, and whether a text answers it without saying so in the form."""

import re
from enum import Enum
from typing import Final

from bot.domain.report import Report, squash, systems, versions


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
_SYSTEM_BEFORE: Final = re.compile(
    r"(?:windows(?: server)?|mac ?os(?: ?x)?|os ?x|ubuntu|debian|fedora|centos|rhel|red hat|alpine|android|ios|"
    r"freebsd|linux|kernel)[^\w\n]{0,3}$",
    re.I,
)
_WORDS: Final = re.compile(r"[^\W\d_]+")
_NO_NAMES: Final = frozenset(
    [
        *("version", "versions", "release", "build", "commit", "number", "exact", "affected", "what", "which"),
        *("your", "the", "of", "are", "is", "you", "using", "use", "do", "does", "this", "on", "in", "and", "or"),
        *("installed", "project", "package", "software", "app", "library", "run", "running", "see", "issue"),
    ]
)
_NEAR: Final = 40


def topic_of(label: str) -> Topic:
    """What a form's question asks for, by its (English) label."""
    if _STEPS.search(label):
        return Topic.STEPS
    if _SYSTEM.search(label):
        return Topic.SYSTEM
    return Topic.VERSION if _VERSION.search(label) else Topic.OTHER


def tells(label: str, text: Report, project: str) -> bool:
    """Whether a text answers the question with this label in passing. `project` is the repository's name."""
    match topic_of(label):
        case Topic.VERSION:
            return _tells_version(label, text.visible, project)
        case Topic.SYSTEM:
            return bool(systems(text.visible))
        case Topic.STEPS:
            return text.steps >= 2 or (bool(text.code) and bool(_TELLING.search(text.visible)))
        case Topic.OTHER:
            return False


def _tells_version(label: str, visible: str, project: str) -> bool:
    """A version counts near the name that the question asks about; the project's own may stand anywhere."""
    ours = {*_WORDS.findall(squash(project)), squash(project)}
    names = {one for one in _WORDS.findall(squash(label)) if one not in _NO_NAMES} - ours
    if not names and _NEWEST.search(visible):
        return True
    start = 0
    for version in versions(visible):
        start = visible.index(version, start)
        before = visible[max(0, start - _NEAR) : start]
        start += len(version)
        if names & set(_WORDS.findall(before.casefold())):
            return True
        if not names and not _SYSTEM_BEFORE.search(before):
            return True
    return False
