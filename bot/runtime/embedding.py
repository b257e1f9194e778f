"""Dense vectors from an endpoint, where one is configured and pgvector is there to keep them; else there are none."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.ports import Embedder, Spending
from bot.learning.anatomy import dense_text
from bot.learning.likeness import Dense
from bot.learning.stored import FetchedIndex, pack_numbers
from bot.llm.fitting import estimate
from bot.store.embeddings import Embeddings, Unembedded
from bot.store.profiles import Text, item_number

BATCH: Final = 32
LONGEST: Final = 6_000
"""Characters of a text that are sent at most; see `llm.embeddings`."""
_NO_LIMIT: Final = 2**62
PATIENCE: Final = 5.0
"""Seconds for which an event waits for a vector."""


@dataclass(frozen=True, slots=True)
class Budget:
    """About how many tokens of a repository may be embedded in a day: as many as its model may use, counted apart."""

    spending: Spending
    tokens_per_day: int


class Embedding:
    """Without an embedder it has nothing to say and to keep. `detail` tells how the embedder is."""

    def __init__(
        self, embedder: Embedder | None, kept: Embeddings, model: str, detail: Callable[[], str] | None = None,
        budget: Budget | None = None,
    ) -> None:  # fmt: skip
        self._embedder = embedder
        self._detail = detail
        self._budget = budget
        self._kept = kept
        self._model = model
        self._stuck = 0

    def details(self) -> tuple[str, ...]:
        """A line for /readyz, where there is something to tell."""
        return (self._detail(),) if self._detail else ()

    async def of_text(self, repository: int, text: Text, *, private: bool) -> Dense:
        """The vector of one text; empty where there is none to have soon: an event waits for it."""
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._embed(repository, [text], private=private)
        except TimeoutError:
            return ()
        return found[0] if found else ()

    async def dress(self, repository: int, index: FetchedIndex) -> FetchedIndex:
        """The candidates with the endpoint's vectors instead of latent ones, which are not comparable with them."""
        numbers = [item_number(one.id) for one in index.found]
        vectors = await self._kept.read(repository, self._model, numbers)
        found = (replace(one, dense=pack_numbers(vectors.get(item_number(one.id), ()))) for one in index.found)
        return FetchedIndex(tuple(found))

    async def keep(self, repository: int, number: int, vector: Dense) -> None:
        """The vector of an item that has a profile."""
        if vector:
            await self._kept.keep(repository, self._model, [(number, vector)])

    async def next(self) -> Unembedded | None:
        """A repository with items to embed; None where there is none, or nothing to embed them with."""
        if self._embedder is None or not await self._kept.available():
            return None
        return await self._kept.next(self._model, self._stuck)

    async def turn(self, repository: int, *, private: bool) -> int:
        """Embed a batch of items that have none of this model; returns of how many.

        A repository of which the endpoint takes nothing does not keep the others back.
        """
        texts = await self._kept.pending(repository, self._model, BATCH)
        found = await self._embed(repository, texts, private=private)
        if found:
            rows = [(text.number, vector) for text, vector in zip(texts, found, strict=True)]
            await self._kept.keep(repository, self._model, rows)
        else:
            self._stuck = repository
        return len(found)

    async def _embed(self, repository: int, texts: Sequence[Text], *, private: bool) -> Sequence[Dense]:
        if self._embedder is None or not texts or not await self._kept.available():
            return ()
        scope = f"embedding:{repository}"
        # guard: embedding-budgets (25)
        if self._budget and await self._budget.spending.spent(scope) >= self._budget.tokens_per_day:
            return ()
        sent = [dense_text(one.title, one.body) for one in texts]
        found = await self._embedder.embed(sent, private=private) or ()
        if self._budget and found:
            await self._budget.spending.spend(scope, estimate(*(one[:LONGEST] for one in sent)), _NO_LIMIT)
        return found
