"""Dense vectors of texts from an OpenAI-compatible endpoint; without them, likeness is learned from the texts alone."""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Any, Final

import structlog

from bot.domain.ports import Pay
from bot.endpoints import Endpoint, Privacy
from bot.llm.breaker import Breaker
from bot.llm.client import ModelClient
from bot.llm.completion import tokens_used
from bot.llm.faults import PAID, SETUP, Fault, ModelFault, explain
from bot.llm.fitting import estimate
from bot.logs import redact

log = structlog.get_logger()

LENGTHS: Final = (6_000, 2_000, 500)
"""So many characters of a text are sent: about what common models read, less where the endpoint refuses that."""
# An answer must fit into what the transport lets through.
_BATCH: Final = 8
_MOST_DIMENSIONS: Final = 4_096
# What servers answer to texts that are too long for them; llama.cpp says 500.
_TOO_LONG: Final = (400, 413, 422, 500)


class EmbeddingClient:
    """One endpoint and its embedding model. See `domain.ports.Embedder`. After some failures in a row it rests."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = ModelClient(endpoint)
        self._breaker = Breaker()
        self._fault = ""
        self._answered = False

    async def close(self) -> None:
        await self._client.close()

    def detail(self) -> str:
        """Whether it is well, or in one sentence why not."""
        name = f"embeddings {self._client.endpoint.name}"
        if self._fault:
            return f"{name}: {self._fault.removesuffix('.')}; likeness comes from words alone"
        return f"{name}: {'well' if self._answered else 'not asked yet'}"

    async def embed(
        self, texts: Sequence[str], *, private: bool, pay: Pay | None = None
    ) -> list[tuple[float, ...]] | None:
        """A vector of length 1 for each text, or None for all: half an answer would be compared with nothing.

        A caller who gives up waiting counts as a failure of the endpoint.
        """
        if private and self._client.endpoint.privacy is Privacy.NEVER:  # guard: private-embeddings (17)
            return None
        now = time.monotonic()
        if not self._breaker.admits(now):
            return None
        self._breaker = self._breaker.begun(now)
        try:
            found = await self._all(texts, private, pay)
        except asyncio.CancelledError:
            self._failed("it did not answer in time")
            raise
        except ModelFault as fault:
            self._ended(fault)
            return None
        except (ValueError, RecursionError) as error:
            self._failed(f"its answer is no list of vectors ({type(error).__name__})")
            return None
        self._breaker, self._fault, self._answered = self._breaker.succeeded(), "", True
        return found if len({len(one) for one in found}) <= 1 else None

    def _ended(self, fault: ModelFault) -> None:
        """What an endpoint may not be shown says nothing of how well it is."""
        if fault.fault is Fault.NOT_FOR_PRIVATE_TEXT:
            self._breaker = self._breaker.abandoned(time.monotonic())
        else:
            at_once = fault.fault in SETUP or fault.fault is Fault.RATE_LIMITED
            self._failed(explain(fault), at_once=at_once, rest=fault.retry_after)

    def _failed(self, reason: str, *, at_once: bool = False, rest: float = 0.0) -> None:
        self._breaker = self._breaker.failed(time.monotonic(), at_once=at_once, rest=rest)
        self._fault = reason
        log.warning("embeddings_unreachable", endpoint=self._client.endpoint.name, reason=reason)

    async def _all(self, texts: Sequence[str], private: bool, pay: Pay | None) -> list[tuple[float, ...]]:
        found: list[tuple[float, ...]] = []
        for start in range(0, len(texts), _BATCH):
            found += await self._batch(texts[start : start + _BATCH], private, pay)
        return found

    async def _batch(self, texts: Sequence[str], private: bool, pay: Pay | None) -> list[tuple[float, ...]]:
        """The vectors, of shorter and shorter beginnings of the texts where the endpoint refuses."""
        # Hidden before it is cut: half a token has no form to know it by.
        texts = [redact(one) for one in texts]  # guard: redacted-embeddings (16): without redact
        for length in LENGTHS:
            try:
                return await self._send([_sendable(one, length) for one in texts], private, pay or _nobody)
            except ModelFault as fault:
                if fault.status not in _TOO_LONG or length == LENGTHS[-1]:
                    raise
        raise AssertionError("the last length raises or returns")

    async def _send(self, texts: list[str], private: bool, pay: Pay) -> list[tuple[float, ...]]:
        endpoint = self._client.endpoint
        body = {"model": endpoint.model, "input": texts, "encoding_format": "float"}
        try:
            answer = await self._client.fetch(
                "POST", "embeddings", body=body, private=private, seconds=endpoint.timeout
            )  # fmt: skip
        except ModelFault as fault:
            if fault.fault in PAID:
                await pay(estimate(*texts))
            raise
        except asyncio.CancelledError:
            # Nobody waits any more; the endpoint may have worked all the same.
            await asyncio.shield(pay(estimate(*texts)))
            raise
        await pay(tokens_used(answer) or estimate(*texts))
        return read_embeddings(answer, len(texts))


async def _nobody(_tokens: int) -> None:
    """Nobody counts."""


def _sendable(text: str, length: int) -> str:
    """What a tokenizer takes: not nothing, no lone surrogates."""
    return text[:length].encode("utf-8", "replace").decode().strip() or "-"


def read_embeddings(answer: Any, count: int) -> list[tuple[float, ...]]:
    """The vectors of an answer in the order of the texts, each of length 1. Raises ValueError for anything else."""
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or len(rows) != count or not all(isinstance(one, dict) for one in rows):
        raise ValueError("not one vector for each text")
    found: dict[int, Any] = {}
    for at, one in enumerate(rows):
        place = one.get("index", at)
        if type(place) is not int or not 0 <= place < count or place in found:
            raise ValueError("the vectors' places are not those of the texts")
        found[place] = one.get("embedding")
    return [_unit(found[at]) for at in range(count)]


def _unit(vector: Any) -> tuple[float, ...]:
    if not isinstance(vector, list) or not 0 < len(vector) <= _MOST_DIMENSIONS:
        raise ValueError("not a vector")
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in vector):
        raise ValueError("not a vector of numbers")
    length = math.sqrt(math.fsum(one * one for one in vector))
    if not length:
        raise ValueError("a vector without direction")
    return tuple(one / length for one in vector)
