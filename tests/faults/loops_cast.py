"""Who talks in the lane of loops: people, three chatty bots and a bot with a person's account."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from bot.sandbox import Sandbox
from bot.sandbox.model import Json
from bot.sandbox.world import Announcement
from tests.integration.test_events import COMPLETE, INCOMPLETE

PARROT: Final = "parrot[bot]"
EDITOR: Final = "polish[bot]"
REPEATER: Final = "repeat[bot]"
CLERK: Final = "clerk"
"""A program with a person's account: nobody can tell by its type."""
BOTS: Final = (PARROT, EDITOR, REPEATER)
MOST_COMMENTS: Final = 70
"""In a thread; then everybody goes on elsewhere."""
_WAITING: Final = 400

Act = Callable[[Sandbox], object]


@dataclass(slots=True)
class Cast:
    """What the chatty ones want to do next. Each answers what it hears, our comments and each other's included."""

    rng: Random
    homes: tuple[str, ...]
    wishes: deque[Act] = field(default_factory=lambda: deque(maxlen=_WAITING))
    heard: int = 0
    human: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    """By thread (repository id, number), in order: `human`, or the login of one of our bots that commented."""

    def overhear(self, announcement: Announcement, ours: frozenset[str]) -> None:
        """Called for each event once; `ours` are the logins of the assistants."""
        self.heard += 1
        payload = announcement.payload
        item, sender = payload.get("issue"), payload.get("sender")
        if item is None or sender is None:
            return
        kind = f"{announcement.event}.{payload['action']}"
        self._note(kind, payload, ours)
        if item["comments"] < MOST_COMMENTS:
            self._answer(kind, payload)

    def _note(self, kind: str, payload: Json, ours: frozenset[str]) -> None:
        thread = self.human.setdefault((payload["repository"]["id"], payload["issue"]["number"]), [])
        if payload["sender"]["type"] == "User":
            thread.append("human")
        elif kind == "issue_comment.created" and payload["sender"]["login"] in ours:
            thread.append(payload["sender"]["login"])

    def _answer(self, kind: str, payload: Json) -> None:
        repo, number, sender = payload["repository"]["full_name"], payload["issue"]["number"], payload["sender"]
        if kind == "issue_comment.created":
            body, comment = payload["comment"]["body"], payload["comment"]["id"]
            first = body.splitlines()[-1][:200]
            if sender["login"] != PARROT:
                self._wish(lambda on: on.comment(repo, number, PARROT, f"Thank you! You said:\n\n{first}\n\n/help"))
            if sender["login"] != EDITOR and sender["type"] == "User":
                self._wish(lambda on: on.edit_comment(comment, EDITOR, body + "\n/why"))
            if sender["login"] != REPEATER and "/" in body:
                self._wish(lambda on: on.comment(repo, number, REPEATER, "/label question\n/help"))
            if sender["type"] == "Bot" and self.rng.random() < 0.12:
                self._wish(lambda on: on.comment(repo, number, CLERK, self.rng.choice(("/help", "/why", "/hepl"))))
        if kind == "issues.labeled" and sender["login"] != REPEATER:
            label = payload["label"]["name"]
            self._wish(lambda on: on.remove_label(repo, number, REPEATER, label))
        if kind == "issues.unlabeled" and sender["login"] != REPEATER:
            label = payload["label"]["name"]
            self._wish(lambda on: on.add_label(repo, number, REPEATER, label))

    def _wish(self, act: Act) -> None:
        self.wishes.append(act)

    def next_act(self) -> Act:
        """What somebody does now: mostly a chatty one, at times a person."""
        if self.wishes and self.rng.random() < 0.96:
            return self.wishes.popleft() if self.rng.random() < 0.5 else self.wishes.pop()
        repo = self.rng.choice(self.homes)
        return self.rng.choice((_opens, _opens, _says, _edits))(self.rng, repo)


def _opens(rng: Random, repo: str) -> Act:
    who, body = rng.choice(("nils", "olga", "jonas")), rng.choice((COMPLETE, INCOMPLETE))
    return lambda on: on.open_issue(repo, who, "Crash on an empty row", body)


def _thread(on: Sandbox, rng: Random, repo: str) -> Any:
    """Some thread that is not full yet; a new one where there is none."""
    found = [one for one in on.state.repository(repo).issues.values() if len(one.comments) < MOST_COMMENTS]
    return rng.choice(found) if found else _opens(rng, repo)(on)


def _says(rng: Random, repo: str) -> Act:
    def act(on: Sandbox) -> object:
        item = _thread(on, rng, repo)
        text = rng.choice(("It is version 1.4.2.", "/help", "/why", "/label question", "I see that too."))
        return on.comment(repo, item.number, rng.choice(("mira", "tom", "stranger", item.author.login)), text)

    return act


def _edits(rng: Random, repo: str) -> Act:
    def act(on: Sandbox) -> object:
        item = _thread(on, rng, repo)
        return on.edit_issue(repo, item.number, item.author.login, body=rng.choice((COMPLETE, INCOMPLETE)))

    return act
