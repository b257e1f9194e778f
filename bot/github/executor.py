"""The one way to write to GitHub: reads the target, applies only the difference, looks before it repeats."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

import structlog

from bot.domain.actions import Reaction
from bot.domain.effects import Effect, PutLabels, PutReaction, PutReply, PutReview, PutStatus, TakeLabels
from bot.domain.errors import Deferred, Terminal
from bot.domain.events import Event
from bot.domain.facts import AppIdentity
from bot.domain.ports import Fence
from bot.domain.status import Thread
from bot.domain.text import Rendered, find_marker
from bot.github.client import GitHub, path
from bot.github.errors import Absent, Forbidden, Refused
from bot.github.ledger import EffectState, Ledger
from bot.github.sight import Said, Sight, said

log = structlog.get_logger()

LOOKS: Final = tuple(timedelta(seconds=one) for one in (10, 30, 60, 180, 600))
"""When to look again for a write that had no answer, counted from the write: lists may lag behind."""
SETTLE: Final = timedelta(seconds=60)
"""From then on its absence is believed where the issue counts as many comments as its list shows."""
_SLOT: Final = 1.0
"""Seconds after which a write slot is too old to be used."""


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-executors (16): without repr
class Executor:
    """Carries out the effects of one delivery on the item that its event names, and nowhere else."""

    github: GitHub
    event: Event
    app: AppIdentity
    ledger: Ledger
    fence: Fence
    marker_key: bytes

    async def run(self, effects: tuple[Effect, ...], sight: Sight | None = None) -> None:
        """In order. What GitHub refuses for good does not keep the rest back, and is raised at the end as Terminal;
        a receipt then says that something went wrong. Deferred and Unavailable end the run, to be continued later.

        `sight`: what deciding saw a moment ago. A first attempt goes by it while it is fresh; any other asks GitHub.
        """
        try:
            refusal = await self._run_all(effects, sight)
        finally:
            await self.ledger.settle()  # guard: settled-effects (30)
        if refusal is not None:  # guard: refusals-are-told (34)
            raise refusal

    async def _run_all(self, effects: tuple[Effect, ...], sight: Sight | None) -> Terminal | None:
        """The first refusal, if there is one."""
        refusal: Terminal | None = None
        for effect in effects:
            if refusal is not None and isinstance(effect, PutReaction):
                effect = PutReaction(Reaction.CONFUSED)  # noqa: PLW2901 - the receipt is about what was done before it
            try:
                await self._run(effect, sight)
            except (Refused, Absent, Forbidden) as error:
                log.warning("effect_refused", effect=type(effect).__name__, reason=str(error))
                refusal = refusal or error
            if sight is not None and isinstance(effect, PutLabels | TakeLabels):
                sight = sight.without_labels()
        return refusal

    async def _run(self, effect: Effect, sight: Sight | None) -> None:
        match effect:
            case PutLabels():
                await self._put_labels(effect, sight)
            case TakeLabels():
                await self._take_labels(effect)
            case PutStatus():
                await self._put_status(effect, sight)
            case PutReview():
                await self._put_review(effect)
            case PutReply():
                await self._put_reply(effect)
            case PutReaction():
                await self._put_reaction(effect)
            case _:  # pragma: no cover
                assert_never(effect)

    @property
    def _repository(self) -> str:
        return path("repos", self.event.repository.owner, self.event.repository.name)

    @property
    def _issue(self) -> str:
        return f"{self._repository}/issues/{self.event.number}"

    async def _write(
        self, method: str, url: str, data: Mapping[str, Any] | None = None, *, slot: float | None = None
    ) -> Any:
        """One write, if this worker still owns the item. `slot`: when (`time.monotonic()`) its slot was taken."""
        has_slot = slot is not None and time.monotonic() - slot < _SLOT  # guard: fresh-slots (5): as True
        # guard: writes-behind-the-fence (29): without fence
        return await self.github.send(method, url, data, fence=self.fence, has_slot=has_slot)

    async def _slot(self, row: EffectState) -> float | None:
        """When the slot was taken that came with the row; where none was free, one is waited for."""
        if row.wait:  # guard: slots-that-are-waited-for (5)
            await self.github.take_slot()
            return time.monotonic()
        return row.slot_at

    async def _put_labels(self, effect: PutLabels, sight: Sight | None) -> None:
        key = f"labels:{self.event.delivery}:{effect.key}"
        missing = _missing(effect, sight.on_item, sight.in_repository) if sight and sight.shows_labels else None
        # Written down before it is sent: after a lost answer only these are ours, not what people set meanwhile.
        # guard: labels-announced-at-once (4, 30): without detail
        row = await self.ledger.begin(key, detail={"added": missing or []}, follows=bool(missing))
        if row.state == "done":  # guard: labels-once (28)
            return
        if missing and row.fresh and (row.wait or not (sight and sight.fresh)):  # guard: sights-that-wait (3, 4)
            # What was seen will be too old: it is looked for again after the wait, and nothing was sent till then.
            await self.ledger.announce(key, {"added": []})  # guard: labels-before-a-look (4)
            missing = None
        slot = await self._slot(row)
        if missing is None or not row.fresh:
            missing = await self._missing_now(effect, row)
            if missing:
                await self.ledger.announce(key, {"added": _added(row, missing)})  # guard: announced-labels (4, 30)
        if missing:
            try:
                await self._write("POST", f"{self._issue}/labels", {"labels": missing}, slot=slot)
            except (Refused, Absent, Forbidden):
                await self.ledger.refused(key)
                raise
            except Deferred:
                # Nothing was sent: what somebody sets until the next attempt is not ours.
                await self.ledger.announce(key, {"added": list(row.added)})  # guard: deferred-labels (4)
                raise
        await self.ledger.done(key, detail={"added": _added(row, missing)})

    async def _missing_now(self, effect: PutLabels, row: EffectState) -> list[str]:
        missing = _missing(effect, await self._labels(), await self._known_labels())
        if row.fresh or effect.commanded:  # guard: labels-removed-meanwhile (4): as True
            return missing
        removed = await self._removed_by_people()
        return [label for label in missing if label not in removed]

    async def _take_labels(self, effect: TakeLabels) -> None:
        key = f"labels:{self.event.delivery}:{effect.key}"
        if (await self.ledger.begin(key)).state == "done":  # guard: removals-once (28)
            return
        for label in await self._labels() & set(effect.labels):
            try:
                await self._write("DELETE", f"{self._issue}/labels/{path(label)[1:]}")
            except Absent:
                log.info("label_gone_already", delivery=self.event.delivery)
        await self.ledger.done(key, detail={"removed": list(effect.labels)})

    async def _labels(self) -> set[str]:
        return {str(one["name"]) async for one in self.github.pages(f"{self._issue}/labels")}

    async def _known_labels(self) -> set[str]:
        return {str(one["name"]) async for one in self.github.pages(f"{self._repository}/labels")}

    async def _removed_by_people(self) -> set[str]:
        events = self.github.pages(f"{self._issue}/events")
        return {
            str(one["label"]["name"])
            async for one in events
            if one["event"] == "unlabeled"
            and not self.app.did(
                (one.get("actor") or {}).get("login"), (one.get("performed_via_github_app") or {}).get("id")
            )
        }

    async def _put_status(self, effect: PutStatus, sight: Sight | None) -> None:
        thread = effect.thread
        if effect.body is None:
            await self.fence()  # guard: fenced-threads (5, 29)
            await self.ledger.save_thread(thread)
        elif thread.comment_id is None:
            await self._create_status(effect.body, thread, sight)
        else:
            await self._edit_status(effect.body, thread)

    async def _create_status(self, body: Rendered, thread: Thread, sight: Sight | None) -> None:
        key = f"status:{self.event.repository.id}#{self.event.number}"
        row = await self.ledger.begin(key, follows=sight is not None and sight.fresh)
        if row.target_id is not None:  # guard: one-status-comment (5, 28)
            await self._edit_status(body, replace(thread, comment_id=row.target_id))
            return
        slot = await self._slot(row)
        # Also at the first attempt: an installation that came back finds what it said before it went.
        seen = sight.comments if row.fresh and not row.wait and sight is not None and sight.fresh else None
        found = await self._look(f"{self._issue}/comments", body, row) if seen is None else self._ours(seen, body)
        if found is not None:  # guard: status-comments-are-found (30)
            await self.ledger.done(key, target=found)
            await self._edit_status(body, replace(thread, comment_id=found))
            return
        made = await self._create_comment(key, body, announced=seen is not None, slot=slot)
        await self.ledger.save_thread(replace(thread, comment_id=made), made=key)

    async def _edit_status(self, body: Rendered, thread: Thread) -> None:
        """A comment that is gone was deleted by a person, and never returns."""
        # Nothing is begun here: what was done before must not wait for the edit to be known.
        await self.ledger.settle()  # guard: settled-before-edits (4, 30)
        url = f"{self._repository}/issues/comments/{thread.comment_id}"
        try:
            if (await self.github.get(url))["body"] != body.body:  # guard: edits-of-what-differs (5): as True
                await self._write("PATCH", url, {"body": body.body})
        except Absent:
            log.info("comment_was_deleted", delivery=self.event.delivery)
            thread = replace(thread, comment_id=None, silenced=True)
        await self.ledger.save_thread(thread)

    async def _put_reply(self, effect: PutReply) -> None:
        key = f"reply:{self._answered()}"
        row = await self.ledger.begin(key, follows=True)
        if row.state == "done":  # guard: replies-once (28)
            return
        # guard: replies-are-looked-up (30)
        if not row.fresh and (found := await self._look(f"{self._issue}/comments", effect.body, row)) is not None:
            await self.ledger.done(key, target=found)
            return
        slot = await self._slot(row)
        made = await self._create_comment(key, effect.body, announced=row.fresh and not row.wait, slot=slot)
        await self.ledger.done(key, target=made)

    async def _create_comment(self, key: str, body: Rendered, *, announced: bool, slot: float | None) -> int:
        """`announced`: by a fresh `begin` a moment ago. What was made is to be noted as done by who asked for it."""
        if not announced:
            await self.ledger.announce(key, {})  # guard: announced-comments (30)
        try:
            made = await self._write("POST", f"{self._issue}/comments", {"body": body.body}, slot=slot)
        except (Refused, Absent, Forbidden):
            await self.ledger.refused(key)
            raise
        return int(made["id"])

    async def _look(self, url: str, body: Rendered, row: EffectState) -> int | None:
        """Ours with the marker of `body`, in the list of comments or reviews at `url` or in what was delivered.

        After a write without an answer None means that it did not happen; Deferred, that this cannot be known yet.
        """
        listed = [said(one) async for one in self.github.pages(url)]
        found = self._ours(listed, body)
        if found is not None or row.fresh:
            return found
        # GitHub tells of our own writes as of others': a delivery is proof, however far the lists lag behind.
        heard = [one.get("comment") or one.get("review") for one in await self.ledger.heard(row.begun_at)]
        # guard: heard-writes (30): as None
        found = self._ours([said(one) for one in heard if one], body)
        if found is None:
            await self._settled(row.begun_at, shown=len(listed) if url.endswith("/comments") else None)
        return found

    def _ours(self, made: Sequence[Said], body: Rendered) -> int | None:
        wanted = find_marker(body.body, self.marker_key)
        return next(
            (
                one.id
                for one in made
                # guard: comments-of-ours (3): without self._is_ours(one)
                if self._is_ours(one) and find_marker(one.body, self.marker_key) == wanted
            ),
            None,
        )

    async def _settled(self, begun_at: datetime, *, shown: int | None) -> None:
        """Deferred while a list may lag behind: for `SETTLE`, then while it shows fewer than the issue counts.

        Comments that GitHub counts and hides (of people it holds for spammers) end the wait at the last look.
        """
        passed = await self.ledger.now() - begun_at
        # guard: lists-settle (30): without passed >= SETTLE
        # guard: counted-comments (30): without not await self._lags(shown)
        if passed >= SETTLE and not await self._lags(shown):
            return
        later = next((one for one in LOOKS if one > passed), None)
        if later is not None:  # guard: lost-writes-wait (30)
            raise Deferred(begun_at + later, "a write had no answer; looking again before repeating it")

    async def _lags(self, shown: int | None) -> bool:
        return shown is not None and shown < int((await self.github.get(self._issue)).get("comments") or 0)

    def _is_ours(self, made: Said) -> bool:
        """By the account, or the App that it came through; the marker's key does the rest."""
        return self.app.did(made.author.login, made.via_app) or (not self.app.slug and made.author.is_bot)

    async def _put_review(self, effect: PutReview) -> None:
        key = f"review:{self.event.repository.id}#{self.event.number}:{effect.head_sha}"
        pull = f"{self._repository}/pulls/{self.event.number}"
        row = await self.ledger.begin(key)
        if row.state == "done":  # guard: reviews-once (28)
            return
        # guard: reviews-are-looked-up (30)
        if not row.fresh and (found := await self._look(f"{pull}/reviews", effect.body, row)) is not None:
            await self.ledger.done(key, target=found, detail={"remarks": list(effect.digests)})
            return
        if (await self.github.get(pull))["head"]["sha"] != effect.head_sha:  # guard: heads-are-read-again (14)
            log.info("review_is_out_of_date", delivery=self.event.delivery)
            await self.ledger.refused(key)
            return
        comments = [
            {**position, "body": body.body} for position, body in zip(effect.remarks, effect.bodies, strict=True)
        ]
        await self.ledger.announce(key, {})  # guard: announced-reviews (30)
        # guard: reviews-are-comments (3): without 'event'
        data = {"commit_id": effect.head_sha, "event": "COMMENT", "body": effect.body.body, "comments": comments}
        try:
            made = await self._write("POST", f"{pull}/reviews", data)
        except (Refused, Absent, Forbidden):
            await self.ledger.refused(key)
            raise
        await self.ledger.done(key, target=int(made["id"]), detail={"remarks": list(effect.digests)})

    async def _put_reaction(self, effect: PutReaction) -> None:
        """GitHub answers 200 for a reaction that is there already, so repeating is harmless."""
        comment = self.event.comment
        # guard: reviews-take-no-reactions (34): without self.event.kind.startswith('pull_request_review.')
        if comment is None or self.event.kind.startswith("pull_request_review."):
            return
        key = f"react:{self._answered()}:{effect.content}"
        row = await self.ledger.begin(key, follows=True)
        if row.state == "done":  # guard: reactions-once (28)
            return
        slot = await self._slot(row)
        kind = "pulls" if self.event.kind.startswith("pull_request_review_comment.") else "issues"
        url = f"{self._repository}/{kind}/comments/{comment.id}/reactions"
        try:
            await self._write("POST", url, {"content": effect.content.value}, slot=slot)
        except Absent:
            log.info("reaction_refused", delivery=self.event.delivery)
        await self.ledger.done(key)

    def _answered(self) -> str:
        """The comment that is answered, unique across GitHub's three kinds of comments."""
        assert self.event.comment is not None
        return f"{self.event.kind.split('.', 1)[0]}:{self.event.comment.id}"


def _missing(effect: PutLabels, present: Collection[str], known: Collection[str]) -> list[str]:
    """GitHub creates a label that it does not know: what was deleted since must not come back by our hand."""
    # guard: labels-are-never-created (3, 4): without label in known
    return [label for label in effect.labels if label in known and label not in present]


def _added(row: EffectState, missing: Sequence[str]) -> list[str]:
    """With those of an earlier attempt: they may have arrived."""
    return sorted({*row.added, *missing})  # guard: labels-announced-before (4, 30): without *row.added
