"""From a seed to a schedule: stories, the order of their acts, what goes wrong at GitHub and on its way. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Final

from bot.sandbox.faults import Fault, FaultKind
from tests.faults.schedules_stories import STORIES
from tests.faults.schedules_world import NEWCOMERS


class Trouble(Enum):
    """What a schedule is made hard with; each is counted when it was seen to happen."""

    SERVER_ERROR = "5xx, nothing done"
    SERVER_ERROR_AFTER = "5xx after the effect"
    RESET = "reset before the effect"
    RESET_AFTER = "reset after the effect"
    RETRY_AFTER = "403/429 with Retry-After"
    PRIMARY = "primary limit (remaining 0)"
    SECONDARY = "403/429 without Retry-After"
    BAD_TOKEN = "401 for a good token"
    EXPIRED = "tokens expire mid-job"
    LAG = "stale lists, within a minute"
    LONG_LAG = "stale lists, beyond it"
    RENAMED = "repository renamed mid-job (301/307)"
    TRANSFERRED = "issue transferred mid-job (301/307)"
    DELETED = "issue deleted mid-job"
    LOCKED = "issue locked mid-job"
    UNINSTALLED = "App uninstalled mid-job"
    WITHDRAWN = "permission withdrawn mid-job"
    SUSPENDED = "App suspended mid-job"
    DOUBLED = "delivery doubled"
    REGROUPED = "same event, another GUID"
    REORDERED = "deliveries reordered"
    LATE = "deliveries late"
    SKEW = "clock 60 s ahead or behind"


WRITES: Final = "POST|PATCH|DELETE"
ENDS: Final[dict[Trouble, tuple[str, dict[str, object]]]] = {
    Trouble.TRANSFERRED: ("transfer", {"actor": "mira", "to_repo": "{owner}/attic"}),
    Trouble.DELETED: ("delete_issue", {"actor": "mira"}),
    Trouble.LOCKED: ("lock", {"actor": "mira"}),
}
"""Acts that take one item out of our reach."""
CLOSES: Final[dict[Trouble, tuple[str, dict[str, object]]]] = {
    Trouble.UNINSTALLED: ("uninstall_app", {"account": "{owner}", "actor": "mira"}),
    Trouble.SUSPENDED: ("suspend_app", {"account": "{owner}", "actor": "mira"}),
    Trouble.WITHDRAWN: (
        "change_permissions",
        {"account": "{owner}", "actor": "mira", "permissions": {"metadata": "read", "contents": "read"}},
    ),
}
"""Acts that take everything out of our reach."""
_LONG_AGO: Final = r"/(comments|reviews)$"


@dataclass(frozen=True, slots=True)
class Item:
    """A story told by its author; `closed_by` is what takes the item out of reach in the middle of a job."""

    story: str
    author: str


@dataclass(frozen=True, slots=True)
class Step:
    """One act, how its delivery comes, and how long (seconds) work goes on before the next act; None: till the end.

    `late`: seconds that the delivery is on its way. `copies` are redeliveries, `regrouped` has another GUID.
    """

    item: int
    act: int
    late: float = 0.0
    reordered: bool = False
    copies: int = 0
    regrouped: bool = False
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`faults` are armed at the start, in this order; paths are those of the schedule's only repository."""

    seed: int
    items: tuple[Item, ...]
    steps: tuple[Step, ...]
    faults: tuple[tuple[Trouble, Fault], ...] = ()
    skew: float = 0.0
    ends: dict[Trouble, int] = field(default_factory=dict)
    """The item (place in `items`) that the trouble takes out of reach."""


def plan(seed: int) -> Plan:
    """The schedule of that seed, always the same."""
    rng = Random(seed)
    count = rng.choices((1, 2, 3), weights=(55, 35, 10))[0]
    authors = rng.sample(NEWCOMERS, count)
    items = tuple(Item(rng.choice(tuple(STORIES)), author) for author in authors)
    skew = rng.choice((-60.0, 60.0)) if rng.random() < 0.15 else 0.0
    faults = [one for _ in range(rng.choices((0, 1, 2, 3), weights=(8, 45, 32, 15))[0]) for one in _trouble(rng)]
    ends: dict[Trouble, int] = {}
    if rng.random() < 0.25:
        kind = rng.choice((*ENDS, *CLOSES, Trouble.RENAMED))
        place = rng.randrange(count)
        faults.insert(0, (kind, _act(rng, kind)))
        if kind in ENDS:
            ends[kind] = place
    # Lags last, and armed last: whatever else happens to a list's request comes first.
    faults.sort(key=lambda one: one[1].kind is FaultKind.LAG)
    return Plan(seed, items, _steps(rng, items), tuple(faults), skew, ends)


def _steps(rng: Random, items: tuple[Item, ...]) -> tuple[Step, ...]:
    """The acts of all items, each item's in their order."""
    left = [[place] * len(STORIES[item.story]) for place, item in enumerate(items)]
    steps = []
    done = [0] * len(items)
    while any(left):
        place = rng.choice([one for one in range(len(items)) if left[one]])
        left[place].pop()
        steps.append(_step(rng, place, done[place], items[place].story))
        done[place] += 1
    return tuple(steps)


def _step(rng: Random, item: int, act: int, story: str) -> Step:
    return Step(
        item,
        act,
        late=rng.uniform(5, 900) if rng.random() < 0.12 else 0.0,
        reordered=rng.random() < 0.2,
        copies=rng.choice((1, 2)) if rng.random() < 0.15 else 0,
        # A command under another GUID is another wish where people have wished otherwise meanwhile, and what was
        # looked at again is told first by /why.
        regrouped=story not in ("labels changed", "why and help") and rng.random() < 0.08,
        wait=rng.choice((None, None, 0.0, 0.0, 5.0, 45.0, 700.0)),
    )


