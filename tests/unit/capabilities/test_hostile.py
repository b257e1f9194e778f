"""Whatever stands in the facts, deciding ends soon, without an error, and posts nothing live."""

import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from bot.capabilities.commands import CAPABILITY as COMMANDS
from bot.capabilities.missing_info import CAPABILITY as MISSING_INFO
from bot.capabilities.triage import CAPABILITY as TRIAGE
from bot.capabilities.welcome import CAPABILITY as WELCOME
from bot.domain.actions import Reply, SetSection
from bot.domain.capability import Capability, Mode
from bot.domain.commands import Invocation
from bot.domain.facts import AuthorHistory, DecisionRecord, Facts, FormField, IssueForm
from bot.domain.plan import ModelAnswer, Plan
from tests.unit.capabilities.build import NOW, commented, context, facts, rendered

EVIL = "@everyone ![x](https://evil.example/?a=1) <img src=x> fixes #1 | [a](//b) \u202e `\x00\ud800"
BODIES = ["", EVIL, f"### {EVIL}\n\n{EVIL}\n" * 300, "\ud800" * 100, "[" * 60_000, "a: b " * 12_000, "crash " * 10_000]
FORM = IssueForm("f.md", EVIL, EVIL, (EVIL,), (FormField(EVIL, True, "input", (EVIL,), EVIL),))
ANSWER = ModelAnswer({"kind": "bug", "confidence": 1.0, "evidence": EVIL}, EVIL, EVIL)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [tag, *(str(one) for one in attrs)]


def live(markdown: str) -> list[str]:
    """What a reader's browser would follow or load: elements besides our folds, images and addresses."""
    tokens = [child for one in MarkdownIt("commonmark").parse(markdown) for child in (one, *(one.children or ()))]
    tags = Tags()
    tags.feed(" ".join(one.content for one in tokens if one.type.startswith("html")))
    return [
        *(tag for tag in tags.seen if tag not in {"details", "summary"}),
        *(one.type for one in tokens if one.type in {"image", "link_open"}),
    ]


def given(body: str) -> tuple[Facts, ...]:
    decisions = (DecisionRecord(EVIL, NOW, EVIL, EVIL, (EVIL,), EVIL),)
    invocations = tuple(Invocation(name, EVIL, 1) for name in ("label", "unlabel", "why", "help", "triage"))
    return (
        facts(title=f"[bug] {EVIL}", body=body, forms=(FORM,), author=AuthorHistory(0, 0)),
        facts("pull_request.opened", title=f"fix: {EVIL}", body=body, author=AuthorHistory(0, 0)),
        replace(commented(body, role="admin"), invocations=invocations, decisions=decisions),
    )


@pytest.mark.parametrize("mode", [Mode.ACT, Mode.SUGGEST])
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("capability", [TRIAGE, MISSING_INFO, WELCOME, COMMANDS], ids=lambda one: one.manifest.id)
def test_hostile_facts(capability: Capability, body: str, mode: Mode) -> None:
    options = context(capability.manifest.options(), mode=mode)
    start = time.monotonic()
    for one in given(body):
        capability.ask(one, options)
        decided = capability.decide(one, ANSWER, options)
        for action in decided.actions if isinstance(decided, Plan) else ():
            assert isinstance(action, capability.manifest.actions)
            if isinstance(action, SetSection | Reply):
                text = rendered(action.text)
                assert not live(text)
                assert not [line for line in text.splitlines() if line.startswith(("/", "@"))]
    assert time.monotonic() - start < 20
