"""The configuration that holds for a repository now."""

from dataclasses import dataclass

import structlog

from bot.domain.repo_config import PATH, ConfigSchema, RepoConfig
from bot.github.errors import Absent, Forbidden
from bot.github.reader import Reader
from bot.store.threads import Threads

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Loaded:
    """`mistakes` are those of a broken file that nobody was told of yet."""

    config: RepoConfig
    mistakes: tuple[str, ...] = ()


async def load_configuration(reader: Reader, schema: ConfigSchema, threads: Threads) -> Loaded:
    """The file on the default branch over the organisation's over the defaults; the last good one if it is broken."""
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
    untold = await threads.notice_configuration(repository.id, text)
    good = await threads.good_configuration(repository.id)
    return Loaded(_parsed(schema, good or "", organisation), mistakes if untold else ())


async def _own_text(reader: Reader) -> str | None:
    try:
        return await reader.text(PATH, await reader.head_of_default_branch())
    except (Absent, Forbidden):
        # An empty repository has no commit, and contents may be closed to us: the defaults hold.
        return None


def _parsed(schema: ConfigSchema, text: str, organisation: str | None) -> RepoConfig:
    parsed = schema.parse(text, under=organisation)
    return parsed if isinstance(parsed, RepoConfig) else schema.default()
