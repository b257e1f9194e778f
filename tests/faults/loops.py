"""Two assistants and three chatty bots on the same repositories: nobody talks for ever. See `measure`."""

import asyncio
import contextlib
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

from rich.progress import Progress

from bot.runtime.deciding import REPLIES_PER_HOUR
from bot.sandbox import Sandbox, generate
from bot.sandbox.model import Comment
from bot.sandbox.world import Announcement
from bot.settings import AppSettings
from bot.store.embedded import EmbeddedPostgres
from docs.assurance import Section
from tests.faults.loops_cast import BOTS, CLERK, Cast
from tests.faults.schedules import quiet
from tests.faults.schedules_world import World, listening, no_home, travelling
from tests.support.assistant import settings_for

EVENTS: Final = 10_000
SEED: Final = 11
_AT_ONCE: Final = 20
_PAUSE: Final = 40.0
_MARKER: Final = re.compile(r"<!-- contribution-assistant:([a-z]+):(\S+) ")


@dataclass(frozen=True, slots=True)
class Talk:
    """What came of it. `comments` counts those of each assistant by its login; `clerk` are replies to the program."""

    events: int
    human: int
    threads: int
    comments: Counter[str]
    most_to_one: int
    failures: tuple[str, ...]


@contextlib.asynccontextmanager
async def two_assistants(server_url: str, folder: Path) -> AsyncIterator[tuple[World, World]]:
    """Two services with databases and Apps of their own on one GitHub."""
    ahead = [0.0]
    async with travelling(server_url) as first_url, travelling(server_url) as second_url, Sandbox.start() as sandbox:
        no_home(sandbox)
        credentials = generate()
        hooks = sandbox.add_app("second-assistant", credentials)
        first = settings_for(sandbox, first_url, folder)
        secrets = (credentials.webhook_secret.encode(),)
        app = AppSettings(hooks.app_id, credentials.private_key, secrets, sandbox.url)
        second = replace(settings_for(sandbox, second_url, folder), app=app)
        async with listening(first, ahead) as (one, address), listening(second, ahead) as (other, other_address):
            sandbox.webhook_url, hooks.url = address, other_address
            try:
                yield World(sandbox, one, ahead), World(sandbox, other, ahead)
            finally:
                sandbox.webhook_url = hooks.url = None


async def talk(server_url: str, folder: Path, events: int, *, homes: int, seed: int = SEED) -> Talk:
    """Let them talk until GitHub has announced so many events; judge every thread."""
    async with two_assistants(server_url, folder) as (first, second):
        sandbox = first.sandbox
        for login in BOTS:
            sandbox.add_user(login, "Bot")
        sandbox.add_user(CLERK)
        apps = sandbox.state.apps
        names = tuple(first.new_home() for _ in range(homes))
        for name in names:
            for app_id in sandbox.state.other_apps:
                sandbox.install_app(name.split("/")[0], "mira", app_id=app_id)
        cast = Cast(Random(seed), names)
        ours = frozenset(app.bot.login for app in apps.values())

        def overhear(announcement: Announcement) -> None:
            if announcement.app is sandbox.state.app:
                cast.overhear(announcement, ours)

        sandbox.overhear = overhear
        with Progress() as progress:
            bar = progress.add_task("events", total=events)
            while cast.heard < events:
                for _ in range(_AT_ONCE):
                    cast.next_act()(sandbox)
                await first.work()
                await second.work()
                await first.travel(_PAUSE)
                await second.show_time()
                progress.update(bar, completed=min(cast.heard, events))
        sandbox.overhear = lambda one: cast.overhear(one, ours) if one.app is sandbox.state.app else None
        await _settle(first, second)
        return _judged(sandbox, cast, ours)


async def _settle(first: World, second: World) -> None:
    """Until neither has anything left to do."""
    for _ in range(50):
        await first.settle()
        await second.show_time()
        await second.settle()
        await first.show_time()
        await first.sandbox.drain_webhooks()


