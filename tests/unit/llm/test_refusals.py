"""Errors as servers word them, and what they mean."""

import json
from typing import Any, Final

import pytest

from bot.llm.faults import PAID, PASSING, SETUP, Fault, ModelFault, explain
from bot.llm.refusals import refusal

JSON: Final = {"content-type": "application/json"}


def told(status: int, message: str, **more: object) -> ModelFault:
    return refusal(status, json.dumps({"error": {"message": message, **more}}).encode(), JSON)


WORDS: Final[dict[str, tuple[int, str, dict[str, Any], Fault]]] = {
    "OpenAI, key": (401, "Incorrect API key provided: sk-...", {"code": "invalid_api_key"}, Fault.WRONG_KEY),
    "OpenAI, model": (404, "The model `gpt` does not exist or you do not have access", {}, Fault.WRONG_MODEL),
    "OpenAI, credit": (429, "You exceeded your current quota", {"code": "insufficient_quota"}, Fault.NO_CREDIT),
    "OpenAI, context": (400, "too long", {"code": "context_length_exceeded"}, Fault.CONTEXT_TOO_LONG),
    "OpenAI, temperature": (400, "Unsupported value", {"param": "temperature"}, Fault.PARAMETER_REFUSED),
    "OpenAI, schema": (400, "Invalid schema for response_format 'x'", {}, Fault.FORMAT_REFUSED),
    "Ollama, model": (404, 'model "qwen3" not found, try pulling it first', {}, Fault.WRONG_MODEL),
    "vLLM, model": (404, "The model `x` does not exist.", {}, Fault.WRONG_MODEL),
    "vLLM, context": (400, "This model's maximum context length is 2048 tokens.", {}, Fault.CONTEXT_TOO_LONG),
    "vLLM, tools": (400, '"auto" tool choice requires --enable-auto-tool-choice', {}, Fault.FORMAT_REFUSED),
    "llama.cpp, path": (404, "File Not Found", {"type": "not_found_error"}, Fault.WRONG_URL),
    "llama.cpp, schema": (400, "JSON schema error at #: unrecognized type foo", {}, Fault.FORMAT_REFUSED),
    "llama.cpp, loading": (503, "Loading model", {"type": "unavailable_error"}, Fault.SERVER_ERROR),
    "llama-cpp-python, schema": (500, "Invalid grammar", {}, Fault.FORMAT_REFUSED),
    "ik_llama, context": (500, "the request exceeds the available context size", {}, Fault.CONTEXT_TOO_LONG),
    "LM Studio, json_object": (400, "'response_format.type' must be 'json_schema' or 'text'", {}, Fault.FORMAT_REFUSED),
    "LiteLLM, key": (400, "Authentication Error, Invalid proxy server token passed", {}, Fault.WRONG_KEY),
    "LiteLLM without a database, key": (400, "No connected db.", {"type": "no_db_connection"}, Fault.WRONG_KEY),
    "LiteLLM, model": (400, "Invalid model name passed in model=x", {}, Fault.WRONG_MODEL),
    "OpenRouter, credit": (402, "Insufficient credits", {}, Fault.NO_CREDIT),
    "OpenRouter, model": (400, "openrouter/foo is not a valid model ID", {}, Fault.WRONG_MODEL),
    "Azure, deployment": (404, "The API deployment does not exist.", {"code": "DeploymentNotFound"}, Fault.WRONG_MODEL),
    "Gemini, model": (404, "models/x is not found for API version v1main", {}, Fault.WRONG_MODEL),
    "Gemini, key": (400, "API key not valid. Please pass a valid API key.", {}, Fault.WRONG_KEY),
    "Mistral, extra": (422, "Extra inputs are not permitted: 'stream_options'", {}, Fault.PARAMETER_REFUSED),
    "Azure, filter": (400, "The response was filtered", {"code": "content_filter"}, Fault.FILTERED),
    "no words": (400, "Bad request", {}, Fault.FORMAT_REFUSED),
    "a gateway": (502, "Bad gateway", {}, Fault.SERVER_ERROR),
    "a teapot": (418, "short and stout", {}, Fault.REFUSED),
}


