"""The configuration that holds for a repository now."""

from dataclasses import dataclass

import structlog

from bot.domain.repo_config import PATH, ConfigSchema, RepoConfig
from bot.github.errors import Absent, Forbidden, Moved, Refused
from bot.github.reader import Reader
from bot.store.threads import Threads

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Loaded:
    """`mistakes` are those of a broken file that nobody was told of yet; `broken` is that file's text."""

    config: RepoConfig
    mistakes: tuple[str, ...] = ()
    broken: str = ""


async def load_configuration(reader: Reader, schema: ConfigSchema, threads: Threads) -> Loaded:
    """The file on the default branch over the organisation's over the defaults.

    Where the file is broken the last good one holds; without one, the defaults with the broken file's mode.
    """
    repository = reader.event.repository
    organisation = await reader.owner_text(PATH)
    text = await _own_text(reader)
    if text is None:
        return Loaded(_parsed(schema, "", organisation))
    mistakes = schema.mistakes(text)
    if not mistakes:
        await threads.keep_configuration(repository.id, text)
        return Loaded(_parsed(schema, text, organisation))
    log.warning("configuration_broken", mistakes=len(mistakes))
    good = await threads.good_configuration(repository.id)
    config = schema.salvaged(text, under=organisation) if good is None else _parsed(schema, good, organisation)
    if await threads.configuration_was_noticed(repository.id, text):
        return Loaded(config)
    return Loaded(config, mistakes, text)


async def _own_text(reader: Reader) -> str | None:
    try:
        return await reader.text(PATH, await reader.head_of_default_branch(), errors="replace")
    except (Absent, Forbidden, Refused, Moved):
        # An empty repository has no commit (409), a branch may be gone (422) or renamed, contents may be closed.
        return None


def _parsed(schema: ConfigSchema, text: str, organisation: str | None) -> RepoConfig:
    parsed = schema.parse(text, under=organisation)
    return parsed if isinstance(parsed, RepoConfig) else schema.default()
