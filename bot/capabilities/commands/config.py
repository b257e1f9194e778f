"""The part of the repository configuration that is about commands."""

from bot.domain.capability import Options


class CommandsOptions(Options):
    """How commands are taken."""

    unlabel_any: bool = False
    """Whether /unlabel may take off labels that people set."""

    did_you_mean: bool = True
    """Whether an unknown command that looks like one of ours is answered."""
