"""Decides whether somebody is pointed to the security policy."""

from typing import Final

from bot.capabilities.security import messages
from bot.capabilities.security.manifest import MANIFEST
from bot.domain.actions import DropSection, SetSection
from bot.domain.capability import Context, Manifest
from bot.domain.facts import MAINTAINER_ASSOCIATIONS, Facts
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.sensitive import is_sensitive

_METHOD: Final = "rules 1"
_EVIDENCE: Final = "words that reports of vulnerabilities use; they are not repeated here"


class Security:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        """Never: such a text goes nowhere else."""
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        item = facts.item
        # guard: open-issues-are-pointed (34): without item.locked
        if item.is_pull or item.state != "open" or item.locked:
            return Skip("only open issues are looked at")
        if item.author.is_bot or item.association in MAINTAINER_ASSOCIATIONS:  # guard: pointed-people (7): each
            return Skip("the author is a maintainer or a bot")
        if is_sensitive(item):
            why = Explanation("pointed to the security policy", (_EVIDENCE,), _METHOD)
            return Plan((SetSection(messages.pointer(facts.community.security), alone=True),), why)
        if MANIFEST.id in facts.memory.sections:
            why = Explanation("took the pointer back", ("the text was changed",), _METHOD)
            return Plan((DropSection(messages.withdrawn()),), why)
        return Skip("nothing looks like a vulnerability")
