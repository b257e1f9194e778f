"""Where the command `eval OWNER/REPO` gets its history, its configuration and its answers from."""

import asyncio
from pathlib import Path
from typing import Final

from dotenv import load_dotenv

from bot import bootstrap
from bot.appraisal.rehearsal import Ask, Past, Tick
from bot.appraisal.run import Appraisal, appraise, gathered
from bot.capabilities import REGISTRY
from bot.domain.errors import AssistantError
from bot.domain.history.rows import Header, load
from bot.domain.plan import ModelAnswer, ModelRequest
from bot.domain.ports import Allowance, Model
from bot.domain.repo_config import ConfigSchema, RepoConfig
from bot.prompting import load_prompts
from bot.settings import load_settings
from bot.store.database import migrate, open_pool
from bot.store.history import History

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
        return appraise(*found, checked, tick, prompt=load_prompts()[_PROMPT])
    return asyncio.run(_with_services(name, found, checked, tick, ask=ask))


def configuration(file: Path | None) -> RepoConfig:
    """The checked file, or what holds without one."""
    schema = ConfigSchema(tuple(one.manifest for one in REGISTRY))
    if file is None:
        return schema.default()
    parsed = schema.parse(file.read_text("utf-8"))
    if not isinstance(parsed, RepoConfig):
        raise AssistantError(f"{file}: {parsed[0]}.")
    return parsed


def _from_file(file: Path) -> tuple[str, list[Past]]:
    with file.open(encoding="utf-8") as lines:
        rows = [load(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows or not isinstance(rows[0], Header):
        raise AssistantError(f"{file} does not begin with the line that names its repository.")
    return rows[0].full_name, gathered(rows)


async def _with_services(
    name: str, found: tuple[str, list[Past]] | None, config: RepoConfig, tick: Tick, *, ask: bool
) -> Appraisal:
    """With the database, and with the model if it is to be asked."""
    settings = load_settings()
    async with bootstrap.database(settings) as url:
        await migrate(url)
        async with open_pool(url, size=4) as pool:
            known = found or await _known(History(pool), name)
            prompt = load_prompts()[_PROMPT]
            if not ask:
                return await asyncio.to_thread(appraise, *known, config, tick, prompt=prompt)
            async with bootstrap.model(settings, pool) as model:
                asking = _asking(model, known[0], asyncio.get_running_loop())
                return await asyncio.to_thread(appraise, *known, config, tick, prompt=prompt, ask=asking)


async def _known(history: History, name: str) -> tuple[str, list[Past]]:
    found = await history.find(name)
    if found is None:
        raise AssistantError(f"nothing is known of the history of {name}; `backfill {name}` reads it.")
    return found[1], [(item, tuple(changes)) async for item, changes in history.items(found[0])]


def _asking(model: Model, scope: str, loop: asyncio.AbstractEventLoop) -> Ask:
    """Asks from the thread that decides. The texts may be a private repository's: they are treated so."""

    def ask(request: ModelRequest) -> ModelAnswer | None:
        coming = model.answer(request, private=True, scope=f"appraisal of {scope}", allowance=Allowance())
        answer = asyncio.run_coroutine_threadsafe(coming, loop).result(_PATIENCE)
        return answer if isinstance(answer, ModelAnswer) else None

    return ask