@pytest.mark.parametrize(("status", "message", "more", "fault"), WORDS.values(), ids=WORDS)
def test_words_of_servers(status: int, message: str, more: dict[str, Any], fault: Fault) -> None:
    assert told(status, message, **more).fault is fault


@pytest.mark.parametrize(
    ("status", "message", "certain"),
    [
        (400, "response_format is not supported", True),
        (404, "response_format is not supported", True),
        (500, "response_format is not supported", False),
        (400, "Bad request", False),
        (500, "Internal error", False),
    ],
)
def test_only_who_speaks_of_the_form_refuses_it_for_certain(status: int, message: str, certain: bool) -> None:
    assert told(status, message).certain is certain


SIZES: Final = {
    "llama.cpp": (
        '{"error":{"code":400,"message":"request (9019 tokens) exceeds the available context size (8192 tokens), try '
        'increasing it","type":"exceed_context_size_error","n_prompt_tokens":9019,"n_ctx":8192}}',
        (8192, 9019),
    ),
    "OpenAI": (
        '{"error":{"message":"This model\'s maximum context length is 4096 tokens. However, your messages resulted in '
        '5012 tokens.","code":"context_length_exceeded"}}',
        (4096, 5012),
    ),
    "vLLM": ("maximum context length is 2048 tokens. However, you requested 3060 tokens (3000 in the", (2048, 3060)),
    "llama-cpp-python": ("Requested tokens (2285) exceed context window of 2048", (2048, 2285)),
    "no numbers": ("the request exceeds the available context size. try increasing it", (0, 0)),
}  # fmt: skip


@pytest.mark.parametrize(("body", "sizes"), SIZES.values(), ids=SIZES)
def test_sizes_in_errors(body: str, sizes: tuple[int, int]) -> None:
    found = refusal(400, body.encode(), JSON)
    assert found.fault is Fault.CONTEXT_TOO_LONG
    assert (found.context, found.sent) == sizes


@pytest.mark.parametrize(
    ("given", "seconds"), [("7", 7.0), ("0", 0.0), ("999999", 3600.0), ("-1", 0.0), ("Wed, 21 Oct", 0.0), ("٣", 0.0)]
)
def test_how_long_to_wait(given: str, seconds: float) -> None:
    assert refusal(429, b"", {"retry-after": given}).retry_after == seconds


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[" * 100_000, b"null", b'{"error": 5}', b'{"error": null}', b"[]"]
)
@pytest.mark.parametrize("status", [301, 400, 401, 404, 418, 422, 429, 500, 503])
def test_no_body_raises(status: int, body: bytes) -> None:
    assert isinstance(refusal(status, body, {}), ModelFault)


@pytest.mark.parametrize("fault", list(Fault))
def test_each_fault_has_one_clear_sentence(fault: Fault) -> None:
    plain, numbered = explain(ModelFault(fault)), explain(ModelFault(fault, status=418))
    assert plain.endswith((".", "?"))
    assert len(plain) > 20
    assert "  " not in plain
    assert ". " not in plain
    assert "(HTTP 418)" in numbered


def test_what_to_do_about_the_usual_mistakes() -> None:
    assert "usually ends in /v1" in explain(ModelFault(Fault.WRONG_URL, status=404))
    assert "OPENAI_API_KEY" in explain(ModelFault(Fault.WRONG_KEY, status=401))
    assert "127.0.0.1, not at 0.0.0.0" in explain(ModelFault(Fault.FORBIDDEN_ADDRESS))
    assert "a smaller model, or a larger first_token_timeout" in explain(ModelFault(Fault.SLOW_FIRST_TOKEN))
    assert "a smaller model, or a larger timeout" in explain(ModelFault(Fault.SLOW_ANSWER))
    assert "check the model's name" in explain(ModelFault(Fault.WRONG_MODEL, status=404))


def test_faults_are_of_one_sort() -> None:
    assert not SETUP & PASSING
    assert PAID <= PASSING
