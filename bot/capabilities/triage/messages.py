"""What people read."""

from collections.abc import Collection, Sequence
from typing import Final

from bot.capabilities.triage.areas import Area
from bot.capabilities.triage.kinds import Kind
from bot.domain.text import Prose, Text, code, literal

_A_KIND: Final = {
    Kind.BUG: "a bug",
    Kind.ENHANCEMENT: "an enhancement",
    Kind.QUESTION: "a question",
    Kind.DOCUMENTATION: "a matter of documentation",
}
BY_PATHS: Final = "by the changed paths"
BY_LIKENESS: Final = "because it reads like reports that people put there"
"""How areas were found, after their labels."""


def labelled(
    kind: str | None, reason: str, areas: Sequence[str], commands: Collection[str], *, how: str = BY_PATHS
) -> Text:
    """One line beside other sections: which labels were set and why. `commands` are the names that are on."""
    hints = []
    if "why" in commands:
        hints.append("`/why` tells more")
    if "unlabel" in commands:
        hints.append(f"{_command('unlabel', *_labels(kind, areas))} undoes it")
    tail = f"; {', '.join(hints)}" if hints else ""
    return (Prose(f"Labelled {_with_reasons(kind, reason, areas, how)}{tail}."),)


def suggested(kind: str | None, reason: str, areas: Sequence[str], commands: Collection[str]) -> Text:
    """The labels that would fit, and how a maintainer sets them."""
    labels = _labels(kind, areas)
    how = ""
    if "label" in commands:
        how = f" A maintainer can set {'it' if len(labels) == 1 else 'them'} with {_command('label', *labels)}."
    noun = "A label that may fit" if len(labels) == 1 else "Labels that may fit"
    return (Prose(f"{noun}: {_with_reasons(kind, reason, areas, BY_PATHS)}.{how}"),)


def maybe(areas: Sequence[Area], commands: Collection[str]) -> Text:
    """Area labels that are named, not set. Nothing where there are none."""
    if not areas:
        return ()
    named = ", ".join(f"{code(one.label)} ({literal(one.reason)})" for one in areas)
    how = f"; {_command('label', *(one.label for one in areas))} sets {'it' if len(areas) == 1 else 'them'}"
    return (Prose(f"It may belong to {named}{how if 'label' in commands else ''}."),)


def withdrawn() -> Text:
    """The section goes because people have decided."""
    return (Prose("The labels here are in your hands now."),)


def unsure(doubt: str) -> Text:
    """Answer to /triage: no label."""
    return (Prose(f"I cannot tell what kind this is ({literal(doubt)}), so I left the labels alone."),)


def already(label: str) -> Text:
    """Answer to /triage: the label is there."""
    return (Prose(f"Nothing to change: {code(label)} is already set, and it still fits."),)


def left_to_people(label: str, present: Sequence[str]) -> Text:
    """Answer to /triage: another kind label was put there by a person or a form."""
    stays = "was set by a person, so it stays" if len(present) == 1 else "were set by people, so they stay"
    return (Prose(f"By the text I would say {code(label)}, but {_list(present)} {stays}."),)


def removed_before(label: str) -> Text:
    """Answer to /triage: a person took this label off."""
    back = _command("label", label)
    return (Prose(f"By the text I would say {code(label)}, but a person took it off before. {back} puts it back."),)


def no_label(kind: Kind) -> Text:
    """Answer to /triage: the repository has no label for the kind."""
    return (Prose(f"This looks like {_A_KIND[kind]}, but the repository has no label for it that I may set."),)


def _labels(kind: str | None, areas: Sequence[str]) -> list[str]:
    return [*([kind] if kind else []), *areas]


def _with_reasons(kind: str | None, reason: str, areas: Sequence[str], how: str) -> str:
    parts = []
    if kind is not None:
        parts.append(f"{code(kind)} because {literal(reason)}" if reason else code(kind))
    if areas:
        parts.append(f"{_list(areas)} {how}")
    return ", and ".join(parts)


def _list(labels: Sequence[str]) -> str:
    return ", ".join(code(one) for one in labels)


def _command(name: str, *labels: str) -> str:
    quoted = ", ".join(f'"{one}"' if "," in one else one for one in labels)
    return code(f"/{name} {quoted}")
