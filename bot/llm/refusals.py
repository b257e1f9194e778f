"""What an endpoint's error means, from its status and its body: servers word the same error in many ways."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from bot.llm.faults import Fault, ModelFault

_LONGEST: Final = 8_000
_LONGEST_WAIT: Final = 3_600.0
# What servers answer to a response format that they do not take; one of them says 500.
_FORMAT_STATUSES: Final = (400, 404, 415, 422, 500, 501)
_FORMAT: Final = re.compile(
    r"response.?format|json.?schema|json.?object|structured.?output|grammar|\btools?\b|tool.?choice"
)
# OpenAI, vLLM: context_length_exceeded, "maximum context length is"; llama.cpp: exceed_context_size_error;
# llama-cpp-python: "exceed context window of"; LM Studio: "context length of only", "Context size has been exceeded".
_CONTEXT: Final = re.compile(
    r"context_length_exceeded|exceed_context_size|context (?:length|size|window)|n_ctx|prompt is too long"
    r"|too many tokens"
)
_SIZE: Final = re.compile(
    r"(?:n_ctx\W{1,4}|context (?:length|size|window)(?: (?:is|of|of only|limit is))? ?\(?|maximum of )(\d{3,8})\b"
)
_SENT: Final = re.compile(r"(?:n_prompt_tokens\W{1,4}|resulted in |requested (?:tokens )?\(?|request \()(\d{2,9})\b")
_MODEL: Final = re.compile(
    r"model_not_found|model [\"'`]?[^\s\"'`]{1,120}[\"'`]? (?:not found|does not exist|is not)"
    r"|(?:unknown|invalid|no such) model|model (?:not found|does not exist)"
    # Azure; OpenRouter; Gemini.
    r"|deploymentnotfound|is not a valid model|models/[^\s\"'`]{1,120} is not found"
)
# Gemini and LiteLLM say 400 to a wrong key; the latter, without a database of its own, that it has none in which to
# look the key up.
_KEY: Final = re.compile(
    r"invalid.{0,12}api.?key|incorrect api.?key|api.?key not valid|authentication.?error|invalid.{0,12}\btoken\b"
    r"|no_db_connection"
)
# Azure filters prompts as well.
_FILTER: Final = re.compile(r"content_filter|content management policy|responsibleaipolicy")
_CREDIT: Final = re.compile(
    r"insufficient_quota|insufficient.{0,20}(?:credit|balance|quota)|exceeded your current quota"
)
# Reasoning models refuse the first, which also counts their reasoning, and the second; older servers the others.
PARAMETERS: Final = ("max_tokens", "temperature", "stream_options", "stream")


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> ModelFault:
    """What an HTTP error is; pure. The body's words are looked at and dropped."""
    text = body[:_LONGEST].decode("utf-8", "replace").lower().replace('\\"', '"')
    if 300 <= status < 400:
        return ModelFault(Fault.REDIRECT, status=status)
    if is_page(body, headers) and status < 500:
        return ModelFault(Fault.WRONG_URL if status == 404 else Fault.HTML, status=status)
    return _of_account(status, text, headers) or _of_prompt(status, text, body) or _other(status, text, headers)


def _of_account(status: int, text: str, headers: Mapping[str, str]) -> ModelFault | None:
    """Who asks, and how often."""
    if status in (401, 403) or (status == 400 and _KEY.search(text)):
        return ModelFault(Fault.WRONG_KEY, status=status)
    if status == 402 or (status in (400, 429) and _CREDIT.search(text)):
        return ModelFault(Fault.NO_CREDIT, status=status)
    if status == 429:
        return ModelFault(Fault.RATE_LIMITED, status=status, retry_after=_wait(headers))
    return None


def _of_prompt(status: int, text: str, body: bytes) -> ModelFault | None:
    """What is asked: its words, its length, its parameters."""
    if status == 400 and _FILTER.search(text):
        return ModelFault(Fault.FILTERED, status=status)
    if status in (400, 413, 422, 500) and _CONTEXT.search(text):
        size, sent = _number(_SIZE, text), _number(_SENT, text)
        return ModelFault(Fault.CONTEXT_TOO_LONG, status=status, context=size, sent=sent)
    parameter = _parameter(body, text) if status in (400, 422) else ""
    return ModelFault(Fault.PARAMETER_REFUSED, status=status, parameter=parameter) if parameter else None


def _other(status: int, text: str, headers: Mapping[str, str]) -> ModelFault:
    speaks = _FORMAT.search(text) is not None
    if status in (400, 404, 422) and _MODEL.search(text) and not speaks:
        return ModelFault(Fault.WRONG_MODEL, status=status)
    if status == 404 and not speaks:
        return ModelFault(Fault.WRONG_URL, status=status)
    if status in _FORMAT_STATUSES:
        return ModelFault(Fault.FORMAT_REFUSED, status=status, certain=speaks and status < 500)
    if status >= 500 or status in (408, 409, 425):
        return ModelFault(Fault.SERVER_ERROR, status=status, retry_after=_wait(headers))
    return ModelFault(Fault.REFUSED, status=status)


def is_page(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether an answer is a web page; header names are in lower case."""
    kind = headers.get("content-type", "").lower()
    return "text/html" in kind or body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))


def _parameter(body: bytes, text: str) -> str:
    """The parameter of ours that the endpoint does not take, as the error's `param` or its message names it."""
    error = _error(body)
    named = error.get("param")
    if named in PARAMETERS:
        return str(named)
    if _FORMAT.search(text) or not re.search(r"unsupported|unrecognized|unknown|not supported|extra|unexpected", text):
        return ""
    return next((one for one in ("stream_options", *PARAMETERS) if re.search(rf"[\"'`]{one}[\"'`]", text)), "")


def _error(body: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = data.get("error", data) if isinstance(data, dict) else {}
    return error if isinstance(error, dict) else {}


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds of Retry-After; dates and nonsense are 0."""
    given = headers.get("retry-after", "").strip()
    return min(float(given), _LONGEST_WAIT) if given.isascii() and given.isdigit() and len(given) < 9 else 0.0
