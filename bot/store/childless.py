"""Imports croniter, which the queue's library needs, without the child that croniter starts on import.

It asks `platform.architecture()`, which runs `file -b <python>` with our whole environment, secrets included, to learn
whether Python has 32 bits; that is known without. The packages that import the queue's library import this first.
"""

import platform
import struct
from typing import Final

_BITS: Final = f"{struct.calcsize('P') * 8}bit"


def _architecture(*_arguments: object, **_keywords: object) -> tuple[str, str]:
    return _BITS, ""


def _load() -> None:
    asked = platform.architecture
    platform.architecture = _architecture  # guard: no-child-on-import (16, 24): as asked
    try:
        import croniter  # type: ignore[import-untyped]  # noqa: F401, PLC0415
    finally:
        platform.architecture = asked


_load()
