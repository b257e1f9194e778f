"""The part of the repository configuration that is about missing information."""

from typing import Annotated

from pydantic import Field

from bot.domain.capability import Options


class MissingInfoOptions(Options):
    """How reports are asked to be completed."""

    label: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The label of incomplete reports; without one, the repository's needs-info label."""

    ask_without_form: bool = True
    """Whether a bug report without a form is asked for a version, a system or steps that the bug form requires."""

    def extra_labels(self) -> frozenset[str]:
        return frozenset({self.label} if self.label else ())
