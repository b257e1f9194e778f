"""From recorded decisions to effects; after a crash it starts again from the record."""

from bot.computing import computed
from bot.domain.actions import Review
from bot.domain.codec import decode_actions
from bot.domain.compose import Stage, compose, written
from bot.domain.events import Event
from bot.domain.facts import AppIdentity
from bot.domain.ports import Fence
from bot.domain.repo_config import ConfigSchema, RepoConfig
from bot.domain.text import RenderPolicy
from bot.github.client import GitHub
from bot.github.executor import Executor
from bot.runtime import messages
from bot.runtime.configuration import load_configuration
from bot.runtime.deciding import Decided
from bot.runtime.ledger import DeliveryLedger
from bot.runtime.services import Services
from bot.store.records import Subject


class Acting:
    """`order` is the order of the capabilities' sections in a comment."""

    def __init__(self, services: Services, schema: ConfigSchema, order: tuple[str, ...]) -> None:
        self._services = services
        self._schema = schema
        self._order = order

    async def act(
        self,
        event: Event,
        app: AppIdentity,
        github: GitHub,
        subject: Subject,
        fence: Fence,
        decided: Decided | None,
    ) -> str:
        """Carry out what was decided and let through; None: after a crash this starts again from the record."""
        records, threads = self._services.records, self._services.threads
        if decided is None:
            decided = await self._recorded(event, app, github)
        plans = [(name, decode_actions(plan)) for name, plan in decided.plans]
        if not any(plan for _name, plan in plans):
            return "nothing to do"
        key = await threads.marker_key()
        stage = Stage(
            repository=event.repository.id,
            number=event.number,
            reply_to=f"{event.kind.split('.', 1)[0]}-{event.comment.id}" if event.comment else "",
            policy=_policy(event, decided.config),
            marker_key=key,
            footer=messages.footer(),
            order=self._order,
        )
        reviews = any(isinstance(one, Review) for _name, plan in plans for one in plan)
        known = (
            await records.known_remarks(event.repository.id, event.number, event.delivery)
            if reviews
            else frozenset[str]()
        )
        effects = await computed(lambda: compose(plans, decided.thread, stage, known), written(plans, decided.thread))
        ledger = DeliveryLedger(records, threads, self._services.limits, subject, event.installation)
        await Executor(github, event, app, ledger, fence, key).run(effects, decided.sight)
        return f"done: {len(effects)} effects"

    async def _recorded(self, event: Event, app: AppIdentity, github: GitHub) -> Decided:
        """What was decided, under the configuration of today."""
        threads = self._services.threads
        thread, plans = await threads.planned(event.delivery, event.repository.id, event.number)
        reader = await self._services.reader(github, event, app)
        loaded = await load_configuration(reader, self._schema, threads)
        return Decided(loaded.config, thread, plans)


def _policy(event: Event, config: RepoConfig) -> RenderPolicy:
    url = event.repository.url
    return RenderPolicy(repository_url=url, owner_url=url.rsplit("/", 1)[0], link_prefixes=config.links.prefixes)
