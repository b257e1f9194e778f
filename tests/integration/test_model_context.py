"""A prompt that is longer than a context: what is learned, what is cut."""

from dataclasses import replace
from typing import Final

import pytest

from bot.domain.plan import ModelAnswer, ModelRequest, NoAnswer
from bot.llm.faults import Fault
from tests.support.asking import GOOD, asking, counted, endpoint
from tests.support.model_modes import Api, honest
from tests.support.stand_in_model import (
    saying,
    stand_in,
)

LONG: Final = ModelRequest("sort", {"title": "It broke on Monday", "body": "The export stops. " * 400})


async def test_a_context_that_the_endpoint_names_is_learned() -> None:
    api = Api(saying(GOOD), context=2_000)
    async with stand_in(api) as server, asking(endpoint(server.url, context=8_000)) as asker:
        found = await asker.ask(LONG)
        assert isinstance(found, ModelAnswer)
        assert found.cut == ("body",)
        assert asker.memory.known[asker.endpoints[0].key].context == 2_000
        assert api.paths.count("/v1/chat/completions") == 2
        assert "It broke on Monday" in server.asked[-1].said[1]
        later = await asker.ask(replace(LONG, inputs={**LONG.inputs, "title": "Again"}))
        assert isinstance(later, ModelAnswer)
        assert api.paths.count("/v1/chat/completions") == 3


# What servers say of a prompt of 7,400 tokens, and whether they say how many it had: then the next one fits.
IN_OTHER_WORDS: Final = {
    "OpenAI": (
        "This model's maximum context length is 2000 tokens. However, your messages resulted in 7400 tokens.", True
    ),
    "vLLM": (
        "This model's maximum context length is 2000 tokens. However, you requested 7400 tokens (7340 in the messages)",
        True,
    ),
    "llama-cpp-python": ("Requested tokens (7400) exceed context window of 2000", True),
    "LM Studio": ("The model was loaded with context length of only 2000 tokens", False),
}  # fmt: skip


@pytest.mark.parametrize(("words", "fits"), IN_OTHER_WORDS.values(), ids=IN_OTHER_WORDS)
async def test_a_context_in_other_words(words: str, fits: bool) -> None:
    api = Api(saying(GOOD), context=2_000, words=words)
    async with stand_in(api) as server, asking(endpoint(server.url, context=8_000)) as asker:
        assert isinstance(await asker.ask(LONG), ModelAnswer) is fits
        assert asker.memory.known[asker.endpoints[0].key].context == 2_000
    assert api.paths.count("/v1/chat/completions") == 2


async def test_a_context_that_nobody_names_is_guessed_for_this_time() -> None:
    api = Api(saying(GOOD), context=2_000, characters=2.5, words="the prompt is too long")
    async with stand_in(api) as server, asking(endpoint(server.url)) as asker:
        assert isinstance(await asker.ask(LONG), ModelAnswer)
        assert asker.memory.known[asker.endpoints[0].key].context is None
    assert api.paths.count("/v1/chat/completions") == 2


async def test_the_endpoint_s_own_tokenizer_counts() -> None:
    api = Api(saying(GOOD), context=2_000, tokenizer=True)
    async with stand_in(api) as server, asking(endpoint(server.url, context=2_000)) as asker:
        found = await asker.ask(LONG)
        assert isinstance(found, ModelAnswer)
        assert found.cut == ("body",)
    assert api.paths == ["/tokenize", "/v1/chat/completions"]


async def test_an_endpoint_without_a_tokenizer_is_asked_for_it_once() -> None:
    api = Api(honest(GOOD))
    async with stand_in(api) as server, asking(endpoint(server.url, context=1_500)) as asker:
        assert isinstance(await asker.ask(LONG), ModelAnswer)
        assert isinstance(await asker.ask(replace(LONG, inputs={**LONG.inputs, "title": "Again"})), ModelAnswer)
    assert api.paths.count("/tokenize") == 1


async def test_what_a_token_is_is_learned_from_usage() -> None:
    async with stand_in(honest(GOOD)) as server, asking(endpoint(server.url)) as asker:
        await asker.ask(LONG)
        known = asker.memory.known[asker.endpoints[0].key].chars_per_token
    assert known == pytest.approx(3.0, rel=0.02)


async def test_instructions_alone_may_be_too_much() -> None:
    before = counted("one", Fault.CONTEXT_TOO_SMALL)
    async with stand_in(saying(GOOD)) as server, asking(endpoint(server.url, context=256)) as asker:
        assert await asker.ask(LONG) == NoAnswer("the text does not fit in the model's context")
        assert "give it a larger one" in asker.details
    assert counted("one", Fault.CONTEXT_TOO_SMALL) == before + 1
    assert not any(one.request.path.endswith("completions") for one in server.asked)
