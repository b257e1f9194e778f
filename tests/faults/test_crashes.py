"""The short lane of the crashes: every kind of point once, some twice in a row, and proof that it would notice."""

import random

import pytest

from tests.faults.crashes import DOUBLING, Case, Undisturbed, crash, each_kind, first_starts, found_out, kind
from tests.faults.crashes_scenarios import SCENARIOS
from tests.faults.processes_points import template, write_of

CRASHES = 64
SLACK = 14
"""Kills that may come too late, most of them second ones: how long a recovery takes depends on the machine."""


@pytest.mark.timeout(400)
async def test_sixty_crashes_lose_and_double_nothing() -> None:
    chosen: list[Case] = []

    def choose(found: Undisturbed) -> list[Case]:
        first = first_starts(count=1, chance=random.Random(7))
        chosen.extend([*first, *each_kind(found, crashes=CRASHES - len(first))])
        return chosen

    outcomes = await crash(choose)
    assert [(one.case.name, one.fired, one.lost, one.doubled) for one in outcomes if one.lost or one.doubled] == []
    assert sum(len(one.case.orders) for one in outcomes) == CRASHES
    # What a process writes once (whose a repository is) may have been written before the kill was armed.
    assert sum(not one.fired for one in outcomes) <= CRASHES // 10
    assert sum(len(one.fired) for one in outcomes) >= CRASHES - SLACK
    fired = {where for one in outcomes for where in one.fired}
    for needed in (
        "before GitHub: POST /repos/R/issues/N/comments",
        "after GitHub: POST /repos/R/issues/N/comments",
        "after GitHub: POST /repos/R/pulls/N/reviews",
        "after database: INSERT INTO assistant.deliveries",
        "before database: INSERT INTO assistant.deliveries",
        "after model: POST /chat/completions",
        "before program: pg_ctl",
    ):
        assert needed in fired


@pytest.mark.timeout(200)
async def test_a_product_that_repeats_without_looking_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.crashes.SCENARIOS", SCENARIOS[:1])
    outcome = await found_out(*DOUBLING)
    assert outcome.fired == ("after GitHub: POST /repos/R/issues/N/comments",)
    assert outcome.doubled["write POST /repos/R/issues/N/comments"] == 1


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("SELECT 1", None),
        ("SELECT pg_advisory_lock(1, 2)", None),
        ("SELECT id FROM procrastinate_workers ORDER BY id", None),
        ("SELECT a FROM b FOR UPDATE", None),
        ("SELECT * FROM procrastinate_fetch_job_v2(1)", "procrastinate_fetch_job_v2"),
        ("SELECT w.id, pg_terminate_backend(l.pid, 1) FROM w", "pg_terminate_backend"),
        ("WITH x AS (SELECT 1) INSERT INTO assistant.deliveries SELECT", "INSERT INTO assistant.deliveries"),
        ("INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET b = 2", "INSERT INTO a"),
        ("UPDATE assistant.deliveries SET a = 1", "UPDATE assistant.deliveries"),
        ("delete from x", "DELETE FROM x"),
        ("ANALYZE procrastinate_jobs", "ANALYZE procrastinate_jobs"),
        ("CREATE TABLE IF NOT EXISTS a ()", "CREATE TABLE"),
    ],
)
def test_what_counts_as_a_write(query: str, name: str | None) -> None:
    assert write_of(query) == name


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/repos/sample-org/tidepool/issues/7/comments", "/repos/R/issues/N/comments"),
        ("/repos/sample-org/tidepool/collaborators/mira/permission", "/repos/R/collaborators/LOGIN/permission"),
        (f"/repos/a/b/git/trees/{'0a' * 20}", "/repos/R/git/trees/SHA"),
        ("/app/hook/deliveries/5000001", "/app/hook/deliveries/N"),
    ],
)
def test_requests_are_named_without_what_differs(path: str, shown: str) -> None:
    assert template(path) == shown


def test_reads_of_github_are_one_kind_and_writes_are_many() -> None:
    assert kind(("after", "GitHub: GET /a")) == kind(("after", "GitHub: GET /b"))
    assert kind(("after", "GitHub: POST /a")) != kind(("after", "GitHub: POST /b"))
