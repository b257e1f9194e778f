"""The part of the repository configuration that is about triage."""

from typing import Annotated, Final

from pydantic import Field

from bot.capabilities.triage.kinds import Kind
from bot.domain.capability import Options

DEFAULT_LABELS: Final = {
    Kind.BUG: ("bug",),
    Kind.ENHANCEMENT: ("enhancement", "feature"),
    Kind.QUESTION: ("question",),
    Kind.DOCUMENTATION: ("documentation",),
}

LabelName = Annotated[str, Field(min_length=1, max_length=100)]
Glob = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0.5, le=1)]
Precision = Annotated[float, Field(ge=0.5, le=0.99)]


class TriageOptions(Options):
    """Which label stands for which kind, how sure to be, and labels for parts of the repository."""

    kinds: dict[Kind, LabelName | tuple[LabelName, ...]] = Field(default={}, max_length=len(Kind))
    """Label names of each kind: `bug`, `enhancement`, `question`, `documentation`; the first that exists is used, an
    empty list switches the kind off. Without it: the kind's own name, for enhancements also `feature`, and other labels
    of the allow-list that plainly mean it (`type: bug`, `kind/feature`)."""

    minimum_confidence: Share = 0.85
    """The rules decide only above this."""

    model_confidence: Share = 0.8
    """A model's answer counts only from this on."""

    precision: Precision = 0.9
    """How often a label must be right, by the repository's own history, before what was learned from it acts."""

    areas: dict[LabelName, tuple[Glob, ...]] = Field(default={}, max_length=50)
    """Labels for parts of the repository, by the paths that a pull request changes or an issue names: "docs/**",
    "**/*.py", "src/cli/"."""

    def labels_for(self, kind: Kind) -> tuple[str, ...]:
        """The names that may stand for a kind, best first."""
        names = self.kinds.get(kind, DEFAULT_LABELS[kind])
        return (names,) if isinstance(names, str) else names

    def extra_labels(self) -> frozenset[str]:
        named = (name for kind in self.kinds for name in self.labels_for(kind))
        return frozenset((*self.areas, *named))
