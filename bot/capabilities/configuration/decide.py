"""Decides what to say about a configuration."""

from bot.capabilities.configuration import messages
from bot.capabilities.configuration.manifest import MANIFEST
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Context, Manifest
from bot.domain.facts import Facts
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.repo_config import PATH

_METHOD = "configuration schema"


class Configuration:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        if any(one.path == PATH for one in facts.files):
            return _pull(facts, context)
        if facts.broken_configuration:
            why = Explanation("the configuration in use is broken", facts.broken_configuration, _METHOD)
            return Plan(
                (SetSection(messages.mistakes_on_default_branch(facts.broken_configuration)),), why, commanded=True
            )
        return Skip("the configuration is not touched")


def _pull(facts: Facts, context: Context) -> Plan | Skip:
    if facts.proposed_configuration is None:
        return Skip("the configuration file is removed or cannot be read")
    mistakes = context.check_configuration(facts.proposed_configuration)
    if mistakes:
        why = Explanation("the proposed configuration has mistakes", mistakes, _METHOD)
        return Plan((SetSection(messages.mistakes_in_pull(mistakes)),), why)
    if MANIFEST.id in facts.memory.sections:
        return Plan((DropSection(messages.mended()),), Explanation("the mistakes are mended", (), _METHOD))
    return Skip("the proposed configuration is fine")
