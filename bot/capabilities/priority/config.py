"""The part of the repository configuration that is about priorities."""

from typing import Annotated

from pydantic import Field

from bot.capabilities.priority.evidence import Harm
from bot.domain.capability import Options

LabelName = Annotated[str, Field(min_length=1, max_length=100)]


class PriorityOptions(Options):
    """Which label stands for which harm; without any, this part does nothing."""

    labels: dict[Harm, LabelName] = Field(default={}, max_length=len(Harm))
    """A label for `data_loss`, `crash`, `regression` and `many_users`, the most urgent first: one report gets one."""

    def extra_labels(self) -> frozenset[str]:
        return frozenset(self.labels.values())
