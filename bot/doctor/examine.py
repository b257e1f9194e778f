"""All checks in their order."""

from collections.abc import Awaitable, Callable, Mapping

from bot.doctor import database, github, models
from bot.doctor.checks import Check, without_secrets
from bot.doctor.environment import EMBEDDINGS, MODEL, Environment

Told = Callable[[str], None]


async def examine(found: Environment, told: Told) -> tuple[Check, ...]:
    """What is configured is looked at, part by part; `told` hears which one is next. The checks hold no secret."""
    settings = found.settings
    parts: Mapping[str, Callable[[], Awaitable[list[Check]]]] = {
        "GitHub": lambda: github.look(settings),
        "the database": lambda: database.look(settings),
        "the models": lambda: models.look(settings.model, readable=MODEL not in found.unread),
        "the embeddings": lambda: models.look_at_embeddings(found.embedding, readable=EMBEDDINGS not in found.unread),
    }
    checks = list(found.checks)
    for name, look in parts.items():
        told(name)
        checks += await look()
    keys = tuple(one.api_key for one in found.embedding.endpoints if len(one.api_key) >= 6) if found.embedding else ()
    return without_secrets(checks, (*settings.secrets, *keys))
