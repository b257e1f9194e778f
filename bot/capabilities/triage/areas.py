"""Which parts of the repository an issue is about: by what was learned, else by what it names, which are paths and the
area's own name in the title.

Named, and set only in `mode: earned`, those labels that earned it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.capabilities.triage.config import TriageOptions
from bot.capabilities.triage.globs import any_matches
from bot.domain.capability import Context, Mode
from bot.domain.facts import Facts
from bot.domain.labels import spelled
from bot.domain.learned import Measure

MOST: Final = 2
_FAMILY: Final = re.compile(
    r"^\W*(?:areas?|components?|comp|modules?|packages?|pkg|subsystem|scope|topic|crate|lib|part)\s*[:/\-=]\s*(?P<name>.+)$",
    re.I,
)
_PATH: Final = re.compile(r"(?<![\w/:.@-])(?:\./)?((?:[\w.-]{1,60}/){1,12}[\w.-]{0,80})(?![\w/])")
_PREFIX: Final = re.compile(r"^\W{0,2}\[?([\w /.-]{2,40}?)(?:\]|:\s|\]:)")
_WORD: Final = re.compile(r"[\w.+-]+")
_MAX_TEXT: Final = 20_000
_MAX_PATHS: Final = 200
_SHORTEST: Final = 3
_LEARNED: Final = "it reads like reports that people put there"


@dataclass(frozen=True, slots=True)
class Area:
    """A label that may fit, and what was seen, in plain words that can follow "because".

    `measure` is what answers of this method about this label were worth; None where nobody measured.
    """

    label: str
    reason: str
    measure: Measure | None = None

    @property
    def evidence(self) -> str:
        """What was seen and measured; for /why."""
        if self.measure is None or self.measure.threshold is None:
            return f"{self.label}: {self.reason}"
        measured = f"sure from {self.measure.threshold:.2f} on; {self.measure.describe(forward=True)}"
        return f"{self.label}: {self.reason}; {measured}"


def areas_of_issue(facts: Facts, context: Context, options: TriageOptions) -> tuple[Area, ...]:
    """The area labels that fit, at most MOST; only existing ones that the maintainers allow and nobody took off."""
    text = f"{facts.item.title}\n{facts.item.body}"[:_MAX_TEXT]
    paths = tuple(dict.fromkeys(found[1] for found in _PATH.finditer(text)))[:_MAX_PATHS]
    usable = {one.name: one.description for one in facts.labels if one.name in context.labels}
    globs = {label: options.areas[name] for name in options.areas for label in spelled((name,), usable)}
    lesson = facts.lesson.areas if facts.lesson else ()
    learned = {one.label: one.measure for one in lesson if is_area(one.label, options)}
    found = []
    for label in (*(one for one in learned if one in usable), *sorted(usable.keys() - learned.keys())):
        if label in facts.item.labels or facts.was_removed(label):
            continue
        seen = _LEARNED if label in learned else ""
        reason = seen or _reason(label, usable[label], globs.get(label, ()), paths, facts.item.title)
        found += [Area(label, reason, learned.get(label))] if reason else []
    return tuple(found[:MOST])


def room(facts: Facts, options: TriageOptions) -> int:
    """How many more areas may be set, so that there are at most MOST on the item, whoever set them."""
    return max(0, MOST - sum(is_area(one, options) for one in facts.item.labels))


def is_area(label: str, options: TriageOptions) -> bool:
    """Whether a label stands for a part of the repository, by its name or by the configuration."""
    return bool(_FAMILY.match(label)) or label.casefold() in {name.casefold() for name in options.areas}


def acts(area: Area, context: Context) -> bool:
    """Whether the label is set, not only named."""
    # guard: earned-areas (4): as True
    return context.mode is Mode.EARNED and area.measure is not None and area.measure.earned


def _reason(label: str, description: str, globs: tuple[str, ...], paths: tuple[str, ...], title: str) -> str:
    hit = next((one for one in paths if globs and any_matches((one,), globs)), None)
    if hit is not None:
        return f"“{hit}” belongs to it"
    family = _FAMILY.match(label)
    if family is None:
        return ""
    name = family["name"].strip().casefold()
    roots = [found[1] for found in _PATH.finditer(description)]
    hit = next((one for one in paths if any(one.startswith(root) for root in roots) or name in _parts(one)), None)
    if hit is not None:
        return f"“{hit}” belongs to it"
    return f"the title names “{name}”" if name in set(_names(title)) else ""


def _parts(path: str) -> set[str]:
    """Folders of a path; of a file its name without an ending, too."""
    folders = path.casefold().split("/")
    return {*folders, folders[-1].partition(".")[0]}


def _names(title: str) -> Iterator[str]:
    opening = _PREFIX.match(title)
    if opening:
        yield opening[1].strip().casefold()
    yield from (word.casefold().strip(".") for word in _WORD.findall(title) if len(word) >= _SHORTEST)