def _trouble(rng: Random) -> list[tuple[Trouble, Fault]]:
    kind = rng.choice(tuple(_MAKERS))
    return _MAKERS[kind](rng)


def _anywhere(rng: Random) -> tuple[str, str, int]:
    """Method, path and how many matching requests pass before."""
    return rng.choice(
        (
            (WRITES, r"^/repos/", rng.randrange(4)),
            (WRITES, r"^/repos/", rng.randrange(4)),
            ("GET", r"^/repos/", rng.randrange(25)),
            ("GET", r"/issues/\d+(/comments)?$", rng.randrange(4)),
            ("GET", r"^/app", rng.randrange(2)),
            ("POST", r"/access_tokens$", rng.randrange(2)),
        )
    )


def _at(rng: Random, kind: FaultKind, where: tuple[str, str, int], **more: object) -> Fault:
    method, path, skip = where
    return Fault(kind, path, method, skip=skip, **more)  # type: ignore[arg-type]


def _write(rng: Random) -> tuple[str, str, int]:
    return rng.choice(((WRITES, r"^/repos/", rng.randrange(4)), ("POST", r"/(comments|reviews)$", rng.randrange(2))))


def _errors(rng: Random) -> list[tuple[Trouble, Fault]]:
    status, times = rng.choice((500, 502, 503, 504)), rng.choice((1, 1, 2, 4))
    made = _at(rng, FaultKind.STATUS_BEFORE, _anywhere(rng), status=status, times=times)
    return [(Trouble.SERVER_ERROR, made)]


def _after(trouble: Trouble, kind: FaultKind) -> Callable[[Random], list[tuple[Trouble, Fault]]]:
    def make(rng: Random) -> list[tuple[Trouble, Fault]]:
        return [(trouble, _at(rng, kind, _write(rng), status=502, times=rng.choice((1, 1, 2))))]

    return make


def _resets(rng: Random) -> list[tuple[Trouble, Fault]]:
    return [(Trouble.RESET, _at(rng, FaultKind.RESET_BEFORE, _anywhere(rng), times=rng.choice((1, 1, 3))))]


def _limits(trouble: Trouble, kind: FaultKind, longest: int) -> Callable[[Random], list[tuple[Trouble, Fault]]]:
    def make(rng: Random) -> list[tuple[Trouble, Fault]]:
        seconds = float(rng.randint(1, longest))
        status = 403 if kind is FaultKind.PRIMARY_LIMIT else rng.choice((403, 429))
        return [(trouble, _at(rng, kind, _anywhere(rng), status=status, seconds=seconds, times=rng.choice((1, 1, 2))))]

    return make


def _tokens(trouble: Trouble, kind: FaultKind) -> Callable[[Random], list[tuple[Trouble, Fault]]]:
    def make(rng: Random) -> list[tuple[Trouble, Fault]]:
        times = rng.choice((1, 1, 2)) if kind is FaultKind.BAD_TOKEN else 1
        return [(trouble, _at(rng, kind, ("*", r"^/repos/", rng.randrange(20)), times=times))]

    return make


def _lags(trouble: Trouble, shortest: int, longest: int) -> Callable[[Random], list[tuple[Trouble, Fault]]]:
    """A replica that lags behind, and a lost answer: the write has happened, and the lists do not show it yet."""

    def make(rng: Random) -> list[tuple[Trouble, Fault]]:
        kind = rng.choice((FaultKind.RESET_AFTER, FaultKind.STATUS_AFTER))
        what = Trouble.RESET_AFTER if kind is FaultKind.RESET_AFTER else Trouble.SERVER_ERROR_AFTER
        lost = _at(rng, kind, ("POST", r"/(comments|reviews)$", rng.randrange(2)), times=rng.choice((1, 2)))
        lag = Fault(FaultKind.LAG, _LONG_AGO, "GET", times=None, seconds=float(rng.randint(shortest, longest)))
        return [(what, lost), (trouble, lag)]

    return make


def _act(rng: Random, kind: Trouble) -> Fault:
    """Something that people do between two requests of a job. The runner fills in names and numbers."""
    name: str
    arguments: dict[str, object]
    if kind is Trouble.RENAMED:
        name, arguments = "rename_repository", {"repo": "{repo}", "name": "rockpool", "actor": "mira"}
    else:
        name, given = (ENDS | CLOSES)[kind]
        of_item = {"repo": "{repo}", "number": "{number}"} if kind in ENDS else {}
        arguments = {**given, **of_item}
    where = rng.choice((("GET", r"^/repos/", rng.randrange(25)), (WRITES, r"^/repos/", rng.randrange(3))))
    return _at(rng, FaultKind.ACT, where, act=name, arguments=arguments)


_MAKERS: Final[dict[str, Callable[[Random], list[tuple[Trouble, Fault]]]]] = {
    "errors": _errors,
    "errors after": _after(Trouble.SERVER_ERROR_AFTER, FaultKind.STATUS_AFTER),
    "resets": _resets,
    "resets after": _after(Trouble.RESET_AFTER, FaultKind.RESET_AFTER),
    "retry-after": _limits(Trouble.RETRY_AFTER, FaultKind.RETRY_AFTER, 120),
    "primary": _limits(Trouble.PRIMARY, FaultKind.PRIMARY_LIMIT, 3600),
    "secondary": _limits(Trouble.SECONDARY, FaultKind.SECONDARY_LIMIT, 1),
    "bad token": _tokens(Trouble.BAD_TOKEN, FaultKind.BAD_TOKEN),
    "expired": _tokens(Trouble.EXPIRED, FaultKind.EXPIRE),
    "lags": _lags(Trouble.LAG, 5, 55),
    "long lags": _lags(Trouble.LONG_LAG, 90, 900),
}
