"""Structured logs with a redaction that knows our secrets and GitHub's token forms."""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Final

import structlog

# ghs_ followed by 36 letters and digits, or, since 2026, about 520 characters with dots, _ and -.
_TOKENS: Final = re.compile(
    r"(gh[pousr]_[A-Za-z0-9._-]{16,}|github_pat_[A-Za-z0-9_]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"\.[A-Za-z0-9_-]{10,}|sk-[A-Za-z0-9_-]{16,}|-----BEGIN[A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z ]*-----|\Z)"
    r"|postgres(?:ql)?://[^\s@]*@)",
    re.DOTALL,
)
_HIDDEN: Final = "[hidden]"
_LONGEST: Final = 2000

Processor = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without known secrets and without anything of the form of a token."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return _TOKENS.sub(_HIDDEN, text)


def redactor(secrets: tuple[str, ...]) -> Processor:
    """A structlog processor over every value of an event, exception texts included."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return redact(value, secrets)[:_LONGEST] if len(value) < 100_000 else f"({len(value)} characters)"
        if isinstance(value, bytes):
            return f"({len(value)} bytes)"
        if isinstance(value, list | tuple):
            return [clean(one) for one in value]
        if isinstance(value, dict):
            return {str(key): clean(one) for key, one in value.items()}
        return value if isinstance(value, bool | int | float | None) else clean(str(value))

    def process(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: clean(value) for key, value in event.items()}

    return process


def configure_logs(level: str, style: str, secrets: tuple[str, ...]) -> None:
    """Logs to standard error; libraries' warnings pass through the same redaction."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redactor(secrets),
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
