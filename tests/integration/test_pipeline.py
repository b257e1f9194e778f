"""Guards of the pipeline that one ordinary event does not meet: bots, ourselves, deletions, budgets, permissions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from bot.domain.compose import compose
from bot.domain.facts import Facts
from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Allowance
from bot.runtime import acting, deciding
from bot.runtime import pipeline as pipeline_module
from bot.sandbox.faults import Fault, FaultKind
from bot.store.records import Records, Subject
from tests.integration.test_events import COMPLETE, INCOMPLETE, bodies, opened, seen
from tests.integration.test_modes import configure
from tests.support.assistant import REPOSITORY, Assistant

TITLE: Final = "Crash on an empty row"


def writes(assistant: Assistant) -> list[str]:
    return [f"{one.method} {one.path}" for one in assistant.sandbox.writes if "access_tokens" not in one.path]


async def reason(assistant: Assistant, guid: str) -> str:
    return (await assistant.reasons())[guid]


async def sent(assistant: Assistant, number: int, **changes: Any) -> str:
    """Deliver the opening of an issue anew, with its payload changed; returns what became of it."""
    first = next(
        one
        for one in assistant.sandbox.deliveries
        if one.event == "issues" and one.payload["issue"]["number"] == number
    )
    payload = first.payload
    for name, value in changes.items():
        payload[name] = payload[name] | value
    made = assistant.sandbox.deliver_raw("issues", payload)
    await assistant.settled()
    return await reason(assistant, made.guid)


async def quietly_opened(assistant: Assistant, body: str = INCOMPLETE) -> int:
    """An issue of which the assistant was not told."""
    hook, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    number = opened(assistant, "jonas", TITLE, body)
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.webhook_url = hook
    return number


@pytest.mark.parametrize("kind", ["User", "Mannequin"])
async def test_a_bot_by_its_login_is_a_bot(assistant: Assistant, kind: str) -> None:
    number = await quietly_opened(assistant)
    ended = await sent(assistant, number, sender={"login": "helper[bot]", "type": kind})
    assert "ignored: an event of a bot" in ended
    assert writes(assistant) == []


async def test_what_our_own_app_wrote_for_a_person_is_left_alone(assistant: Assistant) -> None:
    number = await quietly_opened(assistant)
    ended = await sent(assistant, number, issue={"performed_via_github_app": {"id": assistant.sandbox.app_id}})
    assert "ignored: an event of a bot" in ended
    assert writes(assistant) == []


async def test_what_another_app_wrote_for_a_person_is_the_person_s(assistant: Assistant) -> None:
    number = await quietly_opened(assistant)
    await sent(assistant, number, issue={"performed_via_github_app": {"id": assistant.sandbox.app_id + 1}})
    assert "bug" in seen(assistant, number).labels


async def silenced(assistant: Assistant, number: int) -> bool:
    async with assistant.service.pool.connection() as connection:
        cursor = await connection.execute("SELECT silenced FROM assistant.threads WHERE number = %s", (number,))
        row = await cursor.fetchone()
    return bool(row and row[0])


async def test_deleting_a_copy_of_our_comment_does_not_silence_us(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", TITLE, INCOMPLETE)
    await assistant.settled()
    copy = assistant.sandbox.comment(REPOSITORY, number, "jonas", bodies(seen(assistant, number))[0])
    await assistant.settled()
    assistant.sandbox.delete_comment(copy.id, "jonas")
    await assistant.settled()
    assert not await silenced(assistant, number)


async def test_deleting_a_reply_of_ours_does_not_silence_us(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", TITLE, INCOMPLETE)
    assistant.sandbox.comment(REPOSITORY, number, "stranger", "/help")
    await assistant.settled()
    reply = seen(assistant, number).by_bot()[-1]
    assert "/why" in reply.body
    assistant.sandbox.delete_comment(reply.id, "mira")
    await assistant.settled()
    assert not await silenced(assistant, number)
    assert len(bodies(seen(assistant, number))) == 1


async def test_a_deletion_by_a_person_is_remembered_without_a_later_write(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", TITLE, INCOMPLETE)
    await assistant.settled()
    assistant.sandbox.delete_comment(seen(assistant, number).by_bot()[0].id, "mira")
    await assistant.settled()
    assert await silenced(assistant, number)


async def test_a_bot_that_cleans_up_does_not_silence_us(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", TITLE, INCOMPLETE)
    await assistant.settled()
    hook, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    assistant.sandbox.delete_comment(seen(assistant, number).by_bot()[0].id, "mira")
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.webhook_url = hook
    payload = next(one for one in assistant.sandbox.deliveries if one.payload.get("action") == "deleted").payload
    payload["sender"] |= {"login": "cleaner[bot]"}
    assistant.sandbox.deliver_raw("issue_comment", payload)
    await assistant.settled()
    assert not await silenced(assistant, number)


async def test_what_is_off_is_not_even_decided(assistant: Assistant) -> None:
    configure(assistant, "mode: off\n")
    opened(assistant, "jonas", TITLE, INCOMPLETE)
    await assistant.settled()
    assert any("nothing is on for issues.opened" in one for one in (await assistant.reasons()).values())


async def test_an_item_that_went_to_another_repository_ends_with_that_reason(assistant: Assistant) -> None:
    number = await quietly_opened(assistant)
    assistant.sandbox.create_repository("sample-org", "other", {"README.md": "# Other\n"})
    hook, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    assistant.sandbox.transfer(REPOSITORY, number, "mira", "sample-org/other")
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.webhook_url = hook
    assert "ended: the item was moved to another repository" in await sent(assistant, number)


async def test_an_issue_that_was_moved_here_is_not_new(assistant: Assistant) -> None:
    number = await quietly_opened(assistant)
    assistant.sandbox.create_repository("sample-org", "other", {"README.md": "# Other\n"})
    assistant.sandbox.transfer(REPOSITORY, number, "mira", "sample-org/other")
    await assistant.settled()
    assert any("moved here" in one for one in (await assistant.reasons()).values())
    assert assistant.sandbox.thread("sample-org/other", 1).labels == ()


async def test_a_command_in_a_deleted_comment_never_ran(assistant: Assistant) -> None:
    number = opened(assistant, "jonas", TITLE, COMPLETE)
    await assistant.settled()
    hook, assistant.sandbox.webhook_url = assistant.sandbox.webhook_url, None
    made = assistant.sandbox.comment(REPOSITORY, number, "mira", "/label question")
    await assistant.sandbox.drain_webhooks()
    assistant.sandbox.webhook_url = hook
    assistant.sandbox.delete_comment(made.id, "mira")
    await assistant.settled()
    assert seen(assistant, number).labels == ("bug",)


async def test_an_author_s_budget_ends_and_a_maintainer_s_does_not(assistant: Assistant) -> None:
    configure(assistant, "budgets:\n  events_per_author_day: 1\n")
    numbers = [opened(assistant, author, TITLE, COMPLETE) for author in ("stranger", "stranger", "mira", "mira")]
    await assistant.settled()
    assert sorted(len(seen(assistant, number).labels) for number in numbers[:2]) == [0, 1]
    assert [seen(assistant, number).labels for number in numbers[2:]] == [("bug",)] * 2
    assert any("budget" in one for one in (await assistant.reasons()).values())


async def test_a_suspended_installation_asks_and_writes_nothing(assistant: Assistant) -> None:
    number = await quietly_opened(assistant)
    for one in assistant.sandbox.state.installations.values():
        one.suspended_at = assistant.sandbox.now()
    before = len(assistant.sandbox.requests)
    assert "ended: the installation is suspended" in await sent(assistant, number)
    assert {one.path.split("/")[1] for one in assistant.sandbox.requests[before:]} <= {"app"}


@pytest.mark.parametrize(
    ("permissions", "labels"),
    [({"pull_requests": "read"}, ("bug",)), ({"issues": "read"}, ()), ({"contents": "read"}, ("bug",))],
)
async def test_a_permission_that_this_kind_of_item_does_not_need_may_be_missing(
    assistant: Assistant, permissions: dict[str, str], labels: tuple[str, ...]
) -> None:
    for one in assistant.sandbox.state.installations.values():
        one.permissions = {**one.permissions, **permissions}
    number = opened(assistant, "jonas", TITLE, COMPLETE)
    await assistant.settled()
    assert seen(assistant, number).labels == labels


async def test_a_capability_that_fails_does_not_take_the_others_with_it(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(facts: Facts, *_rest: object) -> None:
        raise LookupError(facts.item.title)

    triage = next(one for one in assistant.service.worker._pipeline._registry if one.manifest.id == "triage")
    monkeypatch.setattr(type(triage), "decide", lambda _self, facts, *rest: fail(facts, *rest))
    number = opened(assistant, "jonas", TITLE, INCOMPLETE)
    await assistant.settled()
    assert seen(assistant, number).labels == ("needs-info",)
    assert "`Version`" in bodies(seen(assistant, number))[0]


async def failed_once(assistant: Assistant) -> int:
    """An issue whose plan was made, and whose first write had no answer and did not happen."""
    fault = assistant.sandbox.faults.add(
        Fault(FaultKind.STATUS_BEFORE, r"/issues/\d+/labels$", "POST", times=1, status=502)
    )
    number = opened(assistant, "jonas", TITLE, COMPLETE)
    await assistant.settled()
    assert fault.fired == 1
    return number


async def test_what_was_decided_is_not_decided_again(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry works from the record: the second attempt asks no capability."""
    calls: list[str] = []
    real = deciding.Deciding._decisions

    async def counted(self: Any, active: Any, facts: Facts, config: Any) -> Any:
        calls.append(facts.event.kind)
        return await real(self, active, facts, config)

    monkeypatch.setattr(deciding.Deciding, "_decisions", counted)
    number = await failed_once(assistant)
    assert (seen(assistant, number).labels, calls) == (("bug",), ["issues.opened"])


