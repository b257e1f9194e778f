"""What goes into the renderer."""

from dataclasses import dataclass
from typing import TypeAlias


class UnsafeText(ValueError):
    """A suggestion that must not be posted; the text says why."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown that nobody has vetted. `numbers`: see `RenderPolicy`; for this text only, and never stored."""

    markdown: str
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Details:
    """Markdown behind a fold; `summary` is plain text."""

    summary: str
    markdown: str
    numbers: frozenset[int] = frozenset()


Text: TypeAlias = tuple[Prose | Details, ...]


@dataclass(frozen=True, slots=True)
class RenderPolicy:
    """What may stay live.

    `repository_url` and `owner_url` are GitHub's html_url ("https://github.com/o/r", "https://github.com/o").
    `template_links` stand literally in default-branch templates, `link_prefixes` are the operator's.
    `numbers` are issues of this repository that the host itself retrieved: "#n" stays live for these only.
    `mention` is the one login that may stay a live @mention.
    """

    repository_url: str
    owner_url: str
    template_links: frozenset[str] = frozenset()
    link_prefixes: tuple[str, ...] = ()
    numbers: frozenset[int] = frozenset()
    mention: str | None = None
