"""What a test sees of the history index, and what GitHub was asked for it."""

from datetime import UTC, datetime

from bot.domain.history import Change, HistoryItem, Setter, Writer, canonical, ledger
from bot.runtime.backfill import Step
from bot.sandbox import Sandbox
from bot.sandbox.record import LoggedRequest
from bot.sandbox.shapes.links import stamp
from bot.store.database import Pool
from bot.store.history import History
from tests.support.assistant import REPOSITORY
from tests.support.past import Past

Index = dict[int, tuple[HistoryItem, tuple[Change, ...]]]


class Quiet:
    """Counts what an operator would see."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.total: int | None = None
        self.waited: list[str] = []

    def known(self, items: int, total: int | None) -> None:
        self.total = total

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def waits(self, until: datetime, reason: str) -> None:
        self.waited.append(reason)


def repository_id(sandbox: Sandbox) -> int:
    return sandbox.state.repository(REPOSITORY).id


async def known(pool: Pool, repository: int) -> Index:
    return {item.number: (item, changes) async for item, changes in History(pool).items(repository)}


def setters(index: Index, number: int) -> dict[str, tuple[bool, Setter | None]]:
    item, changes = index[number]
    return {name: (one.present, one.by) for name, one in ledger(item.labels, changes).items()}


def asked(sandbox: Sandbox, ending: str = "/issues") -> list[LoggedRequest]:
    listed = [one for one in sandbox.requests if one.path.endswith(ending) and one.query.get("per_page") == "100"]
    return [one for one in listed if one.method == "GET"]


def assert_the_same(sandbox: Sandbox, index: Index) -> None:
    """Every item is there as GitHub has it."""
    items = sandbox.state.repository(REPOSITORY).issues
    assert index.keys() == items.keys()
    for number, (found, _changes) in index.items():
        item = items[number]
        assert (found.title, found.body) == (item.title, (item.body or "").replace("\0", ""))
        assert (found.state, found.is_pull) == (item.state, item.pull is not None)
        assert set(found.labels) == set(item.labels)
        assert stamp(found.created_at.astimezone(UTC)) == stamp(item.created_at)
        assert found.state_reason == ("merged" if item.pull and item.pull.merged_at else item.state_reason or "")


def assert_the_past(past: Past, index: Index, links: dict[int, int]) -> None:
    """Who set what, and what is a duplicate of what."""
    assert setters(index, past.by_bot) == {"question": (True, Setter.BOT)}
    assert setters(index, past.by_person) == {"enhancement": (True, Setter.PERSON)}
    assert setters(index, past.by_us) == {"documentation": (True, Setter.US)}
    assert setters(index, past.by_form) == {"bug": (True, Setter.FORM)}
    assert setters(index, past.removed) == {"bug": (False, Setter.PERSON)}
    assert index[past.of_a_bot][0].writer is Writer.BOT
    assert links == {
        past.middle: past.original, past.duplicate: past.middle, past.closed_as_duplicate: past.original,
    }  # fmt: skip
    assert canonical(links)[past.duplicate] == past.original
