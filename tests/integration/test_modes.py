"""off, observe, suggest, act, per repository and per capability; the organisation's file; broken files."""

import pytest

from bot.sandbox.faults import Fault, FaultKind
from tests.integration.test_events import COMPLETE, INCOMPLETE, bodies, opened, seen
from tests.support.assistant import REPOSITORY, Assistant

PATH = ".github/contribution-assistant.yml"


def configure(assistant: Assistant, text: str) -> None:
    assistant.sandbox.commit(REPOSITORY, "mira", {PATH: text}, "Configure the assistant")


async def test_off_does_nothing(assistant: Assistant) -> None:
    configure(assistant, "mode: off\n")
    number = opened(assistant, "stranger", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    assert (seen(assistant, number).labels, bodies(seen(assistant, number))) == ((), [])
    assert assistant.sandbox.writes == []


async def test_observe_records_and_writes_nothing(assistant: Assistant) -> None:
    configure(assistant, "mode: observe\n")
    number = opened(assistant, "stranger", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    assert assistant.sandbox.writes == []
    async with assistant.service.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT outcome, verdicts FROM assistant.decisions WHERE number = %s AND capability = 'triage'", (number,)
        )
        ((outcome, verdicts),) = await cursor.fetchall()
    assert "bug" in outcome
    assert {one["reason"] for one in verdicts} == {"mode observe: recorded only"}


async def test_suggest_comments_and_leaves_labels_to_people(assistant: Assistant) -> None:
    configure(assistant, "mode: suggest\n")
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    thread = seen(assistant, number)
    assert thread.labels == ()
    assert "/label bug" in bodies(thread)[0]
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/label bug")
    await assistant.settled()
    assert seen(assistant, number).labels == ("bug",)


async def test_one_capability_can_be_off(assistant: Assistant) -> None:
    configure(assistant, "missing_info:\n  mode: off\n")
    number = opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    thread = seen(assistant, number)
    assert (thread.labels, bodies(thread)) == (("bug",), [])


async def test_the_organisations_file_holds_under_the_repositorys_and_a_change_of_it_at_once(
    assistant: Assistant,
) -> None:
    assistant.sandbox.create_repository("sample-org", ".github", {PATH: "mode: off\nlabels:\n  allow: [question]\n"})
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    assert seen(assistant, number).labels == ()
    assistant.sandbox.commit("sample-org/.github", "mira", {PATH: "mode: act\n"}, "Begin")
    number = opened(assistant, "jonas", "Crash on a long row", COMPLETE)
    await assistant.settled()
    assert seen(assistant, number).labels == ("bug",)


async def test_a_server_that_lags_behind_does_not_hide_the_organisations_file_for_long(assistant: Assistant) -> None:
    assistant.sandbox.create_repository("sample-org", ".github", {PATH: "mode: off\n"})
    labels: list[tuple[str, ...]] = []
    for status in (None, 404, None, 403):
        if status:
            assistant.sandbox.faults.add(
                Fault(FaultKind.STATUS_BEFORE, f"/.github/contents/{PATH}$", "GET", times=1, status=status)
            )
        number = opened(assistant, "jonas", f"Crash on an empty row ({len(labels)})", COMPLETE)
        await assistant.settled()
        labels.append(tuple(seen(assistant, number).labels))
    assert labels == [(), ("bug",), (), ("bug",)]


async def test_that_the_organisation_has_no_file_is_believed_for_a_while(assistant: Assistant) -> None:
    for title in ("Crash on an empty row", "Crash on a long row"):
        opened(assistant, "jonas", title, COMPLETE)
        await assistant.settled()
    asked = [one for one in assistant.sandbox.requests if one.path.endswith(f"/.github/contents/{PATH}")]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [("mode: act\nmoods: off\n", "line 2, column 1"), ("triage: [\n", "line 2"), ("mode: loud\n", "line 1, column 1")],
)
async def test_a_broken_file_is_reported_once_and_the_last_good_one_holds(
    assistant: Assistant, text: str, place: str
) -> None:
    configure(assistant, "missing_info:\n  mode: off\n")
    opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    configure(assistant, text)
    first = opened(assistant, "jonas", "Crash on a long row", INCOMPLETE)
    await assistant.settled()
    second = opened(assistant, "jonas", "Crash on a short row", INCOMPLETE)
    await assistant.settled()
    (notice,) = bodies(seen(assistant, first))
    assert place in notice
    assert bodies(seen(assistant, second)) == []
    assert seen(assistant, second).labels == ("bug",)


async def test_the_pull_request_that_breaks_the_file_is_told(assistant: Assistant) -> None:
    pull = assistant.sandbox.open_pull(REPOSITORY, "tom", "Configure", files={PATH: "mode: act\nmoods: off\n"})
    await assistant.settled()
    (body,) = bodies(seen(assistant, pull.number))
    assert "line 2, column 1" in body
    assistant.sandbox.push_to_pull(REPOSITORY, pull.number, "tom", {PATH: "mode: observe\n"})
    await assistant.settled()
    (body,) = bodies(seen(assistant, pull.number))
    assert "fine now" in body


async def test_a_broken_file_is_told_of_by_the_first_thread_that_can(assistant: Assistant) -> None:
    first = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    await assistant.settled()
    configure(assistant, "mode: act\nmoods: off\n")
    assistant.sandbox.comment(REPOSITORY, first, "jonas", "By the way, it also happens with two rows.")
    await assistant.settled()
    second = opened(assistant, "jonas", "Crash on a long row", COMPLETE)
    await assistant.settled()
    assert "line 2, column 1" in bodies(seen(assistant, second))[0]


@pytest.mark.parametrize("text", ["mode: off\nmoods: off\n", "mode: !!bool foo\n", "a: !!int ''\nmode: off\n"])
async def test_a_first_file_that_is_broken_is_taken_as_safely_as_it_can_be_read(
    assistant: Assistant, text: str
) -> None:
    configure(assistant, text)
    opened(assistant, "jonas", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    assert all("failed" not in one and "KeyError" not in one for one in (await assistant.reasons()).values())
    if text.startswith("mode: off"):
        assert assistant.sandbox.writes == []


async def test_the_budget_of_a_thread_holds_strangers_back(assistant: Assistant) -> None:
    configure(assistant, "budgets:\n  events_per_thread_day: 2\n")
    number = opened(assistant, "jonas", "Crash on an empty row", COMPLETE)
    for _ in range(3):
        assistant.sandbox.comment(REPOSITORY, number, "stranger", "/help")
    await assistant.settled()
    assert len(bodies(seen(assistant, number))) == 1
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/help")
    await assistant.settled()
    assert len(bodies(seen(assistant, number))) == 2


async def test_labels_are_known_by_their_name_in_any_case(assistant: Assistant) -> None:
    """GitHub takes `bug` and `Bug` for one label; what is written is the repository's spelling."""
    labels = assistant.sandbox.state.repository(REPOSITORY).labels
    for name in ("bug", "needs-info"):
        next(one for one in labels.values() if one.name == name).name = name.title()
    number = opened(assistant, "stranger", "Crash on an empty row", INCOMPLETE)
    await assistant.settled()
    assert set(seen(assistant, number).labels) == {"Bug", "Needs-Info"}
