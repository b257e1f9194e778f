"""The part of the repository configuration that is about missing information."""

from typing import Annotated

from pydantic import AfterValidator, Field

from bot.capabilities.missing_info.environment import profiles
from bot.domain.capability import Options

NO_PROFILE = "none"


def _known(name: str) -> str:
    if name != NO_PROFILE and name not in profiles():
        raise ValueError(f"no such profile; there are {', '.join(sorted(profiles()))} and none")
    return name


class MissingInfoOptions(Options):
    """How reports are asked to be completed."""

    label: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The label of incomplete reports; without one, the repository's needs-info label."""

    ask_without_form: bool = True
    """Whether a bug report without a form is asked for a version, a system or steps that the bug form requires."""

    profile: Annotated[str, Field(max_length=50), AfterValidator(_known)] | None = None
    """The ecosystem whose environment report is asked for, such as `pytorch` or `node`; `none` for no one's. Without
    it, the one that the repository or its issue forms plainly belong to."""

    def extra_labels(self) -> frozenset[str]:
        return frozenset({self.label} if self.label else ())
