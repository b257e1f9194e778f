"""Values that hold a secret do not show it: tracebacks, logs and debuggers print values."""

from typing import Any, Final, cast

from bot.domain.compose import Stage
from bot.domain.text import RenderPolicy
from bot.github.auth import Credentials
from bot.github.executor import Executor
from bot.sandbox.credentials import generate
from bot.settings import load_settings
from bot.store.queue import Queue

CANARY: Final = "canary-value"
NOTHING: Final = cast(Any, None)
POLICY: Final = RenderPolicy("https://github.com/o/r", "https://github.com/o")


def test_the_key_of_the_app_does_not_show() -> None:
    key = generate("unused").private_key
    shown = repr(Credentials(1, key))
    assert not any(line in shown for line in key.splitlines()[1:-1])


def test_the_address_of_the_database_does_not_show() -> None:
    assert CANARY not in repr(Queue(NOTHING, f"postgresql://u:{CANARY}@h/d"))


def test_the_address_of_the_database_does_not_show_among_the_settings() -> None:
    settings = load_settings({"DATABASE_URL": f"postgresql://u:{CANARY}@h/d"})
    assert settings.database_url is not None
    assert CANARY in settings.database_url
    assert CANARY not in repr(settings)


def test_the_key_of_the_markers_does_not_show() -> None:
    stage = Stage(1, 2, "", POLICY, CANARY.encode(), (), ())
    executor = Executor(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, CANARY.encode())
    assert CANARY not in repr(stage)
    assert CANARY not in repr(executor)
