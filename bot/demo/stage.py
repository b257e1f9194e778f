"""Where scenes are played: people act, all goes quiet, and somebody looks."""

import uuid
from dataclasses import dataclass, field
from typing import Final

from bot.demo.github import REPOSITORY, Delivery, StandIn
from bot.demo.threads import Comment, Thread

MAINTAINER: Final = "mira"
WHY: Final = "/why"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a thread looks like once everybody has reacted to `happened`."""

    happened: str
    thread: Thread


@dataclass(slots=True)
class Stage:
    """One scene's view of the stand-in; `moments` gathers what was seen. Waits at most `patience` seconds each time."""

    github: StandIn
    patience: float
    moments: list[Moment] = field(default_factory=list)
    sent_directly: int = 0

    @property
    def was_asked_why(self) -> bool:
        """Whether somebody asked in the scene itself, so that the answer was seen."""
        return any(one.body == WHY for moment in self.moments for one in moment.thread.comments)

    async def opens(self, author: str, title: str, body: str, labels: tuple[str, ...] = ()) -> int:
        """Somebody opens an issue; returns its number."""
        made = await self.github.act(
            "open_issue", repo=REPOSITORY, author=author, title=title, body=body, labels=list(labels)
        )
        return int(made["number"])

    async def opens_pull(self, author: str, title: str, body: str, files: dict[str, str]) -> int:
        """Somebody opens a pull request from a fork; returns its number."""
        made = await self.github.act("open_pull", repo=REPOSITORY, author=author, title=title, body=body, files=files)
        return int(made["number"])

    async def comments(self, number: int, author: str, body: str) -> None:
        await self.github.on_item("comment", number, author=author, body=body)

    async def edits(self, number: int, editor: str, body: str) -> None:
        await self.github.on_item("edit_issue", number, editor=editor, body=body)

    async def takes_off(self, number: int, actor: str, label: str) -> None:
        await self.github.on_item("remove_label", number, actor=actor, label=label)

    async def joins(self, login: str, kind: str = "User") -> None:
        """A new account."""
        await self.github.act("add_user", login=login, kind=kind)

    async def settled(self) -> None:
        await self.github.settled(self.patience)

    async def sees(self, number: int, happened: str) -> None:
        """Wait until all is quiet and remember the thread; `happened` says what people did, in one sentence."""
        await self.settled()
        self.moments.append(Moment(happened, await self.github.thread(number)))

    async def looks_at(self, number: int) -> None:
        """Remember another thread that should have stayed as it was; it is judged, not shown."""
        self.moments.append(Moment("", await self.github.thread(number)))

    async def sends_again(self, number: int) -> None:
        """The thread's first delivery again, as GitHub does when somebody presses "Redeliver"."""
        await self.github.redeliver(await self._first(number))

    async def sends_as_new(self, number: int) -> None:
        """The thread's first event once more under another delivery id."""
        self.sent_directly += 1
        await self.github.deliver_under_new_guid(await self._first(number), str(uuid.uuid4()))

    async def asks_why(self, number: int) -> Comment | None:
        """The assistant's answer to a maintainer's `/why`; None if there is none."""
        known = {one.id for one in (await self.github.thread(number)).comments}
        await self.comments(number, MAINTAINER, WHY)
        await self.settled()
        thread = await self.github.thread(number)
        return next((one for one in thread.by_bot if one.id not in known), None)

    async def _first(self, number: int) -> Delivery:
        return next(one for one in await self.github.deliveries() if one.number == number)
