"""The stand-in GitHub as one object: state, server, webhooks, faults, and people to act as."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Self

from aiohttp import web

from bot.sandbox.auth import Authenticator, InstallationCaller
from bot.sandbox.control import ACTIONS, Control
from bot.sandbox.credentials import Credentials, generate
from bot.sandbox.faults import FaultBook
from bot.sandbox.hooks import Delivery, Hookshot
from bot.sandbox.people import People
from bot.sandbox.ratelimit import RateLimit
from bot.sandbox.record import LoggedRequest
from bot.sandbox.sample import sample_state
from bot.sandbox.server import RestServer
from bot.sandbox.shapes.links import Links
from bot.sandbox.state import State, new_app
from bot.sandbox.threads import ThreadView, view
from bot.sandbox.world import Announcement, World

MAX_REQUEST_BYTES = 64 * 1024 * 1024


class Sandbox(People):
    """A GitHub of its own. Build it, then `async with sandbox.serving():`, or use `Sandbox.start()`."""

    def __init__(self, state: State | None = None, *, credentials: Credentials | None = None) -> None:
        self.state = state or sample_state()
        self.credentials = credentials or generate()
        self.clock_offset = timedelta()
        """Added to the real time everywhere: tokens, `Date`, timestamps."""
        self.url = "http://127.0.0.1:0"
        self.api_prefix = ""
        """`/api/v3` makes the URLs in webhook payloads Enterprise Server's."""
        self._hooks = Hookshot(self.state.app.id, self.credentials.webhook_secret, self.now)
        self._hooks_of = {self.state.app.id: self._hooks}
        self.overhear: Callable[[Announcement], None] | None = None
        """Called with every announcement besides its App: how other bots learn what happens."""
        super().__init__(World(self.state, self.now, self._hook_links, self._tell))
        self._auth = Authenticator(self.state, {self.state.app.id: self.credentials.public_key()}, self.now)
        limits = RateLimit(self.state.rate_limit)
        self._server = RestServer(self.world, self._hooks_of, self._auth, limits, self.act)

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        state: State | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        webhook_url: str | None = None,
        credentials: Credentials | None = None,
    ) -> AsyncIterator[Self]:
        """Serve until the block ends; port 0 takes a free one, see `url`."""
        sandbox = cls(state, credentials=credentials)
        sandbox.webhook_url = webhook_url
        async with sandbox.serving(host=host, port=port):
            yield sandbox

    @asynccontextmanager
    async def serving(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Self]:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        Control(self).add_routes(app)
        app.router.add_route("*", "/{anything:.*}", self.handle_rest)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        name = runner.addresses[0]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{name[1]}"
        try:
            yield self
        finally:
            for hooks in self._hooks_of.values():
                await hooks.close()
            await runner.cleanup()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock_offset

    @property
    def app_id(self) -> int:
        return self.state.app.id

    @property
    def private_key(self) -> str:
        return self.credentials.private_key

    @property
    def webhook_secret(self) -> str:
        return self._hooks.secret

    @webhook_secret.setter
    def webhook_secret(self, secret: str) -> None:
        self._hooks.secret = secret

    @property
    def webhook_url(self) -> str | None:
        """Where deliveries go; None: they fail at once and stay in the log."""
        return self._hooks.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self._hooks.url = url

    @property
    def hooks(self) -> Hookshot:
        """The first App's webhook."""
        return self._hooks

    @property
    def deliveries_kept(self) -> timedelta:
        """For how long deliveries can be listed, read and sent again."""
        return self._hooks.keep

    @deliveries_kept.setter
    def deliveries_kept(self, keep: timedelta) -> None:
        self._hooks.keep = keep

    @property
    def faults(self) -> FaultBook:
        return self._server.faults

    @property
    def limits(self) -> RateLimit:
        return self._server.limits

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request of the REST API, oldest first."""
        return self._server.record.requests

    @property
    def unknown_requests(self) -> list[LoggedRequest]:
        return self._server.record.unknown

    @property
    def writes(self) -> list[LoggedRequest]:
        """The requests that ask for an effect on a repository."""
        return [entry for entry in self.requests if entry.is_write]

    @property
    def tokens(self) -> MappingProxyType[str, InstallationCaller]:
        """Token id (as in the request log) -> what the token may do; never the secret."""
        return MappingProxyType({made.token_id: made for made in self._auth.tokens.values()})

    def revoke_tokens(self) -> None:
        """Every installation token answers 401 from now on."""
        self._auth.revoke_all()

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery attempt, oldest first."""
        return self._hooks.log

    def clear_log(self) -> None:
        """Forget what was asked and delivered so far, and whom this GitHub asked to wait."""
        self.requests.clear()
        self.deliveries.clear()
        self._server.waiting.clear()

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a delivery again under its GUID; KeyError when it is not in the log."""
        return self._hooks.redeliver(delivery_id)

    def deliver_raw(self, event: str, payload: object, *, guid: str | None = None) -> Delivery:
        """Send any payload, signed (bytes as they are)."""
        return self._hooks.deliver(event, payload, guid=guid)

    def hold_webhooks(self, held: bool) -> None:
        """While held, deliveries of the first App wait for `release`."""
        self._hooks.holding = held

    def release(self, delivery_id: int) -> None:
        """Send a delivery that was held; KeyError when none such waits."""
        self._hooks.release(delivery_id)

    async def drain_webhooks(self) -> None:
        """Wait until no delivery is under way, to whichever App."""
        while any(hooks.busy for hooks in self._hooks_of.values()):
            for hooks in self._hooks_of.values():
                await hooks.drain()

    def add_app(self, slug: str, credentials: Credentials) -> Hookshot:
        """Another App with credentials of its own; returns what sends its deliveries (`app_id`, `url`, `log`)."""
        state = self.state
        bot = state.add_account(f"{slug}[bot]", "Bot", when=self.now())
        app = new_app(state.next_id(), slug, state.app.owner, bot)
        state.other_apps[app.id] = app
        self._auth.public_keys[app.id] = credentials.public_key()
        made = self._hooks_of[app.id] = Hookshot(app.id, credentials.webhook_secret, self.now)
        return made

    def act(self, name: str, arguments: Mapping[str, Any]) -> object:
        """Do one of the things that people do, by its name; KeyError when nobody can do that."""
        if name not in ACTIONS:
            raise KeyError(name)
        return getattr(self, name)(**arguments)

    def _tell(self, announcement: Announcement) -> None:
        self._hooks_of[announcement.app.id].send(announcement)
        if self.overhear is not None:
            self.overhear(announcement)

    def thread(self, repo: str, number: int) -> ThreadView:
        return view(self.state, repo, number)

    async def handle_rest(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the REST API."""
        return await self._server.handle(request)

    def _hook_links(self) -> Links:
        return Links(self.url + self.api_prefix, self.url)
