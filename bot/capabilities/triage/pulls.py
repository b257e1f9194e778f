"""The kind of a pull request, by its title and its paths, and the areas that it changes."""

import re
from collections.abc import Sequence
from typing import Final

from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.globs import any_matches
from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.rules import Judgement
from bot.domain.documents import is_documentation
from bot.domain.facts import ChangedFile
from bot.domain.language import Language, language

KINDS: Final = (Kind.BUG, Kind.ENHANCEMENT, Kind.DOCUMENTATION)

# https://www.conventionalcommits.org/
_CONVENTIONAL: Final = re.compile(r"^([a-zA-Z]+)(?:\([^()\n]{0,60}\))?!?:\s")
_TYPES: Final = {
    "fix": Kind.BUG,
    "bugfix": Kind.BUG,
    "hotfix": Kind.BUG,
    "feat": Kind.ENHANCEMENT,
    "feature": Kind.ENHANCEMENT,
    "docs": Kind.DOCUMENTATION,
    "doc": Kind.DOCUMENTATION,
}
_NO_KIND: Final = frozenset(
    {"build", "chore", "ci", "perf", "refactor", "release", "revert", "style", "test", "tests", "deps", "bump", "wip"}
)
_FIX: Final = re.compile(r"^\W{0,3}(?:fix(?:e[sd]|ing)?|resolves?|correct(?:s|ed)?|prevents?)\b", re.I)
_ADD: Final = re.compile(r"^\W{0,3}(?:adds?|adding|implements?|introduces?|supports?|allows?|enables?)\b", re.I)
_ASIDE: Final = re.compile(
    r"\b(?:typos?|docs?|documentation|readme|comments?|tests?|testing|ci|lint\w*|style|build|changelog|warnings?|"
    r"workflows?|spelling|links?|deps|dependenc\w+|examples?|types?|typing|flak\w+)\b",
    re.I,
)


def judge_pull(title: str, files: Sequence[ChangedFile]) -> Judgement:
    """The kind of a pull request; none where the title says that it is maintenance, or nothing."""
    spoken = language(title)
    if files and all(is_documentation(one.path) for one in files):
        return Judgement(Kind.DOCUMENTATION, 0.97, ("only documentation is changed",), spoken)
    found = _CONVENTIONAL.match(title)
    kind = _TYPES.get(found[1].lower()) if found else None
    if found and kind:
        return Judgement(kind, 0.95, (f"the title begins with “{found[0].strip()}”",), spoken)
    if spoken is Language.OTHER or _ASIDE.search(title):
        return Judgement(None, 0.0, (), spoken)
    for pattern, meant, confidence in ((_FIX, Kind.BUG, 0.9), (_ADD, Kind.ENHANCEMENT, 0.88)):
        word = pattern.match(title)
        if word:
            return Judgement(meant, confidence, (f"the title begins with “{word[0].strip()}”",), spoken)
    return Judgement(None, 0.0, (), spoken)


def is_maintenance(title: str) -> bool:
    """Whether a conventional prefix (chore:, ci:, …) says that none of the kinds fits."""
    found = _CONVENTIONAL.match(title)
    return found is not None and found[1].lower() in _NO_KIND


def areas_of(files: Sequence[ChangedFile], options: TriageOptions) -> tuple[str, ...]:
    """The area labels whose globs fit a changed path, in the configuration's order."""
    paths = [one.path for one in files]
    return tuple(label for label, globs in options.areas.items() if any_matches(paths, globs))
