"""What the demo does on the stand-in GitHub: acts of people, a look at threads, and waiting until all is quiet."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from bot.demo.threads import Thread, thread_of
from bot.sandbox.hooks import encode, signed_headers

REPOSITORY: Final = "sample-org/tidepool"
_POLL: Final = 0.05
_ANSWERS: Final = re.compile(r"^assistant_model_answers_total(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class NotSettled(Exception):
    """Something was still under way when the time was up."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery that GitHub sent. `number`: of the thread, None for other events."""

    id: int
    guid: str
    event: str
    action: str | None
    sender_is_bot: bool
    number: int | None
    ok: bool
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StandIn:
    """The stand-in's control interface. `check` raises when a process has ended."""

    session: aiohttp.ClientSession
    url: str
    server_url: str
    app_id: int
    webhook_secret: str
    check: Callable[[], None]

    async def act(self, name: str, **arguments: object) -> dict[str, Any]:
        """Do what a person does; `repo` is added where it is not given. RuntimeError when it was refused."""
        return dict(await self._post(f"act/{name}", arguments))

    async def on_item(self, name: str, number: int, **arguments: object) -> dict[str, Any]:
        """An act on one thread of the sample repository."""
        return await self.act(name, repo=REPOSITORY, number=number, **arguments)

    async def settings(self, **values: object) -> None:
        await self._post("settings", values)

    async def add_fault(self, **fault: object) -> None:
        await self._post("faults", fault)

    async def clear_faults(self) -> None:
        async with self.session.delete(f"{self.url}/_sandbox/faults") as response:
            response.raise_for_status()

    async def thread(self, number: int) -> Thread:
        return thread_of(await self._get(f"thread/{REPOSITORY}/{number}"))

    async def deliveries(self) -> list[Delivery]:
        return [_delivery(one) for one in await self._get("deliveries")]

    async def requests(self) -> list[dict[str, Any]]:
        """All requests of the REST API so far."""
        return list(await self._get("requests"))

    async def redeliver(self, delivery: Delivery) -> None:
        """The same event again under its own GUID."""
        await self._post(f"deliveries/{delivery.id}/redeliver", {})

    async def deliver_under_new_guid(self, delivery: Delivery, guid: str) -> int:
        """The same event once more, as if it were another one; returns the server's status."""
        body = encode(delivery.payload)
        headers = signed_headers(body, self.webhook_secret, event=delivery.event, guid=guid, app_id=self.app_id)
        async with self.session.post(f"{self.server_url}/webhooks/github", data=body, headers=headers) as response:
            return response.status

    async def model_answers(self) -> int:
        """How often the server has asked its model so far."""
        async with self.session.get(f"{self.server_url}/metrics") as response:
            text = await response.text()
        return round(sum(float(one) for one in _ANSWERS.findall(text)))

    async def settled(self, within: float) -> None:
        """Wait until every delivery is answered and carried out; raises NotSettled."""
        until = time.monotonic() + within
        before = -1
        while time.monotonic() < until:
            self.check()
            # What the assistant does is announced to it as well, so quiet is only what lasts for two looks.
            quiet = await self._quiet()
            if quiet is not None and quiet == before:
                return
            before = -1 if quiet is None else quiet
            await asyncio.sleep(_POLL)
        raise NotSettled(f"still busy after {within:.0f} s")

    async def _quiet(self) -> int | None:
        """The number of deliveries so far, or None while something is under way."""
        async with self.session.get(f"{self.server_url}/readyz") as response:
            if response.status != 200 or "deliveries queued" in await response.text():
                return None
        found = await self._get("deliveries")
        return None if any(one["status"] == "pending" for one in found) else len(found)

    async def _get(self, path: str) -> Any:
        async with self.session.get(f"{self.url}/_sandbox/{path}") as response:
            response.raise_for_status()
            return await response.json()

    async def _post(self, path: str, body: Mapping[str, object]) -> Any:
        async with self.session.post(f"{self.url}/_sandbox/{path}", json=body) as response:
            if not response.ok:
                raise RuntimeError(f"the stand-in GitHub refused {path}: {(await response.text())[:300]}")
            return await response.json()


def _delivery(data: Mapping[str, Any]) -> Delivery:
    payload = data["payload"] or {}
    item = payload.get("issue") or payload.get("pull_request") or {}
    return Delivery(
        id=data["id"],
        guid=data["guid"],
        event=data["event"],
        action=data["action"],
        sender_is_bot=(payload.get("sender") or {}).get("type") == "Bot",
        number=item.get("number"),
        ok=200 <= data["status_code"] < 300,
        payload=payload,
    )
