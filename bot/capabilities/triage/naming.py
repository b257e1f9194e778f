"""Which kind a repository's label stands for, by its name."""

import re
from functools import lru_cache
from typing import Final

from bot.capabilities.triage.kinds import Kind

# Prefixes of label families: "type: bug", "kind/bug", "t-bug", "issue:bug", "[Type] Bug".
_FAMILY: Final = re.compile(r"^\W*(?:(?:issue[ _-]?)?type|kind|category|issue|t|k)\W*[:/\-_=> ]\W*", re.I)
_NO_WORD: Final = re.compile(r"[^a-z]+")
_NAMES: Final = {
    "bug": Kind.BUG,
    "bugs": Kind.BUG,
    "bug report": Kind.BUG,
    "defect": Kind.BUG,
    "regression": Kind.BUG,
    "enhancement": Kind.ENHANCEMENT,
    "enhancements": Kind.ENHANCEMENT,
    "feature": Kind.ENHANCEMENT,
    "features": Kind.ENHANCEMENT,
    "feature request": Kind.ENHANCEMENT,
    "feature requests": Kind.ENHANCEMENT,
    "new feature": Kind.ENHANCEMENT,
    "improvement": Kind.ENHANCEMENT,
    "question": Kind.QUESTION,
    "questions": Kind.QUESTION,
    "support": Kind.QUESTION,
    "support question": Kind.QUESTION,
    "usage question": Kind.QUESTION,
    "documentation": Kind.DOCUMENTATION,
    "docs": Kind.DOCUMENTATION,
    "doc": Kind.DOCUMENTATION,
}


@lru_cache(1024)
def kind_of_label(name: str) -> Kind | None:
    """The kind that a label plainly stands for, whatever its family prefix, case and emoji; else None."""
    plain = _NO_WORD.sub(" ", _FAMILY.sub("", name).lower()).strip()
    return _NAMES.get(plain) or _NAMES.get(_NO_WORD.sub(" ", name.lower()).strip())
