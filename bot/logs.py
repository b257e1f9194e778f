"""Structured logs with a redaction that knows our secrets and GitHub's token forms."""

import base64
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import structlog

# ghs_ followed by 36 letters and digits, or, since 2026, about 520 characters with dots, _ and -.
_TOKENS: Final = re.compile(
    r"(gh[pousr]_[A-Za-z0-9._-]{16,}|github_pat_[A-Za-z0-9_]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"\.[A-Za-z0-9_-]{10,}|sk-[A-Za-z0-9_-]{16,}|-----BEGIN[A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z ]*-----|\Z)"
    r"|(?<=postgres://)[^\s/]*@|(?<=postgresql://)[^\s/]*@|(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{12,})",
    re.DOTALL,
)
_HIDDEN: Final = "[hidden]"
_LONGEST: Final = 2000
_DEEPEST: Final = 8
_SHORTEST: Final = 6

Processor = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without those secrets (longest first) and without anything of the form of a token."""
    return _hide(text, sorted(secrets, key=len, reverse=True))


def _hide(text: str, secrets: Sequence[str]) -> str:
    longest = len(text)
    for secret in secrets:
        # Most values are shorter than most secrets; asking that first makes a log line five times cheaper.
        if len(secret) <= longest:
            text = text.replace(secret, _HIDDEN)
    return _TOKENS.sub(_HIDDEN, text)  # guard: forms-of-tokens (16, 21): as text


def disguises(secrets: Iterable[str]) -> frozenset[str]:
    """The secrets and the forms in which they turn up: each line, escaped, quoted, base64, hex, reversed."""
    # guard: lines-of-keys (16): without *secret.split('\n')
    found = {form for secret in secrets for line in (secret, *secret.split("\n")) for form in _forms(line)}
    return frozenset(form for form in found if len(form) >= _SHORTEST)


def _forms(text: str) -> Iterator[str]:
    if len(text) < _SHORTEST or text.startswith("-----"):
        return
    raw = text.encode("utf-8", "replace")
    # guard: secrets-in-disguise (16): each
    yield from (text, text[::-1], json.dumps(text)[1:-1], quote(text), quote(text, safe=""))
    yield from (raw.hex(), raw.hex().upper())  # guard: secrets-in-hex (16): each
    for shift in range(3):
        # Inside something longer (`user:password`) the secret starts anywhere in a group of three bytes.
        start, end = (shift * 4 + 2) // 3, (shift + len(raw)) * 4 // 3
        yield base64.b64encode(bytes(shift) + raw).decode()[start:end]  # guard: secrets-in-base64 (16)
        yield base64.urlsafe_b64encode(bytes(shift) + raw).decode()[start:end]  # guard: secrets-in-addresses (16)


def redactor(secrets: tuple[str, ...]) -> Processor:
    """A structlog processor over every value of an event, exception texts included."""
    hidden = sorted(disguises(secrets), key=len, reverse=True)

    def clean(value: Any, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return "(too deep)"
        match value:
            case str():
                return _short(_hide(value, hidden)) if len(value) < 100_000 else f"({len(value)} characters)"
            case bytes() | bytearray() | memoryview():
                return f"({len(value)} bytes)"
            case list() | tuple() | set() | frozenset():
                return [clean(one, depth + 1) for one in value]
            case dict():
                return {clean(str(key), depth): clean(one, depth + 1) for key, one in value.items()}
            case bool() | int() | float() | None:
                return value
        return clean(str(value), depth + 1)

    def process(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: clean(value) for key, value in event.items()}

    return process


def _short(text: str) -> str:
    """A long text without its middle: a traceback says at its end what happened."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


def configure_logs(level: str, style: str, secrets: tuple[str, ...]) -> None:
    """Logs to standard error; libraries' warnings pass through the same redaction."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redactor(secrets),  # guard: redacted-logs (16, 21)
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
