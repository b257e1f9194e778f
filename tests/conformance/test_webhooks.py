"""The webhooks of the stand-in GitHub look like GitHub's: as described, with every key of GitHub's examples."""

import pytest

from bot.sandbox import Delivery, Sandbox
from tests.conformance.acts import act
from tests.conformance.conftest import Recording
from tests.conformance.openapi import Description
from tests.conformance.payloads import examples, missing_keys

_LEAST_KINDS = 30


@pytest.fixture
async def sent() -> tuple[Delivery, ...]:
    """One webhook at least of each kind that it knows."""
    async with Sandbox.start() as sandbox:
        act(sandbox)
        await sandbox.drain_webhooks()
        return tuple(sandbox.deliveries)


async def test_they_are_as_described(
    sent: tuple[Delivery, ...], recording: Recording, description: Description
) -> None:
    assert not {
        fault
        for one in (*sent, *recording.deliveries)
        for fault in description.webhook_faults(one.event, one.action, one.payload)
    }


async def test_they_have_the_keys_of_githubs_examples(sent: tuple[Delivery, ...], recording: Recording) -> None:
    known = examples()
    missing = {
        f"{one.event}.{one.action}: {key}"
        for one in (*sent, *recording.deliveries)
        if (one.event, one.action) in known
        for key in missing_keys(known[one.event, one.action], one.payload)
    }
    assert not sorted(missing)


async def test_there_are_many_kinds(sent: tuple[Delivery, ...]) -> None:
    assert len({(one.event, one.action) for one in sent} & examples().keys()) >= _LEAST_KINDS


def test_a_wrong_payload_is_seen(description: Description) -> None:
    known = examples()["issues", "opened"]
    without = {name: value for name, value in known[0].items() if name != "sender"}
    assert "/sender" in missing_keys(known, without)
    assert description.webhook_faults("issues", "opened", without)
    assert description.webhook_faults("issues", "thrown", without)
