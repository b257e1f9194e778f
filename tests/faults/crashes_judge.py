"""What GitHub looks like after a scenario, as countable lines: the missing ones were lost, the others doubled."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from bot.sandbox.record import LoggedRequest
from bot.sandbox.threads import ThreadView
from tests.faults.crashes_scenarios import Play
from tests.faults.processes_points import template
from tests.support.assistant import REPOSITORY

_MARKER: Final = re.compile(r"<!-- contribution-assistant:.*?-->", re.DOTALL)


def remains(play: Play, requests: Sequence[LoggedRequest]) -> Counter[str]:
    """All of our traces on the scenario's items, and each write of ours that had an effect."""
    found: Counter[str] = Counter()
    for number in play.numbers:
        found.update(_thread(play, play.sandbox.thread(REPOSITORY, number)))
    found.update(f"write {one.method} {template(one.path)}" for one in requests if _had_effect(one))
    return found


def _had_effect(request: LoggedRequest) -> bool:
    """A reaction that was there already is answered 200: https://docs.github.com/en/rest/reactions/reactions"""
    if not request.is_write or not 200 <= request.status < 300:
        return False
    return not (request.path.endswith("/reactions") and request.status == 200)


def _thread(play: Play, thread: ThreadView) -> Iterator[str]:
    for label in thread.labels:
        yield f"label {label}"
    for position, comment in enumerate(thread.comments):
        if comment.is_bot:
            yield f"comment {_neutral(comment.body, play)}"
        for content, count in comment.reactions.items():
            yield f"{count} × {content} at comment {position}"
    for review in thread.reviews:
        if review.is_bot:
            yield f"review {review.state} {_neutral(review.body, play)}"
            for remark in review.comments:
                yield f"remark {remark.path}:{remark.start_line}-{remark.line} {_neutral(remark.body, play)}"


def _neutral(body: str, play: Play) -> str:
    """A body without what differs between two playings of a scenario."""
    text = _MARKER.sub("<!-- marker -->", body).replace(f"{play.turn:06d}", "NNNNNN")
    text = text.replace(play.sandbox.url, "https://github.com")
    for number in play.numbers:
        text = re.sub(rf"(#|/)({number})\b", r"\1N", text)
    return re.sub(r"\b[0-9a-f]{40}\b", "SHA", text)
