"""From what the gate let through to effects: all text is rendered here, for one delivery at a time."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import status
from bot.domain.actions import (
    Action,
    AddLabels,
    DropSection,
    LineComment,
    React,
    RemoveLabels,
    Reply,
    Review,
    SetSection,
    Source,
)
from bot.domain.effects import Effect, PutLabels, PutReaction, PutReply, PutReview, PutStatus, TakeLabels
from bot.domain.status import Thread
from bot.domain.text import Details, Rendered, RenderPolicy, Text, make_marker, render, render_suggestion


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-stages (16): without repr
class Stage:
    """Where the effects of a delivery take place. `order` is the order of sections in the comment."""

    repository: int
    number: int
    reply_to: str
    policy: RenderPolicy
    marker_key: bytes
    footer: Text
    order: tuple[str, ...]

    def marker(self, kind: str, subject: str = "") -> str:
        """Our marker for the thread's status comment, a reply or a review; good for this thread only."""
        suffix = f".{subject}" if subject else ""
        return make_marker(kind, f"{self.repository}#{self.number}{suffix}", self.marker_key)


def compose(
    plans: Sequence[tuple[str, tuple[Action, ...]]], thread: Thread, stage: Stage, known_remarks: frozenset[str]
) -> tuple[Effect, ...]:
    """Effects in their order: labels, the comment, reviews, the reply, receipts.

    `plans` are capability ids with the actions that the gate let through; `known_remarks` are digests of review
    remarks that were made on this pull request before and are not made again.
    """
    actions = [(name, action) for name, plan in plans for action in plan]
    effects: list[Effect] = _labels(actions)
    effects += _status(actions, thread, stage)
    for _name, action in actions:
        if isinstance(action, Review):
            effects += _review(action, stage, known_remarks)
    replies = [one.text for _name, one in actions if isinstance(one, Reply)]
    if replies:
        text = tuple(block for reply in replies for block in reply)
        marker = stage.marker("reply", stage.reply_to)
        effects.append(PutReply(render(text, stage.policy, marker=marker, footer=stage.footer)))
    reactions = dict.fromkeys(one.content for _name, one in actions if isinstance(one, React))
    return (*effects, *(PutReaction(content) for content in reactions))


def written(plans: Sequence[tuple[str, tuple[Action, ...]]], thread: Thread) -> int:
    """About how many characters `compose` has to render."""
    texts, lines = [one.text for one in thread.sections.values()], list[str]()
    for action in (action for _name, plan in plans for action in plan):
        if isinstance(action, SetSection | Reply | Review):
            texts.append(action.text)
        if isinstance(action, Review):
            texts += [one.text for one in action.comments]
            lines += [line for one in action.comments for line in (*one.original, *(one.suggestion or ()))]
    blocks = [block for text in texts for block in text]
    folds = sum(len(block.summary) for block in blocks if isinstance(block, Details))
    return sum(len(block.markdown) for block in blocks) + folds + sum(map(len, lines))


def remark_digest(remark: LineComment) -> str:
    """The same remark on the same text of the same file, wherever the line has moved to."""
    parts = (remark.path, *remark.original, "\0", *(remark.suggestion or ()), "\0", *map(repr, remark.text))
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:24]


def _labels(actions: Sequence[tuple[str, Action]]) -> list[Effect]:
    """One request for all labels that are wished for alike, however many capabilities wish."""
    wishes = [one for _name, one in actions if isinstance(one, AddLabels)]
    effects: list[Effect] = []
    for commanded in (False, True):
        labels = dict.fromkeys(
            label for one in wishes if (one.source is Source.COMMAND) == commanded for label in one.labels
        )
        if labels:
            effects.append(PutLabels("commanded" if commanded else "own", tuple(labels), commanded=commanded))
    taken = dict.fromkeys(label for _name, one in actions if isinstance(one, RemoveLabels) for label in one.labels)
    return [*effects, TakeLabels("taken", tuple(taken))] if taken else effects


def _status(actions: Iterable[tuple[str, Action]], thread: Thread, stage: Stage) -> list[Effect]:
    changes = {name: one for name, one in actions if isinstance(one, SetSection | DropSection)}
    if not changes:
        return []
    changed = status.apply(thread, changes)
    body = status.body(
        changed, order=stage.order, policy=stage.policy, marker=stage.marker("status"), footer=stage.footer
    )
    return [PutStatus(body, changed)]


def _review(review: Review, stage: Stage, known: frozenset[str]) -> list[Effect]:
    # guard: remarks-once (5, 28): without remark_digest(one) not in known
    fresh = [one for one in review.comments if remark_digest(one) not in known]
    # GitHub refuses a whole review for one blank remark, which is what is left of a text made of nothing visible.
    rendered = [(one, body) for one in fresh if (body := _remark(one, stage.policy)).body.strip()]
    if not rendered:
        return []
    marker = stage.marker("review", review.head_sha)
    return [
        PutReview(
            head_sha=review.head_sha,
            body=render(review.text, stage.policy, marker=marker, footer=stage.footer),
            remarks=tuple(_position(one) for one, _ in rendered),
            bodies=tuple(body for _, body in rendered),
            digests=tuple(remark_digest(one) for one, _ in rendered),
        )
    ]


def _position(remark: LineComment) -> dict[str, object]:
    """https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request"""
    position: dict[str, object] = {"path": remark.path, "line": remark.line, "side": "RIGHT"}
    if remark.start_line is not None and remark.start_line < remark.line:
        position |= {"start_line": remark.start_line, "start_side": "RIGHT"}
    return position


def _remark(remark: LineComment, policy: RenderPolicy) -> Rendered:
    if remark.suggestion is None:
        return render(remark.text, policy)
    return render_suggestion(remark.suggestion, original=remark.original, lead=remark.text, policy=policy)