@pytest.mark.parametrize(("begun", "stale", "decided"), [(False, 1, 2), (True, 1, 1), (False, 600, 1)])
async def test_an_old_plan_is_made_anew_unless_something_of_it_was_begun(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, begun: bool, stale: int, decided: int
) -> None:
    calls: list[str] = []
    real = deciding.Deciding._decisions

    async def counted(self: Any, active: Any, facts: Facts, config: Any) -> Any:
        calls.append(facts.event.kind)
        return await real(self, active, facts, config)

    monkeypatch.setattr(deciding.Deciding, "_decisions", counted)
    monkeypatch.setattr(pipeline_module, "_STALE", timedelta(seconds=stale))
    if begun:
        await failed_once(assistant)
    else:
        broken = iter([True])

        def fails_once(*arguments: Any) -> Any:
            if next(broken, False):
                raise ZeroDivisionError("before anything was begun")
            return compose(*arguments)

        monkeypatch.setattr(acting, "compose", fails_once)
        opened(assistant, "jonas", TITLE, COMPLETE)
    await assistant.settled()
    assert len(calls) == decided


async def test_of_two_plans_the_recorded_one_is_carried_out(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker that held the item a moment ago recorded its plan while this one was deciding."""
    real = deciding.Deciding._decisions

    async def overtaken(self: Any, active: Any, facts: Facts, config: Any) -> Any:
        made = await real(self, active, facts, config)
        subject = Subject(facts.event.delivery, facts.event.kind, facts.event.repository.id, facts.item.number, "jonas")
        await Records(assistant.service.pool).save(subject, [replace(one, plan=[]) for one in made])
        return made

    monkeypatch.setattr(deciding.Deciding, "_decisions", overtaken)
    number = opened(assistant, "jonas", TITLE, COMPLETE)
    await assistant.settled()
    assert seen(assistant, number).labels == ()


class Listening:
    """A model that has no answer and notes what it may know of whose text it is asked about."""

    def __init__(self) -> None:
        self.asked: list[tuple[bool, str]] = []

    async def answer(
        self, request: ModelRequest, *, private: bool, scope: str, allowance: Allowance
    ) -> ModelAnswer | NoAnswer:
        self.asked.append((private, scope))
        return NoAnswer("it only listens")


@pytest.mark.parametrize("private", [False, True])
async def test_a_model_is_told_whether_the_repository_is_private(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    model = Listening()
    steps = assistant.service.worker._pipeline._deciding
    monkeypatch.setattr(steps, "_services", replace(steps._services, model=model))
    number = await quietly_opened(assistant, "The thing on the pier does not do what I would like it to.")
    await sent(assistant, number, repository={"private": private})
    assert {one for one, _scope in model.asked} == {private}


async def test_help_does_not_name_commands_of_what_is_off(assistant: Assistant) -> None:
    commanding = {one.manifest.id: one.manifest.commands for one in assistant.service.worker._pipeline._registry}
    owner, (first, *_rest) = next((name, cmds) for name, cmds in commanding.items() if cmds and name != "commands")
    configure(assistant, f"{owner}:\n  mode: off\n")
    number = opened(assistant, "jonas", TITLE, COMPLETE)
    assistant.sandbox.comment(REPOSITORY, number, "mira", "/help")
    await assistant.settled()
    assert f"/{first.name}" not in bodies(seen(assistant, number))[-1]
