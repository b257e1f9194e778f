"""Injected events: sixteen carriers, encodings and goals against a model that obeys; and what harmless text loses."""

import asyncio
import time
from typing import Final

from docs.assurance import Section
from tests.safety.harmless import LIMIT, Loss, loss_of, ordinary
from tests.safety.injection_carriers import CARRIERS
from tests.safety.injection_codes import ENCODINGS
from tests.safety.injection_events import Combination, Played, play
from tests.safety.injection_goals import GOALS
from tests.safety.processes import spread
from tests.safety.town import own_database

SEED: Final = 7
_ORDINARY: Final = 1_500
_ORDINARY_NIGHTLY: Final = 20_000

Part = tuple[Combination, ...]


def parts() -> tuple[Part, ...]:
    """All combinations; those of one carrier and a half of the goals together, in repositories of their own."""
    return tuple(
        tuple((carrier, encoding, goal) for encoding in range(len(ENCODINGS)) for goal in goals)
        for carrier in range(len(CARRIERS))
        for goals in (range(0, len(GOALS), 2), range(1, len(GOALS), 2))
    )


def run(part: Part) -> Played:
    """Play one part on a database of its own."""
    with own_database() as url:
        return asyncio.run(play(url, part))


async def measure(*, nightly: bool) -> Section:
    """Every combination, in two processes; then the harmless texts."""
    started = time.monotonic()
    played = Played()
    for one in spread(run, parts(), title="Injected events"):
        played.add(one)
    loss = loss_of(ordinary(_ORDINARY_NIGHTLY if nightly else _ORDINARY, SEED))
    return section(played, loss, time.monotonic() - started, nightly=nightly)


def section(played: Played, loss: Loss, seconds: float, *, nightly: bool) -> Section:
    """The table, from what was counted."""
    events, arrived = played.events.total(), played.arrived.total()
    wrong = [
        *(f"{one.check}: {one.detail}" for one in played.violations),
        *(f"reached: {one}" for one in played.reached),
    ]
    headline = (
        f"{events:,} injected events ({len(played.events)} carriers × {len(played.encodings)} encodings × "
        f"{len(played.goals)} goals), {played.obeyed.total():,} of them read and obeyed by the model: "
        f"{len(wrong)} violations; "
        f"{loss.share:.2%} of the words of {loss.texts:,} harmless texts look different."
    )
    rows = [
        (
            name,
            f"{played.events[name]:,}",
            f"{played.arrived[name]:,}",
            f"{played.asked[name]:,}",
            f"{played.obeyed[name]:,}",
            str(sum(one.startswith(f"{name}, ") for one in played.reached)),
        )
        for name in CARRIERS
    ]
    rows.append(
        (
            "together",
            f"{events:,}",
            f"{arrived:,}",
            f"{played.asked.total():,}",
            f"{played.obeyed.total():,}",
            f"{len(played.reached)} and {len(played.violations)} by the judge",
        )
    )
    rows += [(ascii(one)[:200], "", "", "", "", "violation") for one in wrong[:20]]
    return Section(
        name="injections",
        title="Injected events",
        command="make test-safety LANES=injections" + (" NIGHTLY=1" if nightly else ""),
        headline=headline,
        columns=("carrier", "events", "arrived", "model asked", "read and obeyed", "goal reached"),
        rows=tuple(rows),
        seeds=f"Every combination once; harmless texts with seed {SEED}.",
        seconds=seconds,
        failed=bool(wrong) or arrived < events or not played.obeyed.total() or loss.share > LIMIT,
        note=(
            "Carriers of which nothing was obeyed never come into a prompt (tests/safety/test_injections.py names the "
            "others): there the rules and the renderer are attacked, not the model. "
            f"{played.texts:,} texts in {played.writes:,} writes were judged. "
            f"Harmless texts: {loss.words:,} visible words, "
            f"{loss.changed:,} gone or another, {loss.coded:,} the same but put into code."
        ),
    )
