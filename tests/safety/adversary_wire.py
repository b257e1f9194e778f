"""Hostile text through every action that carries text: composed, rendered and posted as the product does it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.bootstrap import declared_permissions
from bot.capabilities import REGISTRY
from bot.domain import events
from bot.domain.actions import Action, LineComment, Reply, Review, SetSection
from bot.domain.compose import Stage, compose
from bot.domain.events import Event
from bot.domain.facts import AppIdentity
from bot.domain.status import Thread
from bot.domain.text import Details, Prose, RenderPolicy, UnsafeText, render_suggestion
from bot.github.auth import Credentials, GitHubApp
from bot.github.client import open_session
from bot.github.executor import Executor
from bot.runtime import messages
from bot.sandbox import Sandbox
from tests.safety.adversary_service import Told
from tests.safety.judge import judge
from tests.safety.judge_scene import Scene
from tests.safety.town import Place, found, instructions, pulls, rules
from tests.support.answers import WindowsInMemory
from tests.support.desk import LedgerInMemory

RATES: Final = frozenset({"write rates"})
"""Checks without their guard here: the rates are the store's, and this goes past it."""

_KEY: Final = b"k" * 32
_PATH: Final = "docs/logs.md"
_PER_REVIEW: Final = 10
_PLACE: Final = Place(0)


def _section(text: str) -> Action:
    return SetSection((Prose(text),))


def _fold(text: str) -> Action:
    return SetSection((Prose("Here is what I found:"), Details(text, text)))


def _reply(text: str) -> Action:
    return Reply((Prose(text),))


SINGLE: Final[dict[str, Callable[[str], Action]]] = {"status": _section, "fold": _fold, "reply": _reply}
REVIEWED: Final = ("review", "remark", "suggestion")
ACTIONS: Final = (*SINGLE, *REVIEWED)


@dataclass(slots=True)
class Desk:
    """Executes plans on one repository of a sandbox, with nobody listening to its webhooks."""

    sandbox: Sandbox
    app: GitHubApp
    identity: AppIdentity
    told: Told

    async def single(self, kind: str, text: str) -> None:
        """A status comment, one with a fold, or a reply, on an issue of its own."""
        number = self.sandbox.open_issue(_PLACE.repository, "writer", "A report", "It stops.").number
        self.sandbox.comment(_PLACE.repository, number, "writer", "/why")
        await self._carry_out((SINGLE[kind](text),))
        self.told.outputs[kind] += 1

    async def reviewed(self, kind: str, texts: Sequence[str]) -> None:
        """A review with all of these texts, as its own words, as remarks, or as suggestions."""
        lines = "".join(f"Line {number} of the log.\n" for number in range(1, _PER_REVIEW + 1))
        item = self.sandbox.open_pull(_PLACE.repository, "writer", "Explain logs", files={_PATH: lines})
        assert item.pull is not None
        head = item.pull.head_sha
        self.told.outputs[kind] += len(texts)
        remarks = [self._remark(kind, text, line) for line, text in enumerate(texts, 1)]
        kept = tuple(one for one in remarks if one is not None)
        lead = Prose(texts[0] if kind == "review" else "An automatic check.")
        if kept:
            await self._carry_out((Review(head, (lead,), kept),))

    def _remark(self, kind: str, text: str, line: int) -> LineComment | None:
        if kind != "suggestion":
            return LineComment(_PATH, line, (Prose(text),))
        original, lines = (f"Line {line} of the log.",), tuple(text.split("\n"))
        try:
            # The product leaves out what cannot be suggested, as here.
            render_suggestion(lines, original=original, lead=(Prose(text),), policy=RenderPolicy("", ""))
        except UnsafeText:
            self.told.texts["suggestions refused"] += 1
            return None
        return LineComment(_PATH, line, (Prose(text),), suggestion=lines, original=original)

    async def _carry_out(self, actions: tuple[Action, ...]) -> None:
        event = self._event()
        url = event.repository.url
        stage = Stage(
            repository=event.repository.id,
            number=event.number,
            reply_to=f"issue_comment-{event.comment.id}" if event.comment else "",
            policy=RenderPolicy(url, url.rsplit("/", 1)[0]),
            marker_key=_KEY,
            footer=messages.footer(),
            order=("triage",),
        )
        effects = compose([("triage", actions)], Thread(), stage, frozenset())
        github = self.app.client(event.installation, event.repository.id)
        await Executor(github, event, self.identity, LedgerInMemory(), _owned, _KEY).run(effects)

    def _event(self) -> Event:
        sent = self.sandbox.deliveries[-1]
        parsed = events.parse(sent.event, sent.guid, sent.payload)
        assert isinstance(parsed, Event)
        return replace(parsed, kind=f"{sent.event}.{sent.action}")


async def _owned() -> None:
    """Nobody else works here."""


async def through_executor(texts: Sequence[str], *, everywhere: bool) -> Told:
    """Post the texts, each by one action in turn or, `everywhere`, by every action; then judge."""
    async with Sandbox.start() as sandbox, open_session() as session:
        found(sandbox, (_PLACE,))
        sandbox.add_user("writer")
        app = GitHubApp(
            session, Credentials(sandbox.app_id, sandbox.private_key), api_url=sandbox.url, windows=WindowsInMemory(),
            declared=declared_permissions(tuple(one.manifest for one in REGISTRY)),
        )  # fmt: skip
        desk = Desk(sandbox, app, await app.identity(), Told())
        for kind, part in _shared(texts, everywhere=everywhere).items():
            if kind in SINGLE:
                for text in part:
                    await desk.single(kind, text)
            else:
                for start in range(0, len(part), _PER_REVIEW):
                    await desk.reviewed(kind, part[start : start + _PER_REVIEW])
        return _judged(sandbox, desk.told)


def _shared(texts: Sequence[str], *, everywhere: bool) -> dict[str, Sequence[str]]:
    if everywhere:
        return dict.fromkeys(ACTIONS, texts)
    return {kind: texts[place :: len(ACTIONS)] for place, kind in enumerate(ACTIONS)}


def _judged(sandbox: Sandbox, told: Told) -> Told:
    scene = Scene(
        requests=sandbox.requests,
        deliveries=sandbox.deliveries,
        tokens=sandbox.tokens,
        rules=rules(sandbox, (_PLACE,)),
        pulls=pulls(sandbox, (_PLACE,)),
        secrets=(sandbox.webhook_secret,),
        instructions=instructions(),
    )
    told.violations += judge(scene, without=RATES)
    for one in sandbox.writes:
        if isinstance(one.body, dict):
            told.texts["texts of the executor"] += ("body" in one.body) + len(one.body.get("comments", ()))
        if one.status >= 300:
            told.texts[f"refused by GitHub with {one.status}"] += 1
    return told
