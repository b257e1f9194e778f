"""Decides whether somebody is new here."""

from typing import Final, cast

from bot.capabilities.welcome import messages
from bot.capabilities.welcome.config import WelcomeOptions
from bot.capabilities.welcome.manifest import MANIFEST
from bot.domain.actions import SetSection
from bot.domain.capability import Context, Manifest
from bot.domain.facts import MAINTAINER_ASSOCIATIONS, Facts, Item
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.sensitive import LEFT_ALONE, is_sensitive
from bot.domain.text import Text

_METHOD: Final = "the author's earlier items"
_GHOST: Final = "ghost"


class Welcome:
    """See the manifest."""

    @property
    def manifest(self) -> Manifest:
        return MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        reason = _objection(facts)
        if reason:
            return Skip(reason)
        kind = "pull request" if facts.item.is_pull else "issue"
        text = _text(facts, cast(WelcomeOptions, context.options))
        return Plan((SetSection(text),), Explanation("welcomed", (f"the author's first {kind} here",), _METHOD))


def _objection(facts: Facts) -> str:
    """Why nobody is welcomed; empty if somebody is. Unknown counts as known: no greeting for the wrong people."""
    item = facts.item
    if _needs_no_welcome(item):
        return "the author is a maintainer, a bot or gone"
    if item.state != "open" or item.locked:
        return "the item is closed or locked"
    if is_sensitive(item):  # guard: welcomes-to-vulnerabilities (17)
        return LEFT_ALONE
    if facts.author is None:
        return "the author's earlier items are unknown"
    earlier = facts.author.pulls if item.is_pull else facts.author.issues
    return "the author was here before" if earlier else ""


def _needs_no_welcome(item: Item) -> bool:
    return item.author.is_bot or item.author.login == _GHOST or item.association in MAINTAINER_ASSOCIATIONS


def _text(facts: Facts, options: WelcomeOptions) -> Text:
    if not facts.item.is_pull:
        return messages.first_issue(options.issue_text, facts.community)
    waiting = facts.checks_waiting or facts.item.from_fork
    return messages.first_pull(options.pull_text, facts.community, checks_wait=waiting)