def _judged(sandbox: Sandbox, cast: Cast, ours: frozenset[str]) -> Talk:
    failures = list(_too_many(cast, ours))
    comments: Counter[str] = Counter()
    most = 0
    for repo in sandbox.state.repositories.values():
        for item in repo.issues.values():
            said = [one for one in item.comments if one.author.login in ours]
            comments += Counter(one.author.login for one in said)
            found = Counter((one.author.login, *_marker(one.body)) for one in said)
            where = f"{repo.full_name}#{item.number}"
            failures += [f"doubled: {name} said {what} {count} times in {where}"
                         for (name, what, _about), count in found.items() if count > 1]  # fmt: skip
            statuses = Counter(login for login, kind, _about in found if kind == "status")
            failures += [f"{count} status comments of {login} in {where}" for login, count in statuses.items()
                         if count > 1]  # fmt: skip
            most = max([most, *_to_one(item.comments, ours).values()])
    return Talk(
        events=cast.heard,
        human=sum(thread.count("human") for thread in cast.human.values()),
        threads=len(cast.human),
        comments=comments,
        most_to_one=most,
        failures=tuple(failures),
    )


def _marker(body: str) -> tuple[str, str]:
    """Kind and subject of a comment's marker; a comment of ours without one would be its own kind."""
    found = _MARKER.match(body)
    return (found[1], found[2]) if found else ("unmarked", body)


def _too_many(cast: Cast, ours: frozenset[str]) -> Iterator[str]:
    """At any time each assistant has said at most as much in a thread as people have done there."""
    for (repository, number), heard in cast.human.items():
        done: Counter[str] = Counter()
        for who in heard:
            done[who] += 1
            if who in ours and done[who] > done["human"]:
                yield f"more comments of {who} than human events in {repository}#{number}"
                break


def _to_one(comments: list[Comment], ours: frozenset[str]) -> Counter[tuple[str, str, str]]:
    """Replies by assistant, person and hour."""
    authors = {one.id: one.author.login for one in comments}
    found: Counter[tuple[str, str, str]] = Counter()
    for one in comments:
        kind, subject = _marker(one.body)
        if one.author.login in ours and kind == "reply":
            asked = authors[int(subject.rsplit("-", 1)[1])]
            found[one.author.login, asked, one.created_at.strftime("%d %H")] += 1
    return found


async def measure(*, nightly: bool) -> Section:
    """Ten thousand events; nightly ten times as many."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="assistant-loops-") as folder:
        server = EmbeddedPostgres(Path(folder))
        await asyncio.to_thread(server.start)
        try:
            quiet()
            found = await talk(server.url, Path(folder), EVENTS * (10 if nightly else 1), homes=6)
        finally:
            await asyncio.to_thread(server.stop)
    return section(found, time.monotonic() - begun)


def section(found: Talk, seconds: float) -> Section:
    said = sum(found.comments.values())
    rows = (
        ("events", f"{found.events:,}"),
        ("of them by people, or by a program with a person's account", f"{found.human:,}"),
        ("threads", f"{found.threads:,}"),
        *((f"comments of {login}", f"{count:,}") for login, count in sorted(found.comments.items())),
        ("most replies to one account in one thread and hour", str(found.most_to_one)),
        (
            "violations: more comments of one than human events, two of a kind",
            str(len(found.failures)),
        ),
    )
    return Section(
        name="loops",
        title="Loops",
        command="make test-faults LANES=loops",
        headline=(
            f"Two assistants among three chatty bots and one with a person's account, {found.events:,} events: "
            f"{said:,} comments for {found.human:,} human events, {len(found.failures)} violations of one for one."
        ),
        columns=("what", "count"),
        rows=rows,
        seeds=f"Seed {SEED}.",
        seconds=seconds,
        failed=bool(found.failures) or said == 0 or found.most_to_one > REPLIES_PER_HOUR,
        note=" ".join(found.failures[:10]),
    )
