"""Plays one schedule through the real service and writes down what a judge needs."""

from dataclasses import dataclass, field, replace
from typing import Any

from bot.sandbox.faults import Armed, Fault
from bot.sandbox.model import Issue, Repository
from bot.sandbox.record import LoggedRequest
from tests.faults.schedules_plans import CLOSES, ENDS, Plan, Step, Trouble
from tests.faults.schedules_stories import STORIES, Looks, looks, markers
from tests.faults.schedules_world import World


@dataclass(frozen=True, slots=True)
class Played:
    """`seen` holds the items by place; None: it is gone. `markers` are those of every thread that is left."""

    plan: Plan
    settled: bool
    fired: frozenset[Trouble]
    out_of_reach: frozenset[int]
    """Places of items that people took away or closed in the middle."""
    seen: tuple[Looks | None, ...]
    markers: tuple[tuple[str, ...], ...]
    ends: dict[str, tuple[str, str]]
    requests: tuple[LoggedRequest, ...]
    jobs: tuple[int, ...]
    deliveries: int


@dataclass(slots=True)
class Run:
    """A schedule while it is played. `due` are deliveries on their way: when (seconds travelled), and which."""

    world: World
    plan: Plan
    home: Repository
    numbers: dict[int, int] = field(default_factory=dict)
    armed: list[tuple[Trouble, Armed]] = field(default_factory=list)
    due: list[tuple[float, int]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    """Deliveries that let the next one pass."""
    fired: set[Trouble] = field(default_factory=set)

    async def play(self) -> Played:
        for trouble, fault in self.plan.faults:
            if trouble not in ENDS:
                self._arm(trouble, fault, 0)
        for step in self.plan.steps:
            await self._step(step)
        await self._release_all()
        settled = await self.world.settle()
        return await self._played(settled)

    def _arm(self, trouble: Trouble, fault: Fault, number: int) -> None:
        owner = self.home.owner.login
        words = {"{owner}": owner, "{repo}": self.home.full_name, "{owner}/attic": f"{owner}/attic"}
        filled: dict[str, Any] = {
            name: number if value == "{number}" else words.get(value, value) if isinstance(value, str) else value
            for name, value in fault.arguments.items()
        }
        self.armed.append((trouble, self.world.sandbox.faults.add(replace(fault, arguments=filled))))

    async def _step(self, step: Step) -> None:
        deliveries = self._act(step)
        if step.reordered and deliveries:
            self.kept += deliveries
        elif step.late:
            self.due += [(self.world.ahead[0] + step.late, one) for one in deliveries]
            self.fired.add(Trouble.LATE)
        else:
            await self._send(deliveries)
            if self.kept and deliveries:
                self.fired.add(Trouble.REORDERED)
            await self._send_kept()
        await self._again(step, deliveries)
        if step.wait is None:
            await self.world.settle()
        else:
            await self.world.work()
            await self.world.travel(step.wait)
            await self._release_due()
            await self.world.work()

    def _act(self, step: Step) -> list[int]:
        """Let the people act; ids of the deliveries that this makes, none of them sent yet."""
        sandbox, item = self.world.sandbox, self.plan.items[step.item]
        number = self.numbers.get(step.item, 0)
        gone = self.home.issues.get(number)
        if step.act > 0 and (gone is None or gone.locked):
            return []
        before = len(sandbox.deliveries)
        sandbox.hold_webhooks(True)
        made = STORIES[item.story][step.act](sandbox, self.home.full_name, number, item.author)
        sandbox.hold_webhooks(False)
        if step.act == 0 and isinstance(made, Issue):
            self.numbers[step.item] = made.number
            for trouble, fault in self.plan.faults:
                if self.plan.ends.get(trouble) == step.item:
                    self._arm(trouble, fault, made.number)
        return [one.id for one in sandbox.deliveries[before:]]

    async def _again(self, step: Step, deliveries: list[int]) -> None:
        """Copies under the same GUID, and under GUIDs of their own, while the first may still be under way."""
        sandbox = self.world.sandbox
        sent = [one for one in deliveries if one not in self.kept and all(one != late for _, late in self.due)]
        for number in sent:
            for _ in range(step.copies):
                sandbox.redeliver(number)
                self.fired.add(Trouble.DOUBLED)
            found = next(one for one in sandbox.deliveries if one.id == number)
            if step.regrouped:
                sandbox.deliver_raw(found.event, found.payload)
                self.fired.add(Trouble.REGROUPED)
        await sandbox.drain_webhooks()

    async def _send(self, deliveries: list[int]) -> None:
        for one in deliveries:
            self.world.sandbox.release(one)
            await self.world.sandbox.drain_webhooks()

    async def _send_kept(self) -> None:
        kept, self.kept = self.kept, []
        await self._send(kept)

    async def _release_due(self) -> None:
        now = self.world.ahead[0]
        ready = [one for at, one in sorted(self.due) if at <= now]
        self.due = [(at, one) for at, one in self.due if at > now]
        await self._send(ready)

    async def _release_all(self) -> None:
        await self._send_kept()
        while self.due:
            await self.world.work()
            await self.world.travel(max(min(self.due)[0] - self.world.ahead[0], 0.0))
            await self._release_due()

    async def _played(self, settled: bool) -> Played:
        sandbox = self.world.sandbox
        for trouble, armed in self.armed:
            if armed.fired and trouble not in (Trouble.LAG, Trouble.LONG_LAG):
                self.fired.add(trouble)
        if any(one.stale for one in sandbox.requests):
            self.fired |= {one for one, _ in self.armed if one in (Trouble.LAG, Trouble.LONG_LAG)}
        if self.plan.skew and sandbox.requests:
            self.fired.add(Trouble.SKEW)
        closed = bool(self.fired & CLOSES.keys())
        taken = {place for trouble, place in self.plan.ends.items() if trouble in self.fired}
        names = [(repo.full_name, number) for repo in sandbox.state.repositories.values() for number in repo.issues]
        return Played(
            plan=self.plan,
            settled=settled,
            fired=frozenset(self.fired),
            out_of_reach=frozenset(range(len(self.plan.items)) if closed else taken),
            seen=tuple(self._looks(place) for place in range(len(self.plan.items))),
            markers=tuple(tuple(markers(sandbox, name, number)) for name, number in names),
            ends=await self.world.ends(),
            requests=tuple(sandbox.requests),
            jobs=tuple(self.world.jobs),
            deliveries=len(sandbox.deliveries),
        )

    def _looks(self, place: int) -> Looks | None:
        number = self.numbers.get(place)
        return looks(self.world.sandbox, self.home.full_name, number) if number in self.home.issues else None


async def play(world: World, plan: Plan) -> Played:
    """Play the schedule in a home of its own; the world is left as it is, for the judge to look at."""
    await world.clear()
    name = world.new_home()
    if Trouble.TRANSFERRED in plan.ends:
        world.sandbox.create_repository(name.split("/")[0], "attic", {"README.md": "# Attic\n"})
    await world.settle()
    await world.set_skew(plan.skew)
    world.sandbox.requests.clear()
    world.jobs.clear()
    return await Run(world, plan, world.sandbox.state.repository(name)).play()
