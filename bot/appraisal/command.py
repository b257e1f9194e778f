"""Where the command `eval OWNER/REPO` gets its history, its configuration and its answers from."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dotenv import load_dotenv

from bot import bootstrap
from bot.appraisal.rehearsal import Ask, Tick
from bot.appraisal.run import Appraisal, Known, appraise, gathered
from bot.capabilities import REGISTRY
from bot.datasets import lines_of, text_of
from bot.domain.errors import AssistantError
from bot.domain.history.rows import Header, load
from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.domain.ports import Allowance, Model
from bot.domain.repo_config import ConfigSchema, RepoConfig
from bot.logs import configure_logs
from bot.prompting import load_prompts
from bot.runtime.learning import Learning, outcomes_by_kind
from bot.settings import load_settings
from bot.store.backfills import Backfills
from bot.store.database import Pool, migrate, open_pool
from bot.store.feedback import Feedbacks
from bot.store.history import History
from bot.store.learned import Learned

_PROMPT: Final = "triage"
_PATIENCE: Final = 300.0


def appraisal(name: str, source: Path | None, config: Path | None, tick: Tick, *, ask: bool) -> Appraisal:
    """Raises AssistantError in one sentence where something is missing."""
    if bool(name) == bool(source):
        raise AssistantError("name either OWNER/REPO or a file with --from.")
    load_dotenv(Path(".env"))
    checked = configuration(config)
    found = _from_file(source) if source else None
    if found and not ask:
        return _appraise(found, checked, tick)
    return asyncio.run(_with_services(name, found, checked, tick, ask=ask))


def _appraise(known: Known, config: RepoConfig, tick: Tick, ask: Ask | None = None) -> Appraisal:
    return appraise(known, config, tick, prompt=load_prompts()[_PROMPT], ask=ask)


def configuration(file: Path | None) -> RepoConfig:
    """The checked file, or what holds without one."""
    schema = ConfigSchema(tuple(one.manifest for one in REGISTRY))
    if file is None:
        return schema.default()
    parsed = schema.parse(text_of(file))
    if not isinstance(parsed, RepoConfig):
        raise AssistantError(f"{file}: {parsed[0]}.")
    return parsed


def _from_file(file: Path) -> Known:
    rows = [load(line, number) for number, line in enumerate(lines_of(file), 1) if line.strip()]
    if not rows or not isinstance(rows[0], Header):
        raise AssistantError(f"{file} does not begin with the line that names its repository.")
    return Known(rows[0].full_name, gathered(rows))


async def _with_services(name: str, found: Known | None, config: RepoConfig, tick: Tick, *, ask: bool) -> Appraisal:
    """With the database, and with the model if it is to be asked."""
    settings = load_settings()
    configure_logs("warning", settings.log_format, settings.secrets)
    async with bootstrap.database(settings) as url:
        await migrate(url)
        async with open_pool(url, size=4) as pool:
            known = found or await stored(pool, name)
            if not ask:
                return await asyncio.to_thread(_appraise, known, config, tick)
            async with bootstrap.model(settings, pool, answers=Anew()) as model:
                asking = _asking(model, known.name, asyncio.get_running_loop())
                return await asyncio.to_thread(_appraise, known, config, tick, asking)


async def stored(pool: Pool, name: str) -> Known:
    """What the database knows of the repository; raises AssistantError where that is nothing."""
    found = await Backfills(pool).find(name)
    if found is None:
        raise AssistantError(f"nothing is known of the history of {name}; `backfill {name}` reads it.")
    history, feedback = History(pool), Feedbacks(pool)
    said = await feedback.words(found[0])
    settled = await Learning(Learned(pool), history, feedback).settled(found[0], datetime.now(UTC))
    past = [(item, tuple(changes)) async for item, changes in history.items(found[0])]
    return Known(found[1], past, said, outcomes_by_kind(settled))


class Anew:
    """No answer is remembered: one that was given before would seem to cost nothing."""

    async def find(self, keys: Sequence[str]) -> ModelAnswer | None:
        return None

    async def keep(self, key: str, scope: str, answer: ModelAnswer) -> None:
        return None


def _asking(model: Model, scope: str, loop: asyncio.AbstractEventLoop) -> Ask:
    """Asks from the thread that decides, on a budget of its own. The texts may be a private repository's: they are
    treated so."""

    def ask(request: ModelRequest) -> ModelAnswer | NoAnswer:
        coming = model.answer(request, private=True, scope=f"appraisal of {scope}", allowance=Allowance())
        return asyncio.run_coroutine_threadsafe(coming, loop).result(_PATIENCE)

    return ask
