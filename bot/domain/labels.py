"""Names of labels, as GitHub compares them: without case."""

from collections.abc import Iterable


def spelled(names: Iterable[str], existing: Iterable[str]) -> tuple[str, ...]:
    """The names as the repository spells them, in their order; those that it lacks are left out.

    GitHub's label names ignore case, so that `bug` and `Bug` are one label. A name with two spellings (which other
    servers may have) must be exact.
    """
    exact = frozenset(existing)
    by_fold: dict[str, list[str]] = {}
    for name in sorted(exact):
        by_fold.setdefault(name.casefold(), []).append(name)
    found: dict[str, None] = {}
    for name in names:
        alike = by_fold.get(name.casefold(), [])
        if name in exact:
            found[name] = None
        elif len(alike) == 1:
            found[alike[0]] = None
    return tuple(found)


def spelled_or_same(name: str, existing: Iterable[str]) -> str:
    """The name as the repository spells it, or as it is where the repository lacks it."""
    return next(iter(spelled((name,), existing)), name)
