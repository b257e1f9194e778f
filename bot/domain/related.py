"""Items that are like the one that an event is about, as the index of the repository gave them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelatedItem:
    """An older item of the same repository. `score` 0..1; `shared` are the terms that say most about the likeness,
    `parts` its aspects with their cosines. `state` and `state_reason` are those of the history."""

    number: int
    is_pull: bool
    state: str
    state_reason: str
    score: float
    parts: tuple[tuple[str, float], ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """An issue that was closed as done. GitHub gives no reason for those that were closed before there were any."""
        return not self.is_pull and self.state == "closed" and self.state_reason in ("completed", "")


@dataclass(frozen=True, slots=True)
class ClaimedOriginal:
    """The item that this one repeats: older, of the same kind, and itself no duplicate as far as people said.

    `strength` reached the bar that was earned on the repository's own marked duplicates.
    """

    item: RelatedItem
    strength: float
    bar: float


@dataclass(frozen=True, slots=True)
class Relation:
    """What the index says about an item. `near` are ordered, most alike first, each the one that stands for its
    duplicates; `silence` says why there is nothing, in a few plain words, where it is not for want of likeness; `note`
    what the comparison had to do without."""

    near: tuple[RelatedItem, ...] = ()
    original: ClaimedOriginal | None = None
    silence: str = ""
    note: str = ""
