"""The benchmarks' own code with tiny numbers: what is counted, never how long it took."""

from types import FrameType
from typing import Any

import pytest

from benchmarks import acknowledge, duplicates, instant, load, throughput
from benchmarks.canned import Canned
from benchmarks.profiled import part_of
from benchmarks.reports import Reports
from benchmarks.sizes import stream
from benchmarks.town import Town
from docs.assurance import Section

SECRET = b"a secret of these tests"


def cells(section: Section) -> dict[str, str]:
    return {row[0]: row[1] for row in section.rows}


async def test_durable_acknowledgements_are_compared_and_none_is_refused() -> None:
    section = await acknowledge.measure(seconds=0.1, rounds=1, processes=(1,), timed=False)
    assert not section.failed
    assert "0 refused" in section.headline
    ((processes, bare, durable, ratio, _p99),) = section.rows
    assert processes == "1"
    assert float(bare) > 0
    assert float(durable) > 0
    assert float(ratio) > 0


async def test_under_load_every_delivery_is_acknowledged_kept_and_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROBOT", raising=False)
    section = await load.measure(seconds=1, repositories=4, rate=12, timed=False)
    assert not section.failed, section
    found = cells(section)
    assert found["acknowledged"] == "12 of 12"
    assert found["refused"] == "0"
    assert found["kept"] == "12"
    assert "12 of 12 done" in section.headline


async def test_throughput_counts_every_event_once_and_says_where_the_time_goes() -> None:
    section = await throughput.measure(seconds=0.2, repositories=4, wanted=0)
    assert not section.failed, section
    found = cells(section)
    assert float(found["requests to GitHub"]) > 5
    assert float(found["SQL statements"]) > 5
    assert any(name.startswith("`serve` alone, ") for name in found)
    assert "— POST /issues/N/comments" in found


@pytest.mark.parametrize(
    ("slowest", "found", "failed"),
    [(29.0, 18, False), (31.0, 18, True), (29.0, 15, True)],
    ids=["as wanted", "too slow", "too little found"],
)
def test_a_look_up_that_is_slow_or_finds_nothing_fails(slowest: float, found: int, failed: bool) -> None:
    small = duplicates.Measured(1_000, (10.0,) * 20, (5.0,) * 20, 20, 20, 3.0, 2**20)
    large = duplicates.Measured(100_000, (12.0,) * 17 + (slowest,) * 3, (6.0,) * 20, found, found, 300.0, 2**29)
    section = duplicates.section([small, large], 400.0)
    assert section.failed is failed
    assert f"{slowest:.1f} ms" in section.headline
    assert f"{slowest / 10:.1f} times" in section.headline
    assert section.rows[1][:3] == ("100,000", "12.0 ms", f"{slowest:.1f} ms")


def test_made_up_reports_repeat_some_of_their_words() -> None:
    made = Reports(seed=3)
    for one in (made.new() for _ in range(20)):
        again = made.repeated(one)
        kept = sum(a == b for a, b in zip(one.body.split(), again.body.split(), strict=True))
        assert 0.2 < kept / len(one.body.split()) <= 1
    assert Reports(seed=3).new() == Reports(seed=3).new()


@pytest.mark.parametrize(
    ("states", "refused", "recorded"),
    [({"done": 9, "failed": 1}, 0, 3), ({"done": 10}, 1, 3), ({"done": 10}, 0, 2), ({"done": 10}, 0, 0)],
    ids=["one failed", "one refused", "a comment that nobody recorded", "nothing was written"],
)
def test_a_run_that_lost_or_doubled_something_is_not_sound(states: dict[str, int], refused: int, recorded: int) -> None:
    posts = {"POST /issues/N/comments": 3} if recorded else {}
    good = throughput.Run(10, 1.0, {"done": 10}, 0, {"POST /issues/N/comments": 3}, 3, {})
    assert good.sound
    assert not throughput.Run(10, 1.0, states, refused, posts, recorded, {}).sound


def test_one_payload_in_a_hundred_is_big_and_one_is_huge() -> None:
    sizes = [len(one) for one in stream(Town(4).deliveries(8, SECRET), 200, SECRET)]
    assert sum(size > 4_900_000 for size in sizes) == 3
    assert sum(size > 24_900_000 for size in sizes) == 1
    assert max(sizes) < 25 * 1024 * 1024


def test_the_instant_github_answers_in_the_shapes_of_the_sandbox_and_counts() -> None:
    town = Town(2)
    town.deliveries(20, SECRET)
    stand_in = instant.Instant(Canned(town))
    whole = stand_in.respond(b"GET", b"/repos/org-0/tidepool-0/labels?per_page=100", b"", b"")
    assert b'"name":"needs-info"' in whole
    tag = whole.partition(b"ETag: ")[2].partition(b"\r\n")[0]
    again = stand_in.respond(b"GET", b"/repos/org-0/tidepool-0/labels", b"\r\nIf-None-Match: " + tag, b"")
    assert again.startswith(b"HTTP/1.1 304 ")
    assert stand_in.respond(b"GET", b"/repos/org-0/nothing/labels", b"", b"").startswith(b"HTTP/1.1 404 ")
    assert instant.kinds(stand_in.counts) == {"GET /labels": 3}


def test_a_sample_belongs_to_the_innermost_part_that_is_known() -> None:
    class Frame:
        def __init__(self, name: str, back: Any) -> None:
            self.f_code = type("Code", (), {"co_filename": name})
            self.f_back = back

    def part(*names: str) -> str:
        frame: Any = None
        for name in names:
            frame = Frame(name, frame)
        found: FrameType | None = frame
        return part_of(found)

    assert part("/x/bot/runtime/worker.py", "/x/aiohttp/client.py", "/lib/json/decoder.py") == "JSON"
    assert part("/x/bot/runtime/worker.py", "/x/psycopg/waiting.py", "/lib/enum.py") == "SQL"
    assert part("/lib/runpy.py") == "everything else"
